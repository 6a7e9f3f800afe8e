"""What falls due by the account's clock, which may jump by months: found in the rows, done by jobs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from app import jobs
from app.clock import business_now
from app.db import reading, transaction
from app.notifications import NoticeKind, tell_operators
from app.orders.models import Order
from app.orders.states import OrderStatus
from app.payments.automatic import RETRY_JOB
from app.payments.follow_up import CAPTURE_JOB
from app.payments.models import Payment
from app.payments.states import PaymentStatus
from app.policy import Policy, current_policy
from app.timeline import Kind, add
from app.timeline.actors import WORKER

_AT_ONCE = 100
_HELD = (PaymentStatus.AUTHORIZED.value, PaymentStatus.PARTIALLY_CAPTURED.value)


def do_what_is_due() -> None:
    """Retries whose time has come; holds that end soon: captured where the policy says so, else pointed out."""
    with reading() as session:
        if not _is_anything_due(session, current_policy(session), business_now(session)):
            return
    with transaction() as session:
        policy, now = current_policy(session), business_now(session)
        for payment in session.scalars(select(Payment).where(*_retries(now)).limit(_AT_ONCE)):
            jobs.enqueue(session, RETRY_JOB, f"retry:{payment.id}", {"payment": payment.id})
        for payment in _of(session, _to_take(policy, now)):
            payment.hold_taken_at = now
            jobs.enqueue(session, CAPTURE_JOB, f"capture:{payment.id}", {"payment": payment.id})
            _note(session, payment, "Captured by itself, as the policy says, before the hold ends")
        for payment in _of(session, _to_warn_of(policy, now)):
            payment.hold_warned_at = now
            _warn(session, payment)


def _is_anything_due(session: Session, policy: Policy, now: datetime) -> bool:
    wanted = (_retries(now), _to_take(policy, now), _to_warn_of(policy, now))
    return any(session.scalar(select(Payment.id).where(*one).limit(1)) is not None for one in wanted)


def _retries(now: datetime) -> list[ColumnElement[bool]]:
    return [Payment.retry_at.is_not(None), Payment.retry_at <= now]


def _ending(now: datetime, hours: int) -> list[ColumnElement[bool]]:
    # spelled like the partial index, which then finds them
    return [Payment.status.in_(_HELD), Payment.expires_at < now + timedelta(hours=hours), Payment.expires_at > now]


def _to_take(policy: Policy, now: datetime) -> list[ColumnElement[bool]]:
    ending = _ending(now, policy.capture_before_expiry_hours)
    open_orders = select(Order.id).where(Order.id == Payment.order_id, Order.status != OrderStatus.CANCELED)
    agreed = [Payment.discrepancy.is_(None), Payment.in_review.is_(False), open_orders.exists()]
    return [*ending, Payment.hold_taken_at.is_(None), *agreed]


def _to_warn_of(policy: Policy, now: datetime) -> list[ColumnElement[bool]]:
    return [*_ending(now, policy.warn_before_expiry_hours), Payment.hold_warned_at.is_(None)]


def _of(session: Session, wanted: Sequence[ColumnElement[bool]]) -> Sequence[Payment]:
    return session.scalars(select(Payment).where(*wanted).order_by(Payment.expires_at).limit(_AT_ONCE)).all()


def _warn(session: Session, payment: Payment) -> None:
    assert payment.expires_at is not None, "a hold that ends has an end"
    tell_operators(
        session,
        NoticeKind.HOLD_ENDING,
        payment.id,
        f"The hold for order {payment.order.reference} ends soon",
        detail=f"{payment.amount_capturable} are held until {payment.expires_at:%Y-%m-%d %H:%M} UTC. Capture them, or"
        " void the payment: what is not captured lapses.",
        order_id=payment.order_id,
        payment_id=payment.id,
    )
    _note(session, payment, f"The hold ends at {payment.expires_at:%Y-%m-%d %H:%M} UTC")


def _note(session: Session, payment: Payment, words: str) -> None:
    add(
        session,
        Kind.HOLD,
        payment.id,
        words,
        WORKER,
        order_id=payment.order_id,
        payment_id=payment.id,
        cause=payment.id,
    )
