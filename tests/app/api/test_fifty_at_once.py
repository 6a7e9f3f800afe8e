"""Fifty callers at once on one payment: never more is taken than was held, nor given back than was taken."""

from __future__ import annotations

import pytest
import requests

from tests.app.api.test_many_at_once import REFUSALS, at_once
from tests.clients import GatewayAccount, Json, OrderService, both_agree

ROUNDS, SOAKED_ROUNDS = 20, 20
"""In the suite, and each of ten times under `--soak`."""
CALLERS = 50
REFUNDS: list[tuple[str, Json]] = [("refunds", {"amount": 90})]
BOTH: list[tuple[str, Json]] = [("captures", {"amount": 170}), *REFUNDS]


def one_round(service: OrderService, account: GatewayAccount, asked: list[tuple[str, Json]], *, captured: bool) -> int:
    """How many of the callers moved money; the rest were refused for a reason of the payment's."""
    order = service.place(1000)
    service.pay(order, capture=captured)

    def ask(number: int) -> requests.Response:
        doing, body = asked[number % len(asked)]
        return service.call("POST", f"/orders/{order['id']}/{doing}", body)

    answers = at_once(CALLERS, ask)
    refused = [answer.json()["code"] for answer in answers if answer.status_code not in (200, 201)]
    assert set(refused) <= REFUSALS
    settled = service.order(order)
    assert 0 <= settled["amount_refunded"] <= settled["amount_captured"] <= 1000
    (payment,) = settled["payments"]
    assert sum(capture["amount"] for capture in payment["captures"]) == settled["amount_captured"]
    assert sum(refund["amount"] for refund in payment["refunds"]) == settled["amount_refunded"]
    both_agree(settled, account.payments(order))
    return CALLERS - len(refused)


@pytest.mark.rounds(10)
def test_fifty_on_one_payment_never_take_nor_give_back_too_much(
    service: OrderService, account: GatewayAccount, pytestconfig: pytest.Config
) -> None:
    for number in range(SOAKED_ROUNDS if pytestconfig.getoption("--soak") else ROUNDS):
        captured = bool(number % 2)
        assert one_round(service, account, REFUNDS if captured else BOTH, captured=captured) >= 1
