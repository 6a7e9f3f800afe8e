"""What the tests of the stream share: a second dashboard, and operators at both."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

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


@pytest.fixture
def start_alone(engine: Engine, databases: Databases, tmp_path: Path) -> Iterator[Callable[..., Stack]]:
    """Start dashboards without gateway and worker: `start_alone(threads=10)`; they end with the test."""
    with contextlib.ExitStack() as ending:
        yield lambda **settings: ending.enter_context(dashboard_alone(engine, databases, tmp_path, **settings))
