"""Alembic's entry for the app: runs on the connection, and in the transaction, that `app.schema` hands in.

`alembic revision --autogenerate` compares with every `models` module of the rooms, and `clock`.
"""

import importlib
import pkgutil

from alembic import context

import app
from app.db import Base

for module in pkgutil.walk_packages(app.__path__, "app."):
    if module.name.endswith((".models", ".clock")):
        importlib.import_module(module.name)

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=False,
    compare_type=True,
)
context.run_migrations()
