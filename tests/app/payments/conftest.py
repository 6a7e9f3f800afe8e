"""One installation for this folder, whose client asks once, so that each lost answer is an unknown outcome."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import stack as stacks
from tests.app.payments.desk import Desk
from tests.app.screens.visitor import Visitor
from tests.clients import GatewayAccount, OrderService
from tests.stack import Stack


@pytest.fixture(scope="package")
def stack(
    engine: stacks.Engine, databases: stacks.Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """Its clock is moved by days, which holds and keys end by; so a test makes what it needs."""
    with stacks.running_stack(
        engine, databases, tmp_path_factory.mktemp("payments"), gateway_tries=1, gateway_timeout_seconds=4
    ) as running:
        yield running


@pytest.fixture(scope="package")
def desk(stack: Stack) -> Desk:
    return Desk(stack, OrderService(stack), GatewayAccount(stack), Visitor(stack))


@pytest.fixture(autouse=True)
def _no_faults(desk: Desk) -> Iterator[None]:
    """What a test broke is whole again after it: answers come, and nothing is held back because many were lost."""
    yield
    struck = any(rule["fired"] for rule in desk.account.call("GET", "/_sandbox/faults")["data"])
    if struck:
        desk.mend()
    else:
        desk.account.no_faults()
