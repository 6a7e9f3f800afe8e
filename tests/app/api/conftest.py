"""What the tests of the API share: an order service's client, and the gateway's own word."""

from __future__ import annotations

import pytest

from tests.clients import GatewayAccount, OrderService
from tests.stack import Stack


@pytest.fixture(scope="session")
def service(stack: Stack) -> OrderService:
    """An order service with an operator's token, on the session's stack."""
    return OrderService(stack)


@pytest.fixture(scope="session")
def account(stack: Stack) -> GatewayAccount:
    """The gateway, on the account of the session's stack."""
    return GatewayAccount(stack)
