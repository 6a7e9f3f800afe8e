"""What an erasure has to wait for: money that still moves. Rooms above add what only they know."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlalchemy import Select, exists, or_, select
from sqlalchemy.orm import Session

from app.approvals.models import Approval, ApprovalStatus
from app.disputes.models import Dispute
from app.disputes.states import OPEN
from app.orders.models import Order
from app.payments.attempts import Attempt
from app.payments.models import Payment
from app.payments.moved import Refund
from app.payments.states import OVER, PaymentStatus, RefundStatus

SHOWN_AT_MOST = 50
_SETTLED = OVER | {PaymentStatus.CAPTURED, PaymentStatus.PARTIALLY_REFUNDED, PaymentStatus.REFUNDED}


@dataclass(frozen=True)
class Hindrance:
    """One order that is not at rest, and why."""

    order_id: str
    reference: str
    why: str


Look = Callable[[Session, Select[str]], Iterable[Hindrance]]
"""Out of a selection of orders' ids, those that hinder."""
LOOKS: list[Look] = []


def hinders_erasure(look: Look) -> Look:
    """Register what else an erasure has to wait for."""
    LOOKS.append(look)
    return look


def hindrances(session: Session, orders: Select[str]) -> list[Hindrance]:
    """Everything that these orders still wait for, as far as it is shown."""
    found = [one for look in LOOKS for one in look(session, orders)]
    return sorted(found, key=lambda one: (one.reference, one.why))[:SHOWN_AT_MOST]


@hinders_erasure
def _payments(session: Session, orders: Select[str]) -> Iterable[Hindrance]:
    unanswered = exists().where(Attempt.payment_id == Payment.id, Attempt.closed_at.is_(None))
    refunding = exists().where(Refund.payment_id == Payment.id, Refund.status == RefundStatus.PENDING)
    open_ones = select(Payment, unanswered, refunding).where(
        Payment.order_id.in_(orders),
        or_(
            Payment.status.not_in(_SETTLED),
            Payment.discrepancy.is_not(None),
            Payment.retry_at.is_not(None),
            unanswered,
            refunding,
        ),
    )
    for payment, waits, refunds in session.execute(open_ones.limit(SHOWN_AT_MOST)):
        yield Hindrance(payment.order_id, payment.order.reference, _why(payment, waits, refunds))


def _why(payment: Payment, waits: bool, refunds: bool) -> str:
    if waits:
        return "the gateway has not answered yet: it is being asked for"
    if payment.discrepancy is not None:
        return "the gateway's word on the money differs: resolve that first"
    if refunds:
        return "a refund is still pending at the bank"
    if payment.retry_at is not None:
        return "the declined payment is tried again by itself: cancel the order, or wait"
    if payment.is_held:
        return "money is held on the card: capture it, or void the payment"
    if payment.state == PaymentStatus.REQUIRES_ACTION:
        return "the bank waits for the cardholder to confirm the payment"
    return "the bank has not decided the payment"


@hinders_erasure
def _disputes(session: Session, orders: Select[str]) -> Iterable[Hindrance]:
    running = select(Dispute.order_id, Order.reference).join(Order, Order.id == Dispute.order_id)
    for order_id, reference in session.execute(
        running.where(Dispute.order_id.in_(orders), Dispute.status.in_(OPEN)).limit(SHOWN_AT_MOST)
    ):
        yield Hindrance(order_id, reference, "a dispute runs: the bank has not decided it")


@hinders_erasure
def _approvals(session: Session, orders: Select[str]) -> Iterable[Hindrance]:
    waiting = select(Order.id, Order.reference).join(Approval, Approval.order_id == Order.id)
    undecided = Approval.status.in_((ApprovalStatus.ASKED, ApprovalStatus.APPROVED))
    for order_id, reference in session.execute(
        waiting.where(Approval.order_id.in_(orders), undecided).limit(SHOWN_AT_MOST)
    ):
        yield Hindrance(order_id, reference, "something waits for a second person: decide it, or withdraw it")
