"""What the tests of risk share: an administrator at the desk, an order service, the gateway's own word."""

from __future__ import annotations

import pytest

from tests.app.risk.desk import RiskDesk
from tests.app.screens.conftest import account, service, visitor
from tests.app.screens.visitor import Visitor

__all__ = ["account", "service", "visitor"]


@pytest.fixture(scope="session")
def desk(visitor: Visitor) -> RiskDesk:
    """Whoever manages risk."""
    return RiskDesk(visitor)
