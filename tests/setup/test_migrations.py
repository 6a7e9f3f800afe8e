"""The migrations lead to exactly the tables that the code declares, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine

from app.config import database_url_of
from app.db import make_engine
from app.models import Base
from app.schema import revision, upgrade
from tests import stack as stacks


@pytest.fixture
def database(engine: stacks.Engine, databases: stacks.Databases) -> Iterator[Engine]:
    """An empty database, opened as the app opens it."""
    opened = make_engine(database_url_of(databases.fresh(engine, "migrations")))
    yield opened
    opened.dispose()


def test_migrations_lead_to_the_declared_tables(database: Engine) -> None:
    assert revision(database).current is None
    upgrade(database)
    assert revision(database).is_newest
    with database.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        differences = compare_metadata(context, Base.metadata)
    assert differences == []


def test_revisions_are_numbered_and_follow_each_other() -> None:
    root = Path(__file__).resolve().parents[2] / "migrations"
    for folder in ("app", "gateway"):
        names = sorted(path.name for path in (root / folder / "versions").glob("[0-9]*.py"))
        assert [name[:5] for name in names] == [f"{number:04d}_" for number in range(1, len(names) + 1)]
        for number, name in enumerate(names, start=1):
            text = (root / folder / "versions" / name).read_text(encoding="utf-8").replace('"', "'")
            before = f"'{number - 1:04d}'" if number > 1 else "None"
            assert f"revision = '{number:04d}'" in text
            assert f"down_revision = {before}" in text
