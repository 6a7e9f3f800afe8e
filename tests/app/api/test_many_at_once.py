"""Many callers at once: on many orders all go through, on one payment only one of them moves the money."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import requests

from tests.clients import GatewayAccount, Json, OrderService, both_agree

pytestmark = pytest.mark.rounds(20)

REFUSALS = {"invalid_transition", "operation_in_progress", "amount_too_large"}


def at_once(count: int, call: Callable[[int], requests.Response]) -> list[requests.Response]:
    """What `count` callers get who all start together."""
    start = Barrier(count)

    def started(number: int) -> requests.Response:
        start.wait()
        return call(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(started, range(count)))


def check_refused(answers: list[requests.Response], ok: int) -> list[Json]:
    """The successes; all else must have been refused for a reason of the order's."""
    for answer in answers:
        if answer.status_code != ok:
            assert answer.status_code in (409, 422), answer.text
            assert answer.json()["code"] in REFUSALS
    return [answer.json() for answer in answers if answer.status_code == ok]


def test_orders_in_parallel_are_each_paid_in_full(
    service: OrderService, account: GatewayAccount, pytestconfig: pytest.Config
) -> None:
    def whole_life(number: int) -> Json:
        order = service.place(1000 + number, customer={"email": f"p{number % 5}@example.com", "name": f"P {number}"})
        service.pay(order)
        path = f"/orders/{order['id']}"
        for action, body in (("captures", {"amount": 400}), ("captures", {}), ("refunds", {"amount": 1 + number})):
            answer = service.call("POST", f"{path}/{action}", body)
            assert answer.ok, answer.text
        return service.order(order)

    with ThreadPoolExecutor(10) as pool:
        done = list(pool.map(whole_life, range(50 if pytestconfig.getoption("--soak") else 20)))
    for number, order in enumerate(done):
        assert (order["status"], order["amount_captured"], order["amount_refunded"]) == (
            "partially_refunded",
            1000 + number,
            1 + number,
        )
        both_agree(order, account.payments(order))


def test_ten_payments_of_one_order_at_once_end_with_one(service: OrderService, account: GatewayAccount) -> None:
    order = service.place()
    body = {"test_card": "visa_success", "capture": True}
    answers = at_once(10, lambda _: service.call("POST", f"/orders/{order['id']}/payments", body))
    (paid,) = check_refused(answers, 201)
    assert paid["status"] == "captured"
    settled = service.order(order)
    assert settled["amount_captured"] == 1999
    both_agree(settled, account.payments(order))


@pytest.mark.parametrize("body", [{}, {"amount": 1999}, {"amount": 1000, "final": True}])
def test_ten_captures_of_one_payment_at_once_end_with_one_success(
    service: OrderService, account: GatewayAccount, body: Json
) -> None:
    order = service.place()
    service.pay(order)
    answers = at_once(10, lambda _: service.call("POST", f"/orders/{order['id']}/captures", body))
    assert len(check_refused(answers, 200)) == 1
    settled = service.order(order)
    assert (settled["status"], settled["amount_captured"]) == ("paid", body.get("amount", 1999))
    (payment,) = settled["payments"]
    assert len(payment["captures"]) == 1
    both_agree(settled, account.payments(order))


def test_partial_captures_at_once_never_take_more_than_is_held(service: OrderService, account: GatewayAccount) -> None:
    order = service.place(1000)
    service.pay(order)
    answers = at_once(10, lambda _: service.call("POST", f"/orders/{order['id']}/captures", {"amount": 300}))
    taken = len(check_refused(answers, 200))
    assert 1 <= taken <= 3
    settled = service.order(order)
    assert settled["amount_captured"] == 300 * taken
    both_agree(settled, account.payments(order))


@pytest.mark.parametrize(("amount", "most"), [(None, 1), (400, 2), (1000, 1)])
def test_ten_refunds_at_once_never_give_back_more_than_was_taken(
    service: OrderService, account: GatewayAccount, amount: int | None, most: int
) -> None:
    order = service.place(1000)
    service.pay(order, capture=True)
    body = {} if amount is None else {"amount": amount}
    answers = at_once(10, lambda _: service.call("POST", f"/orders/{order['id']}/refunds", body))
    given = len(check_refused(answers, 201))
    assert 1 <= given <= most
    settled = service.order(order)
    assert settled["amount_refunded"] == given * (amount or 1000)
    both_agree(settled, account.payments(order))


def test_capture_and_cancel_at_once_end_with_one_of_them(service: OrderService, account: GatewayAccount) -> None:
    order = service.place()
    service.pay(order)
    actions = ("captures", "cancel")
    answers = at_once(8, lambda number: service.call("POST", f"/orders/{order['id']}/{actions[number % 2]}", {}))
    (done,) = check_refused(answers, 200)
    settled = service.order(order)
    assert settled["status"] == done["status"]
    assert Counter(answer.status_code for answer in answers)[200] == 1
    assert (settled["status"], settled["amount_captured"]) in {("paid", 1999), ("canceled", 0)}
    both_agree(settled, account.payments(order))


def test_ten_orders_with_one_reference_at_once_end_with_one(service: OrderService) -> None:
    body = {
        "reference": f"wanted by ten {secrets.token_hex(4)}",
        "amount": 5,
        "currency": "EUR",
        "customer": {"email": "ten@example.com", "name": "Ten"},
    }
    answers = at_once(10, lambda _: service.call("POST", "/orders", body))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 422: 9}
    assert {answer.json()["param"] for answer in answers if answer.status_code == 422} == {"/reference"}
