"""The migrations make what the tables in the code say, on both databases, however often and by however many at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

import sandbox_gateway.web  # noqa: F401 - so that every room has put its tables into the metadata
from sandbox_gateway.config import load_config
from sandbox_gateway.migrate import head
from sandbox_gateway.schema import metadata
from tests.stack import Databases, Engine, clean_environment


def migrating(url: str, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "sandbox_gateway", "migrate", "--database-url", url, "--data", str(folder)],
        env=clean_environment(),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def migrate(url: str, folder: Path) -> str:
    with migrating(url, folder) as process:
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 0, said
    return said


@pytest.fixture
def url(engine: Engine, databases: Databases) -> str:
    return databases.fresh(engine, "migrations")


def test_the_migrations_make_exactly_the_tables_of_the_code(url: str, tmp_path: Path) -> None:
    migrate(url, tmp_path)
    config = load_config({"database_url": url, "data": str(tmp_path)}, {})
    database = create_engine(config.database_url)
    with database.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []
    database.dispose()


def test_a_second_migration_finds_nothing_to_do(url: str, tmp_path: Path) -> None:
    assert migrate(url, tmp_path) == f"gateway database brought from empty to {head()}\n"
    assert migrate(url, tmp_path) == f"gateway database is at {head()}, the newest revision\n"


def test_processes_that_migrate_at_once_do_it_once(url: str, tmp_path: Path) -> None:
    together = [migrating(url, tmp_path) for _ in range(3)]
    said = [process.communicate(timeout=60)[0] for process in together]
    assert [process.returncode for process in together] == [0, 0, 0], said
    assert migrate(url, tmp_path) == f"gateway database is at {head()}, the newest revision\n"
