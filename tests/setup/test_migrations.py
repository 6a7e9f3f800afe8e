"""The migrations lead to exactly the tables that the code declares, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from app import work  # noqa: F401 - every kind of job
from app.config import database_url_of
from app.db import make_engine
from app.jobs import Job, enqueue
from app.jobs.queue import HANDLERS
from app.models import Base, Customer, ItemSeller, Merchant, Order
from app.schema import migrations_folder, revision, upgrade
from tests import stack as stacks

OLDEST_WAY_BACK = "0003"
"""The first three made the tables; from there on each revision can be taken back."""


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
    assert undeclared(database) == []


def undeclared(database: Engine) -> list[object]:
    """In what the database differs from the tables that the code declares."""
    with database.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        return list(compare_metadata(context, Base.metadata))


def step_back_to(database: Engine, number: str) -> None:
    """Bring the database back to an older revision."""
    config = Config()
    config.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    with database.execution_options(writes=True).begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, number)


def waiting(database: Engine) -> list[tuple[str, str, dict[str, object]]]:
    """All the work that waits."""
    with Session(database) as session:
        return [(job.kind, job.key, job.payload) for job in session.scalars(select(Job).order_by(Job.key))]


def test_work_that_waits_outlives_a_step_back_and_the_upgrade_after_it(database: Engine) -> None:
    upgrade(database)
    with Session(database.execution_options(writes=True)) as session, session.begin():
        for kind in HANDLERS:
            enqueue(session, kind, f"waits:{kind}", {"kept": [kind, 1, None, "ü"]})
    before = waiting(database)
    assert {kind for kind, _, _ in before} == set(HANDLERS)
    step_back_to(database, OLDEST_WAY_BACK)
    assert revision(database).current == OLDEST_WAY_BACK
    assert waiting(database) == before
    upgrade(database)
    assert waiting(database) == before
    assert undeclared(database) == []


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


def test_orders_that_stand_are_found_by_who_sells_an_item(database: Engine) -> None:
    upgrade(database)
    with Session(database.execution_options(writes=True)) as session, session.begin():
        now = datetime(2026, 3, 1, tzinfo=UTC)
        session.add_all(Merchant(id=f"mer_{name}", name=name, created_at=now) for name in "ab")
        session.add(Customer(id="cus_1", email_key="a@example.com", email="a@example.com", name="Ann", created_at=now))
        session.flush()
        sellers: list[list[str | None]] = [[], ["mer_b", None, "mer_b", "mer_a"], ["mer_a"]]
        for number, of_items in enumerate(sellers):
            session.add(
                Order(
                    id=f"ord_{number}",
                    merchant_id="mer_a",
                    reference=str(number),
                    amount_minor=100,
                    currency="EUR",
                    customer_id="cus_1",
                    customer_name="Ann",
                    customer_email="a@example.com",
                    customer_email_key="a@example.com",
                    items=[{"name": "It"} | ({"merchant": seller} if seller else {}) for seller in of_items],
                    capture_policy="manual",
                    context={},
                    details={},
                    created_at=now,
                    recorded_at=now,
                )
            )
    step_back_to(database, "0018")
    upgrade(database)
    with Session(database) as session:
        found = session.execute(select(ItemSeller.merchant_id, ItemSeller.order_id)).all()
    assert found == [("mer_b", "ord_1")]
