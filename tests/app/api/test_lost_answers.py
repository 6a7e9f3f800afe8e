"""Answers of the gateway that are lost: every order ends right, none is charged twice, and an outage begins nothing."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from pathlib import Path
from typing import TypeVar

import pytest
import requests

from tests import stack as stacks
from tests.clients import GatewayAccount, Json, OrderService, both_agree
from tests.stack import Stack, until

ORDERS = 200
RULES_AT_MOST = 100
LOSSES: list[Json] = [
    {"type": "drop_after"},
    {"type": "drop_before"},
    {"type": "status", "status": 500, "at": "after"},
    {"type": "status", "status": 503, "at": "before"},
]
KNOWN = ("authorized", "declined", "paid", "partially_refunded", "refunded")
T = TypeVar("T")
CARDS = ("visa_success", "mastercard_success", "visa_success", "visa_insufficient_funds")


@pytest.fixture(scope="module")
def stack(
    engine: stacks.Engine, databases: stacks.Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """An installation whose client asks once, so that each lost answer is an unknown outcome."""
    with stacks.running_stack(
        engine, databases, tmp_path_factory.mktemp("lost"), gateway_tries=1, gateway_timeout_seconds=6
    ) as running:
        yield running


@pytest.fixture(scope="module")
def service(stack: Stack) -> OrderService:
    return OrderService(stack)


@pytest.fixture(scope="module")
def account(stack: Stack) -> GatewayAccount:
    return GatewayAccount(stack)


def each(orders: list[Json], act: Callable[[Json], T]) -> list[T]:
    """What `act` gives for every order, some of them at a time."""
    with ThreadPoolExecutor(6) as pool:
        return list(pool.map(act, orders))


def act_and_lose_the_answer(
    service: OrderService, account: GatewayAccount, orders: list[Json], operation: str, action: str, *bodies: Json
) -> list[Json]:
    """The orders once all is known, after an action on each whose answer was lost once; bodies take turns."""
    account.no_faults()
    body_of = dict(zip((order["id"] for order in orders), cycle(bodies), strict=False))
    loss_of = dict(zip((order["id"] for order in orders), cycle(LOSSES), strict=False))

    def act(order: Json) -> requests.Response:
        account.fault(loss_of[order["id"]], times=1, operation=operation, reference=order["reference"])
        return service.call("POST", f"/orders/{order['id']}/{action}", body_of[order["id"]])

    answers = each(orders, act)
    assert {answer.status_code for answer in answers} <= {200, 201}
    assert any("unknown" in answer.json()["status"] for answer in answers)
    settled = each(orders, lambda order: service.order_when(order, *KNOWN, within=90))
    struck = [rule["fired"] for rule in account.call("GET", "/_sandbox/faults")["data"]]
    assert struck == [1] * len(orders)
    return settled


@pytest.mark.rounds(5)
@pytest.mark.timeout(400)
def test_orders_whose_answers_are_all_lost_once_end_right_and_none_is_charged_twice(
    service: OrderService, account: GatewayAccount
) -> None:
    for wave in range(ORDERS // RULES_AT_MOST):
        numbers = range(wave * RULES_AT_MOST, (wave + 1) * RULES_AT_MOST)
        orders = [service.place(1000 + number) for number in numbers]
        cards = [{"test_card": card} for card in CARDS]
        tried = act_and_lose_the_answer(service, account, orders, "payment", "payments", *cards)
        held = [order for order in tried if order["status"] == "authorized"]
        refused = [order for order in tried if order["status"] == "declined"]
        assert (len(held), len(refused)) == (len(orders) * 3 // 4, len(orders) // 4)

        taken = act_and_lose_the_answer(service, account, held, "capture", "captures", {"amount": 900, "final": True})
        assert {(order["status"], order["amount_captured"]) for order in taken} == {("paid", 900)}
        given = act_and_lose_the_answer(service, account, taken, "refund", "refunds", {"amount": 100}, {})
        assert [order["amount_refunded"] for order in given] == [100, 900] * (len(given) // 2) + [100] * (
            len(given) % 2
        )
        for order, told in zip(refused + given, each(refused + given, account.payments), strict=True):
            assert len(told) == 1
            both_agree(order, told)


def test_nothing_else_is_done_to_an_order_whose_outcome_is_unknown(
    service: OrderService, account: GatewayAccount
) -> None:
    order = service.place()
    account.no_faults()
    rule = account.fault({"type": "drop_before"}, operation="payment", reference=order["reference"])
    lost = service.pay(order)
    assert (lost["status"], lost["gateway_id"]) == ("unknown", None)
    assert [(attempt["operation"], attempt["status"]) for attempt in lost["attempts"]] == [("authorize", "unknown")]
    unknown = service.order(order)
    assert (unknown["status"], unknown["allowed_actions"]) == ("payment_unknown", [])
    for action, body in (
        ("payments", {"test_card": "visa_success"}),
        ("captures", {}),
        ("refunds", {}),
        ("cancel", {}),
    ):
        answer = service.call("POST", f"/orders/{order['id']}/{action}", body)
        told = answer.json()
        assert (answer.status_code, told["current_status"], told["allowed_actions"]) == (409, "payment_unknown", [])
        assert told["code"] in {"operation_in_progress", "invalid_transition"}
    account.call("DELETE", f"/_sandbox/faults/{rule['id']}")
    settled = service.order_when(order, "authorized")
    both_agree(settled, account.payments(order))


def test_a_lost_answer_under_a_key_is_answered_with_the_same_act(
    service: OrderService, account: GatewayAccount
) -> None:
    order = service.place()
    account.no_faults()
    account.fault({"type": "drop_after"}, times=1, operation="payment", reference=order["reference"])
    path, body, key = f"/orders/{order['id']}/payments", {"test_card": "visa_success"}, {"Idempotency-Key": "lost"}
    first = service.call("POST", path, body, **key)
    service.order_when(order, "authorized")
    again = service.call("POST", path, body, **key)
    assert (again.content, again.headers["Idempotent-Replayed"]) == (first.content, "true")
    both_agree(service.order(order), account.payments(order))


@pytest.fixture
def outage(stack: Stack) -> Iterator[Callable[[], None]]:
    """The gateway stands still, answering nobody, until this is called or the test ends."""
    pids = [
        pid
        for pid in stacks.group_members(stack.process.pid)
        if b"sandbox_gateway" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]
    assert pids

    def send(signum: signal.Signals) -> None:
        for pid in pids:
            os.kill(pid, signum)

    send(signal.SIGSTOP)
    yield lambda: send(signal.SIGCONT)
    send(signal.SIGCONT)


def test_an_outage_of_the_gateway_begins_no_payment(service: OrderService, outage: Callable[[], None]) -> None:
    order = service.place()
    path, body, key = f"/orders/{order['id']}/payments", {"test_card": "visa_success"}, {"Idempotency-Key": "outage"}
    answer = service.call("POST", path, body, **key)
    assert (answer.status_code, answer.json()["code"]) == (503, "gateway_unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert service.order(order) == order

    outage()

    def paid() -> requests.Response | None:
        tried = service.call("POST", path, body, **key)
        return tried if tried.ok else None

    assert until(paid, what="the gateway to answer again").json()["status"] == "authorized"
    assert [payment["status"] for payment in service.order(order)["payments"]] == ["authorized"]


@pytest.mark.usefixtures("outage")
def test_what_needs_no_gateway_works_through_an_outage(service: OrderService) -> None:
    order = service.place()
    assert service.call("POST", f"/orders/{order['id']}/cancel", {}).json()["status"] == "canceled"
    assert service.order(order)["status"] == "canceled"
