"""The way to the gateway is spoiled: slow, thin, silent, torn, sliced, cut short, gone. Money moves once even so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.app.faults.apart import Apart
from tests.app.screens.visitor import Visitor
from tests.clients import Json, both_agree
from tests.toxics import (
    Bandwidth,
    Down,
    Latency,
    LimitData,
    Proxy,
    ResetPeer,
    Rule,
    Slicer,
    SlowClose,
    Timeout,
    Toxic,
)

ENDLESS_SECONDS = 600
MANY = 40
"""More than the dashboard has threads."""

BORNE: dict[str, Callable[[], Toxic]] = {
    "latency, a little": lambda: Latency(0.2),
    "bandwidth, enough": lambda: Bandwidth(100_000),
    "slicer": lambda: Slicer(64),
    "slow_close": lambda: SlowClose(ENDLESS_SECONDS),
}
"""After these the answer is known at once."""
UNKNOWN: dict[str, Callable[[], Toxic]] = {
    "latency": lambda: Latency(ENDLESS_SECONDS),
    "bandwidth": lambda: Bandwidth(20),
    "timeout": Timeout,
    "reset_peer": ResetPeer,
    "limit_data in the head": lambda: LimitData(40),
    "limit_data in the body": lambda: LimitData(400),
}
"""After these whether it was done is not known: it was, where the answer was struck, and not, where the request was."""
UPSTREAM = {f"{name}, upstream": toxic for name, toxic in UNKNOWN.items() if name != "limit_data in the body"}
LOST = UNKNOWN | UPSTREAM


@pytest.fixture
def proxy(apart: Apart) -> Iterator[Proxy]:
    """The way to the gateway; whole again afterwards."""
    yield apart.proxy
    apart.proxy.heal()


def gateway_id(order: Json) -> str:
    """The gateway's id of the order's payment."""
    return str(order["payments"][0]["gateway_id"])


class Operation:
    """One of the three: which orders it is done to, how, what the wire carries then, and what comes of it."""

    def __init__(self, action: str, body: Json, path: str, before: str, after: str) -> None:
        self.action, self.body, self.path, self.before, self.after = action, body, path, before, after

    def order(self, apart: Apart) -> Json:
        if self.before == "awaiting_payment":
            return apart.service.place()
        return apart.authorized() if self.before == "authorized" else apart.paid()

    def strike(self, proxy: Proxy, order: Json, toxic: Toxic, *, upstream: bool = False) -> Rule:
        marks = [order["reference"]] if self.action == "payments" else [gateway_id(order)]
        return proxy.strike(self.path, *marks, toxic=toxic, stream="upstream" if upstream else "downstream")


CARD = {"test_card": "visa_success"}
OPERATIONS = {
    "authorize": Operation("payments", CARD, "POST /v1/payments ", "awaiting_payment", "authorized"),
    "capture": Operation("captures", {}, "/capture ", "authorized", "paid"),
    "refund": Operation("refunds", {"amount": 500}, "/refunds ", "paid", "partially_refunded"),
}


def calls(apart: Apart, order: Json, operation: Operation) -> list[tuple[str, str | None]]:
    """Key and error of each call on the gateway that this operation on the order made."""
    path = operation.path.removeprefix("POST ").strip()
    found = apart.rows(
        "SELECT idempotency_key, error FROM gateway_calls"
        " WHERE order_id = :order AND path LIKE :path AND method = 'POST' ORDER BY id",
        order=order["id"],
        path=f"%{path}",
    )
    return [(str(key), None if error is None else str(error)) for key, error in found]


@pytest.mark.parametrize("name", OPERATIONS)
def test_whatever_befalls_an_answer_each_operation_is_done_once(apart: Apart, proxy: Proxy, name: str) -> None:
    operation = OPERATIONS[name]
    toxics = BORNE | LOST
    with ThreadPoolExecutor(4) as pool:
        made = pool.map(lambda _: operation.order(apart), toxics)
        orders = dict(zip(toxics, made, strict=True))
    rules = {
        toxic: operation.strike(proxy, orders[toxic], make(), upstream=toxic in UPSTREAM)
        for toxic, make in toxics.items()
    }
    answers = apart.act_on_each(orders, operation.action, operation.body)
    assert {answer.status_code for answer in answers.values()} <= {200, 201}
    assert {toxic: rule.struck > 0 for toxic, rule in rules.items()} == dict.fromkeys(toxics, True)
    for toxic in BORNE:
        assert answers[toxic].json()["status"] == operation.after, toxic
        assert [error for _, error in calls(apart, orders[toxic], operation)] == [None], toxic
    assert any("unknown" in answers[toxic].json()["status"] for toxic in LOST)
    for toxic in LOST:
        assert calls(apart, orders[toxic], operation)[0][1] is not None, f"{toxic} was answered all the same"
    proxy.heal()
    for toxic, order in orders.items():
        ended = apart.service.order_when(order, operation.after, within=60)
        told = apart.account.payments(order)
        assert len(told) == 1, toxic
        assert len(told[0]["captures"]) == (name != "authorize"), toxic
        assert len(told[0]["refunds"]) == (name == "refund"), toxic
        assert len({key for key, _ in calls(apart, order, operation)}) == 1, toxic
        both_agree(ended, told)


def test_a_gateway_that_goes_down_under_way_leaves_unknown_what_was_asked_and_begins_nothing_new(
    apart: Apart, proxy: Proxy
) -> None:
    orders = {name: operation.order(apart) for name, operation in OPERATIONS.items()}
    later = apart.service.place()
    OPERATIONS["authorize"].strike(proxy, orders["authorize"], Down(), upstream=True)
    for name, operation in OPERATIONS.items():
        answer = apart.act(orders[name], operation.action, operation.body)
        assert "unknown" in answer.json()["status"], name
        assert apart.service.order(orders[name])["status"] == "payment_unknown", name
    refused = apart.act(later, "payments", CARD)
    assert (refused.status_code, refused.json()["code"]) == (503, "gateway_unavailable")
    assert apart.service.order(later) == later
    shown = Visitor(apart.stack, "viewer").read(f"/orders/{orders['capture']['id']}").text
    assert "The outcome is unknown" in shown
    proxy.heal()
    proxy.up()
    for name, operation in OPERATIONS.items():
        ended = apart.service.order_when(orders[name], operation.after, within=60)
        both_agree(ended, apart.account.payments(orders[name]))


def test_more_stalled_calls_than_there_are_threads_all_end_and_none_charges_twice(apart: Apart, proxy: Proxy) -> None:
    orders = [apart.service.place() for _ in range(MANY)]
    rule = proxy.strike("POST /v1/payments ", toxic=Timeout())
    with ThreadPoolExecutor(MANY) as pool:
        answers = list(pool.map(lambda order: apart.act(order, "payments", CARD), orders))
    assert {answer.status_code for answer in answers} == {201}
    assert rule.struck > 0
    proxy.heal()
    for order in orders:
        both_agree(apart.service.order_when(order, "authorized", within=90), apart.account.payments(order))
