"""Alembic's entry for the app: runs on the connection, and in the transaction, that `app.schema` hands in."""

from alembic import context

from app.models import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
context.run_migrations()
