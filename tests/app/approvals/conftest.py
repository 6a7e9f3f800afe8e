"""What the tests of approvals share: the desk's people, each in a browser of their own, and an order service."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.app.screens.visitor import Visitor
from tests.clients import OrderService
from tests.stack import Stack


@pytest.fixture(scope="session")
def service(stack: Stack) -> OrderService:
    """An order service with an operator's token."""
    return OrderService(stack)


@pytest.fixture(scope="session")
def somebody(stack: Stack) -> Callable[[str], Visitor]:
    """A visitor of a role; the same one each time."""
    known: dict[str, Visitor] = {}

    def of_role(role: str) -> Visitor:
        if role not in known:
            known[role] = Visitor(stack, role)
        return known[role]

    return of_role
