"""What the tests of the stream share: a second dashboard, and operators at both."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.app.live.listening import another_dashboard, dashboard_alone
from tests.app.screens.visitor import Visitor
from tests.clients import OrderService
from tests.stack import Databases, Engine, Stack


@pytest.fixture(scope="module")
def service(stack: Stack) -> OrderService:
    return OrderService(stack)


@pytest.fixture(scope="module")
def visitor(stack: Stack) -> Visitor:
    """An operator at the stack's own dashboard."""
    return Visitor(stack)


@pytest.fixture(scope="module")
def elsewhere(stack: Stack) -> Iterator[Visitor]:
    """An operator at another dashboard process on the same database."""
    with another_dashboard(stack) as address:
        yield Visitor(stack, url=address)


@pytest.fixture(scope="package")
def small(engine: Engine, databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A dashboard of ten threads, without gateway and worker: nothing happens there by itself."""
    with dashboard_alone(engine, databases, tmp_path_factory.mktemp("small"), threads=10) as stack:
        yield stack
