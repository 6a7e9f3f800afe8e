"""A verdict: approved, the payment goes on; declined, its hold is released and the order canceled."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import jobs
from app.clock import business_now
from app.db import reading, transaction
from app.errors import NotFound, RuleBroken
from app.payments.cancel import cancel_order
from app.payments.capture import capture_payment
from app.payments.models import Payment, lock_payment
from app.payments.record import follow_payment
from app.policy import current_policy
from app.policy.current import AtDeadline
from app.risk.labels import learn
from app.risk.models import Review, ReviewState
from app.timeline import Actor, Kind, add
from app.timeline.actors import WORKER

log = structlog.get_logger("reviews")

APPROVED_JOB, DECLINED_JOB = "review_approved", "review_declined"
_COMES_BACK = timedelta(seconds=15)
_PASSES = frozenset({"operation_in_progress", "gateway_outage"})
_AT_ONCE = 100


def approve(review_id: str, reason: str, actor: Actor) -> Review:
    """Let the payment go on. What was to be captured at once is captured now. Raises NotFound, RuleBroken."""
    with transaction() as session:
        review, payment = _open(session, review_id)
        _close(session, review, payment, ReviewState.APPROVED, reason, actor)
        learn(session, payment.id, is_fraud=False, source="verdict")
        if payment.capture:
            jobs.enqueue(session, APPROVED_JOB, f"review:{review.id}", {"review": review.id, "payment": payment.id})
        follow_payment(session, payment, actor, review.id)
    return review


def decline(review_id: str, reason: str, actor: Actor, *, is_fraud: bool) -> Review:
    """Release what is held and cancel the order; `is_fraud` teaches the model. Raises NotFound, RuleBroken."""
    with transaction() as session:
        review, payment = _open(session, review_id)
        _close(session, review, payment, ReviewState.DECLINED, reason, actor)
        if is_fraud:
            learn(session, payment.id, is_fraud=True, source="verdict")
        payment.order.change(session)
        wanted = {"review": review.id, "order": payment.order_id, "reason": reason}
        jobs.enqueue(session, DECLINED_JOB, f"review:{review.id}", wanted)
    return review


def _open(session: Session, review_id: str) -> tuple[Review, Payment]:
    review = session.get(Review, review_id)
    if review is None:
        raise NotFound(f"There is no review {review_id}.")
    payment = lock_payment(session, review.payment_id)
    assert payment is not None, "payments are never deleted"
    session.refresh(review)
    if review.state != ReviewState.OPEN:
        by = f" by {review.decided_by}" if review.decided_by else ""
        raise RuleBroken("review_decided", f"This review was {review.state}{by} already.", current_status=review.state)
    return review, payment


def _close(session: Session, review: Review, payment: Payment, state: ReviewState, reason: str, actor: Actor) -> None:
    review.state, review.reason = state, reason[:500]
    review.decided_at, review.decided_by = business_now(session), actor.name[:200]
    payment.in_review = state is ReviewState.DECLINED  # nobody captures it before its hold is released
    payment.version += 1
    add(
        session,
        Kind.REVIEW,
        review.id,
        f"Review: {state}. {reason}",
        actor,
        order_id=payment.order_id,
        payment_id=payment.id,
        from_status=ReviewState.OPEN,
        to_status=state,
        cause=review.id,
    )


@jobs.handler(APPROVED_JOB)
def capture_approved(payload: dict[str, Any]) -> None:
    """Capture what was approved; whoever was quicker has decided."""
    try:
        capture_payment(payload["payment"], None, WORKER, final=True, request_key=f"review:{payload['review']}")
    except RuleBroken as broken:
        _passes_or_ends(broken, payload)


@jobs.handler(DECLINED_JOB)
def cancel_declined(payload: dict[str, Any]) -> None:
    """Void what was declined and cancel its order."""
    try:
        cancel_order(payload["order"], payload["reason"], WORKER, request_key=f"review:{payload['review']}")
    except RuleBroken as broken:
        _passes_or_ends(broken, payload)


def _passes_or_ends(broken: RuleBroken, payload: dict[str, Any]) -> None:
    if broken.code in _PASSES:
        raise jobs.Retry(broken.detail, _COMES_BACK)
    log.info("nothing to be done after the review any more", review=payload["review"], reason=broken.detail)


def decide_what_is_overdue() -> None:
    """Reviews whose deadline has passed on the account's clock end as the policy says."""
    with reading() as session:
        overdue = select(Review.id).where(Review.state == ReviewState.OPEN, Review.due_at <= business_now(session))
        due = session.scalars(overdue.order_by(Review.due_at).limit(_AT_ONCE)).all()
        at_deadline = current_policy(session).review_at_deadline
    for review_id in due:
        try:
            if at_deadline is AtDeadline.APPROVE:
                approve(review_id, "Nobody decided before the deadline", WORKER)
            else:
                decline(review_id, "Nobody decided before the deadline", WORKER, is_fraud=False)
        except RuleBroken:
            continue  # somebody was quicker
