"""One installation whose clock these tests move."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine

from app.config import database_url_of
from tests import stack as stacks
from tests.app.settlements.shop import Shop
from tests.stack import Stack


@pytest.fixture(scope="package")
def stack(
    engine: stacks.Engine, databases: stacks.Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """An installation of its own: its account's clock stands still until it is moved."""
    with stacks.running_stack(engine, databases, tmp_path_factory.mktemp("settlements")) as running:
        yield running


@pytest.fixture(scope="package")
def shop(stack: Stack) -> Iterator[Shop]:
    database = create_engine(database_url_of(stack.database_url))
    yield Shop(stack, database)
    database.dispose()
