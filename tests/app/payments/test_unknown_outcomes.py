"""Answers that never come: what settles the outcome then, stage by stage, and on the wire whatever goes wrong there."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from tests.app.payments.desk import SETTLED_BY_LOOKING, Desk
from tests.clients import Json, both_agree

NEVER: Json = {"type": "drop_after"}
"""Done and stored, and nobody hears of it."""


@dataclass(frozen=True)
class Act:
    """Something asked of the gateway: of which order, by which of its operations, and where the order ends."""

    make: Callable[[Desk], Json]
    operation: str
    doing: str
    body: Json
    ends: str

    def ask(self, desk: Desk, order: Json) -> None:
        answer = desk.act(order, self.doing, **self.body)
        assert answer.status_code in (200, 201), answer.text


CARD: Json = {"test_card": "visa_success"}
ACTS = {
    "authorization": Act(lambda desk: desk.service.place(), "payment", "payments", CARD, "authorized"),
    "capture": Act(lambda desk: desk.held(), "capture", "captures", {"amount": 900, "final": True}, "paid"),
    "refund": Act(lambda desk: desk.paid(), "refund", "refunds", {"amount": 300}, "partially_refunded"),
    "void": Act(lambda desk: desk.held(), "void", "cancel", {"reason": "Ordered twice"}, "canceled"),
}  # fmt: skip
DEAF: Json = {"type": "webhook_drop"}
BLIND: Json = {"type": "drop_before"}
STAGES: dict[str, tuple[list[str], int | None, Json | None, list[str]]] = {
    "the same key": (["authorization", "capture", "refund", "void"], 1, None, []),
    "the gateway's list or the payment itself": (["authorization", "capture", "refund", "void"], None, DEAF, []),
    "events that were delivered": (["authorization", "capture", "void"], None, None, ["get", "list"]),
    "events that were never delivered": (["capture", "void"], None, DEAF, ["get"]),
}
"""What settles it: for which acts, how many answers are lost, what becomes of deliveries, what else is unanswered."""


@pytest.mark.parametrize("stage", STAGES)
def test_a_lost_answer_is_settled_by(desk: Desk, stage: str) -> None:
    names, times, deliveries, unanswered = STAGES[stage]
    orders = {name: ACTS[name].make(desk) for name in names}
    desk.account.call("POST", "/_sandbox/drain", {"timeout": 10})
    if deliveries is not None:
        desk.account.fault(deliveries)
    for name, order in orders.items():
        desk.account.fault(NEVER, times=times, operation=ACTS[name].operation, reference=order["reference"])
        if "get" in unanswered:
            desk.account.fault(BLIND, operation="get", reference=order["reference"])
    if "list" in unanswered:
        desk.account.fault(BLIND, operation="list")
    for name, order in orders.items():
        ACTS[name].ask(desk, order)
    for name, order in orders.items():
        desk.service.order_when(order, ACTS[name].ends, within=60)
    desk.account.no_faults()
    for name, order in orders.items():
        settled = desk.service.order(order)
        both_agree(settled, desk.account.payments(order))
        page = desk.visitor.read(desk.attempt_page(order)).text
        assert (SETTLED_BY_LOOKING in page) == (times is None), (name, page)


WIRE: dict[str, Json] = {
    "500 before it is done": {"type": "status", "status": 500},
    "500 after it is done": {"type": "status", "status": 500, "at": "after"},
    "429 with a pause": {"type": "status", "status": 429, "retry_after": 1},
    "a proxy's page, status 502": {"type": "malformed", "shape": "html"},
    "text that ends too soon": {"type": "malformed", "shape": "not_json"},
    "numbers that come as text": {"type": "malformed", "shape": "wrong_types"},
    "nothing at all": {"type": "malformed", "shape": "empty"},
    "half of the body": {"type": "truncated"},
    "one byte at a time": {"type": "slow_drip", "ms": 500, "bytes": 1},
    "an answer that comes too late": {"type": "latency", "ms": 6000},
    "a connection that stands still": {"type": "stall", "at": "after", "ms": 6000},
}


@pytest.mark.parametrize("name", ["authorization", "capture", "refund"])
def test_whatever_the_wire_does_is_unknown_at_first_and_right_in_the_end(desk: Desk, name: str) -> None:
    """Never a failure: the answer tells nothing, so nothing is concluded from it, and it is asked again."""
    act = ACTS[name]

    def live_through(effect: Json) -> tuple[Json, str]:
        order = desk.service.order(act.make(desk))
        desk.account.fault(effect, times=1, operation=act.operation, reference=order["reference"])
        act.ask(desk, order)
        return order, desk.service.order(order)["status"]

    with ThreadPoolExecutor(len(WIRE)) as pool:
        asked = dict(zip(WIRE, pool.map(live_through, WIRE.values()), strict=True))
    for how, (order, status) in asked.items():
        # an event may have told it by then; or it waits, for so many were lost that no more are sent
        assert status in ("payment_unknown", act.ends, order["status"]), how
        settled = desk.service.order_when(order, act.ends, within=60)
        assert len(account_keys(settled)) == len(settled["payments"][0]["attempts"]), how
        both_agree(settled, desk.account.payments(order))


def account_keys(order: Json) -> set[str]:
    """The idempotency keys under which the order's payment was worked on."""
    return {attempt["idempotency_key"] for attempt in order["payments"][0]["attempts"]}
