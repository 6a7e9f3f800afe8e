"""The migrations make what the tables in the code say, on both databases, however often and by however many at once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

import sandbox_gateway.gateway  # noqa: F401 - so that every room has put its tables into the metadata
from sandbox_gateway.config import load_config
from sandbox_gateway.migrate import head, migrations_folder
from sandbox_gateway.schema import metadata
from tests.gateway.client import Account
from tests.stack import Databases, Engine, Gateway, clean_environment


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


def downgrade(url: str, revision: str) -> None:
    settings = Config()
    settings.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
    settings.set_main_option("path_separator", "os")
    database = create_engine(url)
    with database.begin() as connection:
        settings.attributes["connection"] = connection
        command.downgrade(settings, revision)
    database.dispose()


def test_payments_of_the_first_version_go_on_after_the_upgrade(start_gateway: Callable[..., Gateway]) -> None:
    gateway = start_gateway()
    account = Account(gateway)
    account.freeze()
    cards = ("visa_processing_declined", "visa_challenge", "visa_stolen_card", "visa_success")
    before = {card: account.pay(card) for card in cards}
    gateway.stop()
    downgrade(gateway.database_url, "0001")
    gateway.start()

    after = {card: account.payment(paid["id"]) for card, paid in before.items()}
    for card in cards:
        assert {**after[card], "decline": None} == {**before[card], "decline": None}
    declined = after["visa_stolen_card"]["decline"]
    assert (declined["code"], declined["advice"]["retry"]) == ("stolen_card", "never")
    assert account.move("payments", before["visa_challenge"]["id"], "approve_challenge")["status"] == "authorized"
    account.clock(advance="PT10M")
    assert account.payment(before["visa_processing_declined"]["id"])["decline"]["code"] == "generic_decline"
    captured = account.act(before["visa_success"]["id"], "capture").json()
    assert (captured["status"], captured["amount_captured"]) == ("captured", 1999)
    account.close()
