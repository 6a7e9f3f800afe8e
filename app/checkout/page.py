"""What the customer's page shows: where the order stands, in the few states that a customer can do something about."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

from app.languages import Language, to_say, why_declined
from app.orders.models import Order
from app.orders.states import OrderStatus
from app.payments.models import Payment
from app.payments.states import PaymentStatus


class Stage(enum.StrEnum):
    """What the page is for now."""

    PAY = "pay"
    CONFIRM = "confirm"
    """The bank waits for the customer."""
    WAIT = "wait"
    """Nobody knows yet."""
    PAID = "paid"
    CANCELED = "canceled"


_HELD_OR_TAKEN = frozenset(
    {
        PaymentStatus.AUTHORIZED,
        PaymentStatus.PARTIALLY_CAPTURED,
        PaymentStatus.CAPTURED,
        PaymentStatus.PARTIALLY_REFUNDED,
        PaymentStatus.REFUNDED,
    }
)


@dataclass(frozen=True)
class Advice:
    """Why the last card did not pay, and what to do now."""

    words: str
    next_step: str


def live_one(payments: Sequence[Payment]) -> Payment | None:
    """The payment that holds or took money, or is open."""
    return next((payment for payment in payments if not payment.is_over), None)


def stage_of(order: Order, payments: Sequence[Payment]) -> Stage:
    """Where the order stands. What is not certain is waited for: nobody is asked for a card twice."""
    live = live_one(payments)
    if order.state == OrderStatus.CANCELED:
        return Stage.CANCELED
    if live is None:
        return Stage.PAY if order.is_payable else Stage.WAIT
    if live.discrepancy is not None or order.state == OrderStatus.IN_REVIEW:
        return Stage.WAIT
    if live.state in _HELD_OR_TAKEN:
        return Stage.PAID
    confirms = live.state == PaymentStatus.REQUIRES_ACTION and live.challenge_url and not live.open_attempt_now()
    return Stage.CONFIRM if confirms else Stage.WAIT


_NOTHING_CHARGED = to_say("Nothing was charged. Try again, or pay with another card.")
_LAST_TIME = {
    PaymentStatus.EXPIRED: to_say("The payment was not confirmed in time."),
    PaymentStatus.VOIDED: to_say("The last try was given up."),
}
_FAILED = to_say("The payment could not be made.")


def advice_for(payments: Sequence[Payment], language: Language) -> Advice | None:
    """What to tell who was here before; None on the first visit."""
    if not payments:
        return None
    last = payments[0]
    if last.state == PaymentStatus.DECLINED:
        decline = last.decline or {}
        why = why_declined(language, last.decline_code, is_hard=decline.get("kind") == "hard")
        return Advice(why.words, why.next_step)
    return Advice(language.say(_LAST_TIME.get(last.state, _FAILED)), language.say(_NOTHING_CHARGED))


def version_of(order: Order, payments: Sequence[Payment]) -> str:
    """What a page has shown, so that it is told when there is more."""
    open_ones = sum(payment.open_attempt_now() is not None for payment in payments)
    return f"{order.version}-{order.status}-{sum(payment.version for payment in payments)}-{open_ones}"
