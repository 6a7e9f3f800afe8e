"""Killed at any instant, on either side: after a restart the money has moved once and both sides agree."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pytest
import requests

from tests import stack as stacks
from tests.clients import GatewayAccount, OrderService, both_agree

OPERATIONS = (
    ("authorize", "payment", "awaiting_payment"),
    ("capture", "capture", "authorized"),
    ("refund", "refund", "paid"),
)
"""Ours, the gateway's name for it, and what the order must be before it is asked for."""

INSTANTS = (
    ("app", "before_call"),
    ("app", "after_answer"),
    ("app", "after_commit"),
    ("gateway", "before_commit"),
    ("gateway", "after_commit"),
)


def setting_for(point: tuple[str, str], operation: tuple[str, str, str]) -> dict[str, object]:
    """What has the process group killed at this instant of this operation."""
    (side, instant), (ours, theirs, _) = point, operation
    return {"crash_at": f"{ours}.{instant}"} if side == "app" else {"gateway_crash_at": f"{theirs}.{instant}"}


class Doomed:
    """One installation, killed and started again by every test here, and what it was started to be killed at."""

    def __init__(self, stack: stacks.Stack) -> None:
        self.stack = stack
        self._armed: dict[str, object] = {}

    def arm(self, setting: dict[str, object]) -> None:
        """Have it run with this setting. The start also repairs what the kill before has left."""
        if self._armed != setting:
            self.stack.kill()
            self.stack.start(**setting)
            self._armed = setting

    def wait_for_the_kill(self) -> None:
        self.stack.process.wait(within=20)
        self._armed = {"crash_at": None}


@pytest.fixture(scope="module")
def doomed(
    engine: stacks.Engine, databases: stacks.Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Doomed]:
    """The installation of this file."""
    folder = tmp_path_factory.mktemp("crash")
    with stacks.running_stack(engine, databases, folder, gateway_timeout_seconds=0.75) as running:
        yield Doomed(running)


@pytest.mark.rounds(3)
@pytest.mark.timeout(240)
@pytest.mark.parametrize("point", INSTANTS, ids="-".join)
def test_a_kill_at_this_instant_of_each_operation_moves_money_once(doomed: Doomed, point: tuple[str, str]) -> None:
    service = OrderService(doomed.stack)
    order = service.place()
    for operation in OPERATIONS:
        ours, _, before = operation
        doomed.arm(setting_for(point, operation))
        service.order_when(order, before, within=40)

        with suppress(requests.ConnectionError):
            if ours == "authorize":
                service.call("POST", f"/orders/{order['id']}/payments", {"test_card": "visa_success"})
            else:
                service.call("POST", f"/orders/{order['id']}/{ours}s", {})
        doomed.wait_for_the_kill()

    # It comes back with the next test's first instant armed, which nothing passes that is looked at here.
    following = INSTANTS[(INSTANTS.index(point) + 1) % len(INSTANTS)]
    doomed.arm(setting_for(following, OPERATIONS[0]))
    settled = service.order_when(order, "refunded", within=40)
    told = GatewayAccount(doomed.stack).payments(order)
    assert len(told) == 1
    assert (len(told[0]["captures"]), len(told[0]["refunds"])) == (1, 1)
    both_agree(settled, told)
