"""Why the three words differ: by what differs, by versions, by what was asked and by which events came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.clock import wall_now
from app.drift.facts import Fact, facts_of
from app.drift.models import DiscrepancyKind
from app.gateway import GatewayPayment
from app.gateway.received import EventOutcome, WebhookEvent
from app.orders.models import Order
from app.payments.models import Payment
from app.payments.states import OURS, PAYMENT, PaymentStatus

_Kind = DiscrepancyKind
_ANSWERS_WITHIN = timedelta(seconds=60)
"""An attempt this young is being asked right now."""
_UNKNOWN_AFTER = timedelta(seconds=20)
"""Silence this short is usually ended by asking again."""
_SUMS = frozenset({"Amount", "Reference"})
_NOT_APPLIED = (EventOutcome.WAITING, EventOutcome.FAILED, EventOutcome.NOT_BELIEVED)
_STATUSES = frozenset(status.value for status in frozenset(PaymentStatus) - OURS)


@dataclass(frozen=True)
class Found:
    """What differs about one payment, and why."""

    kind: DiscrepancyKind
    subject: str
    order: Order | None
    payment: Payment | None
    told: GatewayPayment | None
    facts: Sequence[Fact]


def is_under_way(payment: Payment) -> bool:
    """Whether something is being asked just now, so that there is nothing to compare yet."""
    attempt = payment.open_attempt_now()
    if attempt is None or attempt.is_waiting:
        return attempt is not None
    now = wall_now()
    if attempt.unanswered_at is None:
        return now - attempt.opened_at < _ANSWERS_WITHIN
    return now - attempt.unanswered_at < _UNKNOWN_AFTER


def compare(session: Session, payment: Payment, told: GatewayPayment | None, *, is_newest: bool) -> Found | None:
    """What differs between our payment, its order and what the gateway told; None where all agree.

    `told` is None where the gateway has no such payment, or where ours was never known to it.
    """
    facts = facts_of(payment.order if is_newest else None, payment, told)
    kind = _kind(session, payment, told, facts)
    if kind is None:
        return None
    return Found(kind, payment.id, payment.order, payment, told, facts)


def missing_here(told: GatewayPayment) -> Found:
    """A payment of the gateway's that is none of ours."""
    return Found(_Kind.MISSING_HERE, told.id, None, None, told, facts_of(None, None, told))


def _kind(
    session: Session, payment: Payment, told: GatewayPayment | None, facts: Sequence[Fact]
) -> DiscrepancyKind | None:
    is_asked = payment.open_attempt_now() is not None
    if told is None:
        if payment.gateway_id is not None:
            return _Kind.MISSING_THERE
        return _Kind.UNKNOWN_OUTCOME if is_asked or payment.state == PaymentStatus.UNKNOWN else None
    if any(fact.differs for fact in facts if fact.name in _SUMS):
        return _Kind.AMOUNT
    if told.version > payment.gateway_version:
        return _late(session, payment, told, is_asked=is_asked)
    if is_asked:
        return _Kind.UNKNOWN_OUTCOME
    return _Kind.CHANGED_BY_HAND if any(fact.differs for fact in facts) else None


def _late(session: Session, payment: Payment, told: GatewayPayment, *, is_asked: bool) -> DiscrepancyKind:
    """The gateway knows more than we do."""
    if told.status in _STATUSES and not PAYMENT.leads_to(payment.state, PaymentStatus(told.status)):
        return _Kind.CHANGED_BY_HAND
    if is_asked:
        return _Kind.UNKNOWN_OUTCOME
    return _Kind.OUT_OF_ORDER if _event_is_here(session, payment, told) else _Kind.MISSED_EVENT


def _event_is_here(session: Session, payment: Payment, told: GatewayPayment) -> bool:
    """Whether an event that tells as much came and is stored."""
    for event in session.scalars(select(WebhookEvent).where(WebhookEvent.gateway_payment_id == told.id)):
        version = event.body["data"].get("version")
        tells = event.type.startswith("payment.") and isinstance(version, int) and version > payment.gateway_version
        if tells or event.outcome in _NOT_APPLIED:
            return True
    return False
