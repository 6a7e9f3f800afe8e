"""What a payment's new status brings about by itself, written down in the transaction in which it became known."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app import jobs
from app.notifications import NoticeKind, tell_operators
from app.payments.models import Payment
from app.payments.retry import plan_retry
from app.payments.screen import tell_risk
from app.payments.states import Operation, PaymentStatus
from app.policy import current_policy
from app.policy.current import Unauthenticated

CAPTURE_JOB = "capture_by_policy"
VOID_JOB = "void_unauthenticated"
_HELD = (PaymentStatus.AUTHORIZED, PaymentStatus.PARTIALLY_CAPTURED)


def follow_up(session: Session, payment: Payment, before: PaymentStatus) -> None:
    """What follows of the change from `before`, if there was one."""
    if payment.state == before:
        return
    tell_risk(session, payment)
    if payment.state == PaymentStatus.AUTHORIZED:
        _authorized(session, payment)
    elif payment.state == PaymentStatus.EXPIRED and before in _HELD:
        _lapsed(session, payment)
    elif payment.state == PaymentStatus.DECLINED:
        plan_retry(session, payment)


def _authorized(session: Session, payment: Payment) -> None:
    outcome = (payment.authentication or {}).get("outcome")
    if outcome == "unavailable" and current_policy(session).unauthenticated is Unauthenticated.FAIL:
        payment.failure = "3-D Secure could not be had, and our policy takes no payment without it. The hold is voided."
        jobs.enqueue(session, VOID_JOB, f"unauthenticated:{payment.id}", {"payment": payment.id})
    elif payment.capture and not payment.in_review and not _captures_at_once(payment):
        jobs.enqueue(session, CAPTURE_JOB, f"capture:{payment.id}", {"payment": payment.id})


def _captures_at_once(payment: Payment) -> bool:
    """Whether the gateway was asked to take the money together with the authorization."""
    asked = (attempt for attempt in payment.attempts if attempt.operation == Operation.AUTHORIZE)
    return any(attempt.request.get("capture") for attempt in asked)


def _lapsed(session: Session, payment: Payment) -> None:
    tell_operators(
        session,
        NoticeKind.HOLD_LAPSED,
        payment.id,
        f"The hold for order {payment.order.reference} has lapsed",
        detail=f"{payment.amount} was never captured; the customer has it back. The order may be paid again.",
        order_id=payment.order_id,
        payment_id=payment.id,
    )
