"""What the tests of the customer's page share: an order service, the gateway's own word, an operator."""

from __future__ import annotations

import pytest

from tests.app.screens.visitor import Visitor
from tests.clients import GatewayAccount, OrderService
from tests.stack import Stack


@pytest.fixture(scope="session")
def service(stack: Stack) -> OrderService:
    """An order service that may place and pay orders."""
    return OrderService(stack)


@pytest.fixture(scope="session")
def account(stack: Stack) -> GatewayAccount:
    """The gateway, on the account of the session's stack."""
    return GatewayAccount(stack)


@pytest.fixture(scope="session")
def visitor(stack: Stack) -> Visitor:
    """An administrator at the desk."""
    return Visitor(stack)
