"""What the tests of the stream share: a second dashboard, and operators at both."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.app.live.listening import another_dashboard
from tests.app.screens.visitor import Visitor
from tests.clients import OrderService
from tests.stack import Stack


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
