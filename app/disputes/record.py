"""One place records what the gateway says about disputes; every answer and every event ends here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import jobs
from app.clock import wall_now
from app.db import transaction
from app.disputes.attempts import DisputeAttempt
from app.disputes.models import WHOLE, Dispute, lock_dispute, new_dispute
from app.disputes.states import OPEN, DisputeStatus
from app.errors import GatewayRefused, NotFound
from app.gateway import GatewayDispute
from app.gateway.calls import Call, GatewayCall
from app.notifications import NoticeKind, announce, tell_operators
from app.orders.models import Order
from app.orders.told import tell_of_dispute
from app.payments.models import Payment, lock_payment
from app.risk.labels import learn
from app.timeline import Actor, Kind, add
from app.timeline.actors import GATEWAY

ASK_AGAIN_AFTER = timedelta(seconds=2)
FRAUDULENT = "fraudulent"


def find_or_begin(session: Session, told: GatewayDispute) -> Dispute:
    """Ours, its payment locked first, or a new one. NotFound where it is about no payment of ours."""
    payment_id = session.scalar(select(Payment.id).where(Payment.gateway_id == told.payment))
    payment = lock_payment(session, payment_id) if payment_id else None
    if payment is None:
        raise NotFound(f"No payment of ours is the gateway's {told.payment}.")
    lock = {"of": Dispute}
    dispute = session.get(Dispute, told.id, options=WHOLE, with_for_update=lock, populate_existing=True)
    return dispute or new_dispute(told, payment)


def record_gateway_dispute(
    told: GatewayDispute,
    *,
    attempt: DisputeAttempt | None = None,
    calls: Sequence[Call] = (),
    actor: Actor = GATEWAY,
    cause: str | None = None,
) -> Dispute:
    """Take the gateway's word into dispute, order and timeline, and close the attempt that it answers."""
    with transaction() as session:
        dispute = find_or_begin(session, told)
        asked = attempt or (dispute.open_attempt_now() if dispute.version else None)
        if asked is not None:  # an event that overtakes the answer tells of the same act
            actor, cause = asked.actor, cause or asked.id
        is_new, was_chargeback = dispute.version == 0, bool(dispute.version) and dispute.is_chargeback
        before = dispute.status
        if dispute.follow(session, told, actor, cause):
            if is_new:
                session.add(dispute)
                session.flush()
            _follow_order(session, dispute)
            _learn(session, dispute)
            if is_new:
                tell_of_dispute(session, dispute.order, dispute.id, dispute.amount)
            if dispute.is_open and (is_new or was_chargeback != dispute.is_chargeback):
                _tell_opened(session, dispute)
            if not dispute.is_open and (is_new or before != dispute.status):
                _tell_closed(session, dispute)
        if attempt is not None:
            _close(session, dispute, attempt.id, calls)
    return dispute


def record_refusal(attempt: DisputeAttempt, refusal: GatewayRefused, calls: Sequence[Call]) -> Dispute:
    """The gateway says that the request was wrong: nothing was done, the attempt is closed with the reason."""
    with transaction() as session:
        dispute = _of_attempt(session, attempt)
        _close(session, dispute, attempt.id, calls, refusal=refusal)
    return dispute


def record_silence(attempt: DisputeAttempt, reason: str, calls: Sequence[Call]) -> Dispute:
    """No answer: the attempt stays open until the worker, asking again with the same keys, has one."""
    with transaction() as session:
        dispute = _of_attempt(session, attempt)
        _keep(session, dispute, attempt.id, calls)
        standing = session.get_one(DisputeAttempt, attempt.id)
        if standing.is_open:
            standing.last_error = reason[:2000]
            jobs.postpone(session, standing.job_key, wall_now() + ASK_AGAIN_AFTER)
            if standing.unanswered_at is None:
                standing.unanswered_at = wall_now()
                add(
                    session,
                    Kind.ATTEMPT_UNANSWERED,
                    attempt.id,
                    f"No answer to the {standing.noun}: whether it was taken is not known."
                    " It is asked again with the same idempotency key.",
                    GATEWAY,
                    order_id=dispute.order_id,
                    payment_id=dispute.payment_id,
                    cause=attempt.id,
                    data={"error": reason[:500], "idempotency_key": standing.idempotency_key},
                )
    return dispute


def _of_attempt(session: Session, attempt: DisputeAttempt) -> Dispute:
    dispute = lock_dispute(session, attempt.dispute_id)
    assert dispute is not None, "an attempt has its dispute"
    return dispute


def _keep(session: Session, dispute: Dispute, attempt_id: str, calls: Sequence[Call]) -> None:
    about = {"order_id": dispute.order_id, "payment_id": dispute.payment_id, "attempt_id": attempt_id}
    session.add_all(GatewayCall(**about, **call.__dict__) for call in calls)


def _close(
    session: Session,
    dispute: Dispute,
    attempt_id: str,
    calls: Sequence[Call],
    *,
    refusal: GatewayRefused | None = None,
) -> None:
    _keep(session, dispute, attempt_id, calls)
    attempt = session.get_one(DisputeAttempt, attempt_id)
    if not attempt.is_open:  # somebody else brought the same answer
        return
    attempt.close(session, "refused" if refusal else "confirmed")
    summary = f"{attempt.noun.capitalize()} answered"
    if refusal is not None:
        attempt.refusal = {"status": refusal.status, "code": refusal.code, "detail": refusal.detail}
        summary = f"{attempt.noun.capitalize()} refused by the gateway: {refusal.detail}"
    add(
        session,
        Kind.ATTEMPT_CLOSED,
        attempt.id,
        summary,
        GATEWAY,
        order_id=dispute.order_id,
        payment_id=dispute.payment_id,
        cause=attempt.id,
        data={"outcome": attempt.outcome, "idempotency_key": attempt.idempotency_key},
    )


def _learn(session: Session, dispute: Dispute) -> None:
    """A cardholder who did not know of the payment says that it was fraud; a dispute that we won says that it was not.

    Inquiries teach nothing: no bank has believed the cardholder yet.
    """
    if dispute.reason == FRAUDULENT and dispute.is_chargeback:
        learn(session, dispute.payment_id, is_fraud=dispute.state != DisputeStatus.WON, source="dispute")


def _follow_order(session: Session, dispute: Dispute) -> None:
    """The order is disputed while any of its disputes is open; each change is a new version of it."""
    order = session.get_one(Order, dispute.order_id)
    session.flush()
    still_open = select(func.count()).where(Dispute.order_id == order.id, Dispute.status.in_(OPEN))
    order.disputed = bool(session.scalar(still_open))
    order.version += 1


def _tell_opened(session: Session, dispute: Dispute) -> None:
    order = session.get_one(Order, dispute.order_id)
    by = f"{dispute.respond_by:%d %b %Y, %H:%M} UTC"
    if dispute.is_chargeback:
        title = f"{dispute.amount} of order {order.reference} is disputed"
        detail = f"The money and a fee of {dispute.fee} have left. Answer by {by}, or it is lost."
    else:
        title = f"The bank asks about {dispute.amount} of order {order.reference}"
        detail = f"No money has moved. Answer by {by}, or refund it: an inquiry can become a chargeback."
    _tell(session, dispute, NoticeKind.DISPUTE_OPENED, title, detail, occasion=dispute.kind)


def _tell_closed(session: Session, dispute: Dispute) -> None:
    announce(session, dispute.order_id, f"order.dispute_{dispute.status}")
    order = session.get_one(Order, dispute.order_id)
    words = {
        DisputeStatus.WON: ("was won", f"{dispute.amount} came back."),
        DisputeStatus.LOST: ("was lost", f"{dispute.amount} and the fee of {dispute.fee} stay away."),
        DisputeStatus.ACCEPTED: ("was accepted", f"{dispute.amount} and the fee of {dispute.fee} stay away."),
        DisputeStatus.EXPIRED: ("was lost: nobody answered in time", f"{dispute.amount} and the fee stay away."),
        DisputeStatus.CLOSED: ("is closed", "The bank asks no further, and no money moved."),
    }[dispute.state]
    what = "dispute" if dispute.is_chargeback else "inquiry"
    title = f"The {what} over {dispute.amount} of order {order.reference} {words[0]}"
    _tell(session, dispute, NoticeKind.DISPUTE_CLOSED, title, words[1])


def _tell(session: Session, dispute: Dispute, kind: NoticeKind, title: str, detail: str, *, occasion: str = "") -> None:
    tell_operators(
        session,
        kind,
        dispute.id,
        title,
        detail=detail,
        occasion=occasion,
        order_id=dispute.order_id,
        payment_id=dispute.payment_id,
    )
