"""A database of the ledger's tests, in this process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app import (
    db,
    models,  # noqa: F401 - every table, so that each foreign key finds its own
)
from app.config import database_url_of
from app.merchants.queries import all_merchants, ensure_default_merchant
from app.schema import upgrade
from tests import stack as stacks


@pytest.fixture(scope="module")
def books(engine: stacks.Engine, databases: stacks.Databases) -> Iterator[str]:
    """The id of the one merchant of a new database that every test of the module adds to."""
    connected = db.connect(database_url_of(databases.fresh(engine, "ledger")))
    upgrade(connected)
    with db.transaction() as session:
        ensure_default_merchant(session)
    with db.reading() as session:
        merchant = all_merchants(session)[0].id
    yield merchant
    connected.dispose()
