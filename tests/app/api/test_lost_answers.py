"""Answers of the gateway that are lost: every order ends right, none is charged twice, and an outage begins nothing."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import TypeVar

import pytest
import requests

from tests import stack as stacks
from tests.clients import GatewayAccount, Json, OrderService, both_agree
from tests.stack import Stack, until

ORDERS = 100
"""As many as there can be rules at the gateway; ten such waves of their own seeds under `--soak`."""
LOSSES: list[Json] = [
    {"type": "drop_after"},
    {"type": "drop_before"},
    {"type": "status", "status": 500, "at": "after"},
    {"type": "status", "status": 503, "at": "before"},
]
KNOWN = ("authorized", "declined", "paid", "partially_refunded", "refunded")
S = TypeVar("S")
T = TypeVar("T")
HELD = (
    "visa_success",
    "visa_debit_success",
    "visa_frictionless",
    "visa_refund_pending",
    "visa_refund_fails_later",
    "mastercard_success",
    "mastercard_2series_success",
    "amex_success",
    "discover_success",
    "diners_success",
    "jcb_success",
    "unionpay_success",
)
REFUSED = ("visa_insufficient_funds", "visa_lost_card", "visa_do_not_honor", "visa_incorrect_cvc")
"""Cards whose authorizations hold money, and such that are declined for soft and hard reasons."""


@pytest.fixture(scope="module")
def stack(
    engine: stacks.Engine, databases: stacks.Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """An installation whose client asks once, so that each lost answer is an unknown outcome."""
    with stacks.running_stack(
        engine, databases, tmp_path_factory.mktemp("lost"), gateway_tries=1, gateway_timeout_seconds=4
    ) as running:
        yield running


@pytest.fixture(scope="module")
def service(stack: Stack) -> OrderService:
    return OrderService(stack)


@pytest.fixture(scope="module")
def account(stack: Stack) -> GatewayAccount:
    return GatewayAccount(stack)


def each(subjects: list[S], act: Callable[[S], T]) -> list[T]:
    """What `act` gives for every one, some of them at a time."""
    with ThreadPoolExecutor(6) as pool:
        return list(pool.map(act, subjects))


def act_and_lose_the_answer(
    service: OrderService,
    account: GatewayAccount,
    random: Random,
    bodies: list[tuple[Json, Json]],
    operation: str,
    action: str,
) -> list[Json]:
    """The orders once all is known, after an action on each, with its body, whose answer was lost once."""
    account.no_faults()
    losses = [random.choice(LOSSES) for _ in bodies]

    def act(number: int) -> requests.Response:
        order, body = bodies[number]
        account.fault(losses[number], times=1, operation=operation, reference=order["reference"])
        return service.call("POST", f"/orders/{order['id']}/{action}", body)

    answers = each(list(range(len(bodies))), act)
    assert {answer.status_code for answer in answers} <= {200, 201}
    assert any("unknown" in answer.json()["status"] for answer in answers)
    settled = each(bodies, lambda one: service.order_when(one[0], *KNOWN, within=90))
    struck = [rule["fired"] for rule in account.call("GET", "/_sandbox/faults")["data"]]
    assert struck == [1] * len(bodies)
    return settled


@pytest.mark.rounds(10)
@pytest.mark.timeout(400)
def test_orders_whose_answers_are_all_lost_once_end_right_and_none_is_charged_twice(
    service: OrderService, account: GatewayAccount, request: pytest.FixtureRequest
) -> None:
    random = Random(request.node.name)  # a round and a database have the same orders each time
    cards = [random.choice(random.choice([HELD, HELD, HELD, REFUSED])) for _ in range(ORDERS)]
    orders = [(service.place(random.randint(1000, 20_000)), {"test_card": card}) for card in cards]
    tried = act_and_lose_the_answer(service, account, random, orders, "payment", "payments")
    assert [order["status"] for order in tried] == ["authorized" if card in HELD else "declined" for card in cards]
    held = [order for order in tried if order["status"] == "authorized"]
    refused = [order for order in tried if order["status"] == "declined"]

    captures = [(order, random.choice([{}, {"amount": 900, "final": True}])) for order in held]
    taken = act_and_lose_the_answer(service, account, random, captures, "capture", "captures")
    for order, (before, body) in zip(taken, captures, strict=True):
        assert (order["status"], order["amount_captured"]) == ("paid", body.get("amount", before["amount"]))
    refunds = [(order, random.choice([{}, {"amount": 100}])) for order in taken]
    given = act_and_lose_the_answer(service, account, random, refunds, "refund", "refunds")
    for order, (before, body) in zip(given, refunds, strict=True):
        assert order["amount_refunded"] == body.get("amount", before["amount_captured"])
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
