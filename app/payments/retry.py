"""Soft declines tried again by themselves, as the policy and the card's network allow; hard ones never are."""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.clock import business_now
from app.gateway.wire import GatewayDecline
from app.payments.models import Payment
from app.payments.states import PaymentStatus
from app.policy import current_policy
from app.timeline import Kind, add
from app.timeline.actors import WORKER

NETWORK_LIMIT = 15
_LIMIT_WITHIN = timedelta(days=30)
"""Visa's limit for the same card; we keep it for every network."""
NOT_SILENTLY = frozenset({"suspected_fraud"})
"""Soft, but the customer has to speak with the bank first."""
_DURATION: TypeAdapter[timedelta] = TypeAdapter(timedelta)


def plan_retry(session: Session, payment: Payment) -> None:
    """Set when the declined payment is tried again, in the caller's transaction, if it is to be."""
    wait = _wait(payment)
    allowed = current_policy(session).soft_decline_retries
    if wait is None or allowed == 0:
        return
    number = _retries_of(session, payment) + 1
    now = business_now(session)
    if number > allowed or _declines_of_card(session, payment, now) >= NETWORK_LIMIT:
        return
    payment.retry_at = now + wait
    add(
        session,
        Kind.RETRY,
        payment.id,
        f"To be tried again by itself ({number} of {allowed}) at {payment.retry_at:%Y-%m-%d %H:%M} UTC",
        WORKER,
        order_id=payment.order_id,
        payment_id=payment.id,
        cause=payment.id,
    )


def _wait(payment: Payment) -> timedelta | None:
    """How long the network wants us to wait; None where it does not advise another try."""
    if payment.decline is None:
        return None
    decline = GatewayDecline.model_validate(payment.decline)
    if decline.kind != "soft" or decline.advice is None or decline.code in NOT_SILENTLY:
        return None
    if decline.advice.retry != "later" or decline.advice.retry_after is None:
        return None
    try:
        return max(_DURATION.validate_python(decline.advice.retry_after), timedelta(minutes=1))
    except ValidationError:
        return None


def _retries_of(session: Session, payment: Payment) -> int:
    """How many tries of the order were made by themselves, up to this one."""
    wanted = select(Payment.id).where(Payment.order_id == payment.order_id, Payment.retry_of.is_not(None))
    return len(session.scalars(wanted).all())


def _declines_of_card(session: Session, payment: Payment, now: datetime) -> int:
    """How often this card was declined here lately."""
    fingerprint = (payment.card or {}).get("fingerprint")
    same_digits = select(Payment).where(
        Payment.card_last4 == payment.card_last4,
        Payment.created_at > now - _LIMIT_WITHIN,
        Payment.status == PaymentStatus.DECLINED,
    )
    found = session.scalars(same_digits.order_by(Payment.created_at.desc()).limit(1000))
    return sum((one.card or {}).get("fingerprint") == fingerprint for one in found)
