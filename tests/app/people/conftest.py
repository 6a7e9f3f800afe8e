"""What the tests of people share."""

from __future__ import annotations

import pytest

from tests.app.screens.visitor import Visitor
from tests.clients import OrderService
from tests.stack import Stack


@pytest.fixture(scope="session")
def admin(stack: Stack) -> Visitor:
    """Whoever has the terminal, as an admin."""
    return Visitor(stack)


@pytest.fixture(scope="session")
def service(stack: Stack) -> OrderService:
    """An order service with an operator's token."""
    return OrderService(stack)
