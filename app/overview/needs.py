"""What needs a person now: how many of each, and where they are."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from app.disputes.models import Dispute
from app.disputes.states import DisputeStatus
from app.orders.models import Order
from app.orders.states import OrderStatus
from app.payments.attempts import Attempt
from app.payments.models import Payment
from app.payments.states import PaymentStatus
from app.risk.models import Review, ReviewState

EXPIRES_WITHIN = timedelta(days=2)
"""How long before its end a hold calls for a capture or a void."""


class Need(enum.StrEnum):
    """A kind of thing that waits for somebody, the most pressing first."""

    DECISION = "decision"
    UNKNOWN = "unknown"
    REVIEW = "review"
    DISPUTE = "dispute"
    DISCREPANCY = "discrepancy"
    EXPIRING = "expiring"
    FAILED = "failed"
    AUTHENTICATION = "authentication"


@dataclass(frozen=True)
class Words:
    """What a need is called, the tone of its mark, and what is to be done."""

    label: str
    tone: str
    todo: str


NEEDS = {
    Need.DECISION: Words(
        "For a person to decide", "bad", "Nothing could settle these outcomes. Look at all that is known, and decide."
    ),
    Need.UNKNOWN: Words(
        "Unknown outcome", "ask", "An answer was lost or is late. We ask again until it is known; nobody pays twice."
    ),
    Need.REVIEW: Words("To review", "ask", "The money is held. Approve the payment, or decline it, by its deadline."),
    Need.DISPUTE: Words(
        "Disputes to answer", "ask", "Gather evidence and submit it, or accept. What nobody answers in time is lost."
    ),
    Need.DISCREPANCY: Words(
        "Discrepancy", "bad", "The gateway says what cannot be this order. Nothing is believed until somebody looks."
    ),
    Need.EXPIRING: Words("Holds end within 2 days", "ask", "Capture it, or void it: what is not captured lapses."),
    Need.FAILED: Words("Payment failed", "bad", "Nothing was taken. Pay again, or cancel the order."),
    Need.AUTHENTICATION: Words(
        "Awaiting authentication", "wait", "The customer has 15 minutes to confirm with their bank."
    ),
}

BY_STATUS = {
    Need.UNKNOWN: OrderStatus.PAYMENT_UNKNOWN,
    Need.FAILED: OrderStatus.PAYMENT_FAILED,
    Need.AUTHENTICATION: OrderStatus.AWAITING_AUTHENTICATION,
}
"""Needs that are a status of the order: the list of orders shows them."""


@dataclass(frozen=True)
class Waiting:
    """So many of a need."""

    need: Need
    number: int


def _waiting(need: Need, now: datetime) -> Sequence[ColumnElement[bool]]:
    if need is Need.EXPIRING:
        held = Payment.status.in_((PaymentStatus.AUTHORIZED, PaymentStatus.PARTIALLY_CAPTURED))
        return [held, Payment.expires_at < now + EXPIRES_WITHIN]
    if need is Need.DECISION:
        given = select(Attempt.payment_id).where(Attempt.escalated_at.is_not(None), Attempt.closed_at.is_(None))
        return [Payment.id.in_(given)]
    return [Payment.discrepancy.is_not(None)]


def _rows(need: Need, now: datetime) -> Select[str]:
    """What waits, by its id."""
    if need in BY_STATUS:
        return select(Order.id).where(Order.status == BY_STATUS[need])
    if need is Need.REVIEW:
        return select(Review.id).where(Review.state == ReviewState.OPEN)
    if need is Need.DISPUTE:
        return select(Dispute.id).where(Dispute.status == DisputeStatus.NEEDS_RESPONSE)
    return select(Payment.id).where(*_waiting(need, now))


def waiting(session: Session, statuses: Mapping[OrderStatus, int], now: datetime) -> list[Waiting]:
    """Every need and how many there are of it; `statuses` says how many orders have each."""
    return [
        Waiting(need, statuses[BY_STATUS[need]] if need in BY_STATUS else count_waiting(session, need, now))
        for need in Need
    ]


def count_waiting(session: Session, need: Need, now: datetime) -> int:
    """How many there are of a need."""
    return session.scalar(select(func.count()).select_from(_rows(need, now).subquery())) or 0


def payments_in_need(session: Session, need: Need, now: datetime, limit: int) -> Sequence[Payment]:
    """The payments of a need that is no status of the order, the most pressing first, `limit` at the most."""
    pressing = Payment.expires_at if need is Need.EXPIRING else Payment.created_at
    rows = select(Payment).where(*_waiting(need, now)).order_by(pressing, Payment.id).limit(limit)
    return session.scalars(rows).all()


def count_needs(session: Session, needs: Sequence[Need], now: datetime, at_most: int) -> dict[Need, int]:
    """How many there are of each, counted as far as one beyond `at_most`, in one question."""
    counts = []
    for need in needs:
        some = _rows(need, now).limit(at_most + 1).subquery()
        counts.append(select(func.count()).select_from(some).scalar_subquery())
    return dict(zip(needs, session.execute(select(*counts)).one(), strict=True))
