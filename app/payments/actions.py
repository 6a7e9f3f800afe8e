"""What may be done to an order now, as the screen offers it: the first is the one that most likely comes next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from flask import url_for

from app.operators.roles import Permission
from app.orders.models import Order
from app.orders.states import OrderStatus
from app.payments.attempts import Attempt
from app.payments.models import Payment
from app.payments.ship import PAID
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
    found = _settling(payments, may)
    payment = live_one(payments)
    takes, refunds = may(Permission.TAKE_PAYMENTS), may(Permission.REFUND)
    if payment is None:
        return [*found, *(_without_payment(order, again=bool(payments)) if takes else [])]
    attempt = payment.open_attempt_now()
    ask = Action(
        "ask", "Ask the gateway again", "refresh-cw", url_for("payments.ask_again", payment_id=payment.id), "send"
    )
    if may(Permission.ASK) and (payment.state in _NOT_DECIDED or attempt is not None):
        found.append(ask)
    if attempt is not None and attempt.unanswered_at is not None and attempt.escalated_at is None:
        found.append(Action("look", "What is known of it", "search", _of(attempt), "leave"))
    if payment.state == PaymentStatus.REQUIRES_ACTION and payment.challenge_url:
        found.append(Action("challenge", "Continue to 3-D Secure", "shield-check", payment.challenge_url, "leave"))
    if payment.in_review and may(Permission.REVIEW):
        url = url_for("reviews.of_payment", payment_id=payment.id)
        found.append(Action("review", "Review", "user-search", url, "leave"))
    if attempt is None:
        if takes and payment.is_capturable:
            if order.captures_on_shipment:
                found.append(_dialog(order, "ship", "Capture and ship", "truck"))
            found.append(_dialog(order, "capture", "Capture", "download"))
        if refunds and payment.is_refundable:
            found.append(_dialog(order, "refund", "Refund", "undo-2"))
        if takes and order.state in PAID and order.shipped_at is None and not payment.is_capturable:
            found.append(_dialog(order, "ship", "Mark as shipped", "truck"))
        if takes and payment.is_voidable:
            found.extend(_releasing(order, payment))
    if takes and ask not in found:
        found.append(ask)
    return found


def _settling(payments: Sequence[Payment], may: Callable[[Permission], bool]) -> list[Action]:
    """What waits for a person's decision; that comes before all else."""
    found = []
    for payment in payments:
        attempt = payment.open_attempt_now()
        if attempt is not None and attempt.escalated_at is not None:
            found.append(Action("decide", "Decide what happened", "scale", _of(attempt), "leave"))
        if payment.discrepancy is not None and may(Permission.RECONCILE):
            url = url_for("deciding.mismatch", payment_id=payment.id)
            found.append(Action("mismatch", "Resolve the mismatch", "scale", url))
    return found


def _of(attempt: Attempt) -> str:
    return url_for("deciding.show", attempt_id=attempt.id)


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
