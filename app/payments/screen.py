"""Risk, where a payment meets it: looked at before it is authorized, held for a person, its outcome told back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.clock import business_now
from app.customers.models import Customer
from app.db import reading
from app.gateway.wire import GatewayCard
from app.ids import new_id
from app.merchants.models import Merchant
from app.notifications import NoticeKind, tell_operators
from app.orders.models import Order
from app.payments.models import Payment
from app.payments.states import OVER, PaymentStatus, RefundStatus
from app.policy import current_policy
from app.risk.assess import Opinion, expected_loss, keep, note_outcome, think
from app.risk.facts import Subject
from app.risk.labels import learn
from app.risk.models import Decision, Review, ReviewState
from app.risk.scorer import scorer
from app.timeline import Actor, Kind, add
from app.timeline.actors import WORKER

_BEFORE_THE_END = timedelta(hours=1)
"""A review ends so long before the hold that it is about."""
_KNOWN = (PaymentStatus.AUTHORIZED, PaymentStatus.CAPTURED)


def screen(order: Order, card: GatewayCard) -> Opinion:
    """What is thought of paying the order with this card, before anything is written or asked for."""
    with reading() as session:
        customer = session.get(Customer, order.customer_id)
        merchant = session.get(Merchant, order.merchant_id)
        subject = Subject(
            order=order,
            card=card.model_dump(),
            now=business_now(session),
            merchant=merchant.name if merchant else "",
            customer_since=customer.created_at if customer else None,
        )
        return think(session, subject, current_policy(session), scorer())


def take_opinion(session: Session, payment: Payment, opinion: Opinion, actor: Actor, cause: str | None) -> None:
    """Keep what is thought of the payment, and let it do what was decided."""
    keep(session, payment.id, opinion)
    if opinion.hits or opinion.decision is not Decision.ACCEPT:
        add(
            session,
            Kind.RISK,
            payment.id,
            _words(opinion),
            WORKER,
            order_id=payment.order_id,
            payment_id=payment.id,
            cause=cause,
            data={"decision": opinion.decision, "hits": opinion.hits, "rules_version": opinion.rules_version},
        )
    if opinion.decision is Decision.BLOCK:
        payment.failure = f"{opinion.why}."[:500]
        payment.block(session, opinion.why, actor, cause)
    payment.in_review = opinion.decision is Decision.REVIEW


def _words(opinion: Opinion) -> str:
    shadows = [hit["name"] for hit in opinion.hits if hit["mode"] == "shadow"]
    noted = f" In shadow: {', '.join(shadows)}." if shadows else ""
    return f"{_DECIDED[opinion.decision]}: {opinion.why}.{noted}"[:500]


_DECIDED = {
    Decision.ALLOW: "Allowed",
    Decision.BLOCK: "Blocked",
    Decision.REVIEW: "For a person to review",
    Decision.THREE_DS: "3-D Secure asked for",
    Decision.ACCEPT: "Accepted",
}


def tell_risk(session: Session, payment: Payment) -> None:
    """The payment has a new status: later ones are judged by it, and its review begins or ends with it."""
    if payment.state in _KNOWN:
        note_outcome(session, payment.id, declined=False)
    elif payment.state == PaymentStatus.DECLINED:
        note_outcome(session, payment.id, declined=True)
    if not payment.in_review:
        return
    if payment.state == PaymentStatus.AUTHORIZED:
        _begin_review(session, payment)
    elif payment.state in OVER or payment.amount_captured_minor > 0:
        payment.in_review = False
        _end_review(session, payment)


def learn_of_refunds(session: Session, payment: Payment) -> None:
    """A refund that was given because of fraud says what the payment was."""
    if any(refund.reason == "fraudulent" and refund.status != RefundStatus.FAILED for refund in payment.refunds):
        learn(session, payment.id, is_fraud=True, source="refund")


def _begin_review(session: Session, payment: Payment) -> None:
    assessment = payment.assessment
    assert assessment is not None, "a review follows from an assessment"
    now, hours = business_now(session), current_policy(session).review_hours
    due = now + timedelta(hours=hours)
    if payment.expires_at is not None:
        due = max(now, min(due, payment.expires_at - _BEFORE_THE_END))
    loss = expected_loss(payment.amount, assessment.probability)
    review = Review(
        id=new_id("rev"),
        payment_id=payment.id,
        order_id=payment.order_id,
        assessment_id=assessment.id,
        state=ReviewState.OPEN,
        why=assessment.why,
        expected_loss_minor=loss.amount_minor,
        created_at=now,
        due_at=due,
    )
    session.add(review)
    about: dict[str, Any] = {"order_id": payment.order_id, "payment_id": payment.id}
    words = f"Review begun: {assessment.why}. It is decided by {due:%Y-%m-%d %H:%M} UTC"
    add(session, Kind.REVIEW, review.id, words, WORKER, to_status=ReviewState.OPEN, cause=payment.id, **about)
    tell_operators(
        session,
        NoticeKind.REVIEW,
        review.id,
        f"Order {payment.order.reference} waits for a review",
        detail=f"{assessment.why}. {payment.amount} are held; decide by {due:%Y-%m-%d %H:%M} UTC.",
        **about,
    )


def _end_review(session: Session, payment: Payment) -> None:
    open_one = select(Review).where(Review.payment_id == payment.id, Review.state == ReviewState.OPEN)
    review = session.scalars(open_one).one_or_none()
    if review is None:
        return
    review.state, review.decided_at = ReviewState.OVERTAKEN, business_now(session)
    review.reason = f"The payment is {payment.state.value.replace('_', ' ')}."
    add(
        session,
        Kind.REVIEW,
        review.id,
        f"Review over: {review.reason}",
        WORKER,
        order_id=payment.order_id,
        payment_id=payment.id,
        from_status=ReviewState.OPEN,
        to_status=ReviewState.OVERTAKEN,
        cause=payment.id,
    )
