"""What may be done to an order now, as the screen offers it: the first is the one that most likely comes next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from flask import url_for

from app.operators.roles import Permission
from app.orders.models import Order
from app.orders.states import OrderStatus
from app.payments.models import Payment
from app.payments.states import PaymentStatus

How = Literal["dialog", "send", "leave"]
_NOT_DECIDED = frozenset({PaymentStatus.UNKNOWN, PaymentStatus.PROCESSING})
OPEN = _NOT_DECIDED | {PaymentStatus.REQUIRES_ACTION}


@dataclass(frozen=True)
class Action:
    """One thing to do: `dialog` opens a form at `url`, `send` posts to it, `leave` goes there."""

    name: str
    label: str
    icon: str
    url: str
    how: How = "dialog"
    is_danger: bool = False


def is_open(payments: Sequence[Payment]) -> bool:
    """Whether news may come in by itself, so that the page keeps looking."""
    return any(
        payment.state in OPEN
        or payment.open_attempt_now() is not None
        or any(refund.status == "pending" for refund in payment.refunds)
        for payment in payments
    )


def live_one(payments: Sequence[Payment]) -> Payment | None:
    """The payment that holds or took money, or is open; at most one."""
    return next((payment for payment in payments if not payment.is_over), None)


def actions_for(order: Order, payments: Sequence[Payment], may: Callable[[Permission], bool]) -> list[Action]:
    """What this operator may do to this order now."""
    payment = live_one(payments)
    takes, refunds = may(Permission.TAKE_PAYMENTS), may(Permission.REFUND)
    if payment is None:
        return _without_payment(order, again=bool(payments)) if takes else []
    found = []
    if payment.state == PaymentStatus.REQUIRES_ACTION and payment.challenge_url:
        found.append(Action("challenge", "Continue to 3-D Secure", "shield-check", payment.challenge_url, "leave"))
    if payment.open_attempt_now() is None:
        if takes and payment.is_capturable:
            found.append(_dialog(order, "capture", "Capture", "download"))
        if refunds and payment.is_refundable:
            found.append(_dialog(order, "refund", "Refund", "undo-2"))
        if takes and payment.is_voidable:
            found.extend(_releasing(order, payment))
    if takes:
        ask = Action(
            "ask", "Ask the gateway again", "refresh-cw", url_for("payments.ask_again", payment_id=payment.id), "send"
        )
        found.insert(0 if payment.state in _NOT_DECIDED or payment.open_attempt_now() else len(found), ask)
    return found


def _dialog(order: Order, name: str, label: str, icon: str, *, is_danger: bool = False) -> Action:
    return Action(name, label, icon, url_for(f"actions.{name}_dialog", order_id=order.id), is_danger=is_danger)


def _without_payment(order: Order, *, again: bool) -> list[Action]:
    if not order.is_payable:
        return []
    return [
        _dialog(order, "pay", "Pay again" if again else "Pay", "credit-card"),
        _dialog(order, "cancel", "Cancel order", "x", is_danger=True),
    ]


def _releasing(order: Order, payment: Payment) -> list[Action]:
    label = "Release the rest" if payment.state == PaymentStatus.PARTIALLY_CAPTURED else "Void payment"
    found = [_dialog(order, "void", label, "circle-slash", is_danger=True)]
    if payment.amount_captured_minor == 0 and order.state != OrderStatus.CANCELED:
        found.append(_dialog(order, "cancel", "Cancel order", "x", is_danger=True))
    return found
