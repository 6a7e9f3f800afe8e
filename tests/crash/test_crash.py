"""Killed at any instant, on either side: after a restart the money has moved once and both sides agree."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pytest
import requests

from tests import stack as stacks
from tests.clients import GatewayAccount, OrderService, both_agree

APP_INSTANTS = ("before_call", "after_answer", "after_commit")
GATEWAY_INSTANTS = ("before_commit", "after_commit")
OPERATIONS = {"authorize": ("payment", "authorized"), "capture": ("capture", "paid"), "refund": ("refund", "refunded")}
"""Ours, the gateway's name for it, and what the order is once it is done."""

CASES = [
    *((f"crash_at={ours}.{instant}", ours) for ours in OPERATIONS for instant in APP_INSTANTS),
    *(
        (f"gateway_crash_at={theirs}.{instant}", ours)
        for ours, (theirs, _) in OPERATIONS.items()
        for instant in GATEWAY_INSTANTS
    ),
]


@pytest.fixture(scope="module")
def stack(
    engine: stacks.Engine, databases: stacks.Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[stacks.Stack]:
    """One installation, killed and started again by every test here."""
    with stacks.running_stack(
        engine, databases, tmp_path_factory.mktemp("crash"), gateway_timeout_seconds=0.75
    ) as running:
        yield running


@pytest.mark.rounds(3)
@pytest.mark.parametrize(("setting", "operation"), CASES)
def test_a_kill_at_this_instant_moves_money_once(stack: stacks.Stack, setting: str, operation: str) -> None:
    name, _, instant = setting.partition("=")
    stack.kill()
    stack.start(**{name: instant})
    service = OrderService(stack)
    order = service.place()
    if operation != "authorize":
        service.pay(order, capture=operation == "refund")

    with suppress(requests.ConnectionError):
        if operation == "authorize":
            service.call("POST", f"/orders/{order['id']}/payments", {"test_card": "visa_success"})
        else:
            service.call("POST", f"/orders/{order['id']}/{operation}s", {})
    stack.process.wait(within=20)
    stack.kill()

    stack.start()
    settled = service.order_when(order, OPERATIONS[operation][1], within=40)
    told = GatewayAccount(stack).payments(order)
    assert len(told) == 1
    both_agree(settled, told)
