"""Statuses are drawn: every one, and no way out of the final ones."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import pytest

from app.drawing import Drawing
from app.orders.states import ORDER, PAYABLE, OrderStatus
from app.payments.states import ORDER_STATUS, OVER, PAYMENT, REFUND, PaymentStatus, RefundStatus

DRAWN = [
    pytest.param(ORDER, OrderStatus, OrderStatus.AWAITING_PAYMENT, id="order"),
    pytest.param(PAYMENT, PaymentStatus, PaymentStatus.UNKNOWN, id="payment"),
    pytest.param(REFUND, RefundStatus, RefundStatus.PENDING, id="refund"),
]


@pytest.mark.parametrize(("drawing", "statuses", "first"), DRAWN)
def test_every_status_is_drawn_and_reached(drawing: Drawing[Any], statuses: type[StrEnum], first: StrEnum) -> None:
    assert set(drawing.lines) == set(statuses)
    assert {status for status in statuses if drawing.leads_to(first, status)} == set(statuses)


def test_a_payment_that_is_over_never_moves_again() -> None:
    assert {status for status in PaymentStatus if PAYMENT.is_final(status)} == OVER


def test_money_that_was_taken_is_never_forgotten() -> None:
    taken = {
        PaymentStatus.PARTIALLY_CAPTURED,
        PaymentStatus.CAPTURED,
        PaymentStatus.PARTIALLY_REFUNDED,
        PaymentStatus.REFUNDED,
    }
    for status in taken:
        reached = {end for end in PaymentStatus if PAYMENT.leads_to(status, end)}
        assert reached <= taken


def test_every_payment_status_says_what_becomes_of_the_order() -> None:
    assert set(ORDER_STATUS) == set(PaymentStatus)
    for start, ends in PAYMENT.lines.items():
        for end in ends:
            assert ORDER.leads_to(ORDER_STATUS[start], ORDER_STATUS[end]), f"{start} to {end}"


def test_an_order_can_be_paid_again_exactly_after_a_try_that_is_over() -> None:
    assert {ORDER_STATUS[status] for status in OVER} == PAYABLE


def test_a_canceled_order_stays_canceled() -> None:
    assert ORDER.is_final(OrderStatus.CANCELED)
