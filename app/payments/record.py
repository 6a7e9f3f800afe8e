"""One place records what the gateway says; every answer and every webhook ends here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import jobs
from app.clock import wall_now
from app.db import transaction
from app.errors import GatewayRefused, NotFound
from app.gateway import GatewayPayment
from app.gateway.breaker import CircuitOpen
from app.gateway.calls import Call, GatewayCall
from app.orders.models import Order
from app.orders.shipments import write_shipment
from app.orders.states import ORDER, OrderStatus
from app.payments.attempts import Attempt
from app.payments.follow_up import follow_up
from app.payments.models import Payment, lock_payment
from app.payments.screen import learn_of_refunds
from app.payments.states import ORDER_STATUS, Operation, PaymentStatus
from app.timeline import Actor, Kind, add
from app.timeline.actors import GATEWAY

ASK_AGAIN_AFTER = timedelta(seconds=2)


def find_payment(session: Session, told: GatewayPayment) -> Payment:
    """Ours, by the gateway's id or by the id that we sent along (an event may come before the answer); locked."""
    payment_id = session.scalar(select(Payment.id).where(Payment.gateway_id == told.id))
    payment = lock_payment(session, payment_id or told.metadata.get("payment", ""))
    if payment is None:
        raise NotFound(f"No payment of ours is the gateway's {told.id}.")
    return payment


def record_gateway_payment(
    told: GatewayPayment,
    *,
    attempt: Attempt | None = None,
    result_id: str | None = None,
    calls: Sequence[Call] = (),
    refusal: GatewayRefused | None = None,
    actor: Actor = GATEWAY,
    cause: str | None = None,
) -> Payment:
    """Take the gateway's word into payment, order and timeline, and close the attempt that it answers.

    `refusal`: the answer tells that what was asked for has failed.
    """
    with transaction() as session:
        payment = lock_payment(session, attempt.payment_id) if attempt else find_payment(session, told)
        assert payment is not None, "an attempt has its payment"
        asked = attempt or payment.open_attempt_now()
        if asked is not None:  # an event that overtakes the answer tells of the same act
            actor, cause = asked.actor, cause or asked.id
            if attempt is None and asked.unanswered_at is not None:
                jobs.postpone(session, asked.job_key, wall_now())  # it may be known by this
        before = payment.state
        if payment.follow(session, told, actor, cause):
            follow_up(session, payment, before)
            learn_of_refunds(session, payment)
        if attempt is not None:
            keep_calls(session, payment, attempt.id, calls)
            close_attempt(session, payment, attempt.id, result_id=result_id, refusal=refusal)
        follow_payment(session, payment, actor, cause)
    return payment


def record_refusal(attempt: Attempt, refusal: GatewayRefused, calls: Sequence[Call]) -> Payment:
    """The gateway says that the request was wrong: nothing was done, the attempt is closed with the reason."""
    with transaction() as session:
        payment = lock_payment(session, attempt.payment_id)
        assert payment is not None, "an attempt has its payment"
        keep_calls(session, payment, attempt.id, calls)
        close_attempt(session, payment, attempt.id, refusal=refusal)
        if attempt.operation == Operation.AUTHORIZE and payment.state == PaymentStatus.UNKNOWN:
            payment.fail(session, f"{refusal.code}: {refusal.detail}", GATEWAY, attempt.id)
        follow_payment(session, payment, GATEWAY, attempt.id)
    return payment


def record_silence(attempt: Attempt, reason: str, calls: Sequence[Call]) -> Payment:
    """No answer: the attempt stays open, the order shows an unknown outcome until the worker has asked again."""
    with transaction() as session:
        payment = lock_payment(session, attempt.payment_id)
        assert payment is not None, "an attempt has its payment"
        standing = session.get_one(Attempt, attempt.id)
        keep_calls(session, payment, attempt.id, calls)
        if standing.is_open:
            standing.last_error = reason[:2000]
            jobs.postpone(session, standing.job_key, wall_now() + ASK_AGAIN_AFTER)
            if standing.unanswered_at is None:
                standing.unanswered_at = wall_now()
                add(
                    session,
                    Kind.ATTEMPT_UNANSWERED,
                    attempt.id,
                    f"No answer to the {Operation(standing.operation).noun}: whether it was done is not known."
                    " It is asked again with the same idempotency key.",
                    GATEWAY,
                    order_id=payment.order_id,
                    payment_id=payment.id,
                    cause=attempt.id,
                    data={"error": reason[:500], "idempotency_key": standing.idempotency_key},
                )
        follow_payment(session, payment, GATEWAY, attempt.id)
    return payment


def record_waiting(attempt: Attempt, circuit: CircuitOpen) -> Payment:
    """It was not sent at all, for the gateway does not answer to its kind now: it waits, and is sent later."""
    with transaction() as session:
        payment = lock_payment(session, attempt.payment_id)
        assert payment is not None, "an attempt has its payment"
        standing = session.get_one(Attempt, attempt.id)
        if standing.is_open:
            standing.last_error = str(circuit)
            jobs.postpone(session, standing.job_key, circuit.probe_at)
            standing.begun_at = None
            if standing.waits_since is None:
                standing.waits_since = wall_now()
                payment.order.change(session)  # pages that show it look again
    return payment


def keep_calls(session: Session, payment: Payment, attempt_id: str, calls: Sequence[Call]) -> None:
    """Write down the calls that were made for an attempt."""
    for call in calls:
        session.add(
            GatewayCall(order_id=payment.order_id, payment_id=payment.id, attempt_id=attempt_id, **call.__dict__)
        )


def close_attempt(
    session: Session,
    payment: Payment,
    attempt_id: str,
    *,
    result_id: str | None = None,
    refusal: GatewayRefused | None = None,
    note: str = "",
) -> None:
    """The attempt's answer is known: what it was, and what was to follow it; `note` says how it is known."""
    attempt = session.get_one(Attempt, attempt_id)
    if not attempt.is_open:  # somebody else brought the same answer
        return
    noun = Operation(attempt.operation).noun.capitalize()
    attempt.close(session, "refused" if refusal else "confirmed", result_id=result_id)
    if refusal is not None:
        attempt.refusal = {"status": refusal.status, "code": refusal.code, "detail": refusal.detail}
        summary = f"{noun} refused by the gateway: {refusal.detail}"
    else:
        summary = note or f"{noun} answered"
        if attempt.then_ship is not None:
            write_shipment(session, payment.order, attempt.then_ship, attempt.actor, attempt.id)
    add(
        session,
        Kind.ATTEMPT_CLOSED,
        attempt.id,
        summary,
        GATEWAY,
        order_id=payment.order_id,
        payment_id=payment.id,
        cause=attempt.id,
        data={"outcome": attempt.outcome, "idempotency_key": attempt.idempotency_key},
    )


def follow_payment(session: Session, payment: Payment, actor: Actor, cause: str | None) -> None:
    """Bring the order in line with its newest payment: status and amounts."""
    order = payment.order
    newest = session.scalars(
        select(Payment).where(Payment.order_id == order.id).order_by(Payment.created_at.desc(), Payment.id.desc())
    ).first()
    if newest is not None and newest.id != payment.id:
        return  # an older try: what it tells no longer moves the order
    before = (order.status, order.amount_authorized_minor, order.amount_captured_minor, order.amount_refunded_minor)
    order.amount_captured_minor = payment.amount_captured_minor
    order.amount_refunded_minor = payment.amount_refunded_minor
    order.amount_authorized_minor = payment.amount_captured_minor + payment.amount_capturable_minor
    order.card_network, order.card_last4 = payment.card_network, payment.card_last4
    order.decline_code = payment.decline_code
    order.follow(session, status_for(order, payment), actor, cause)
    if before != (
        order.status,
        order.amount_authorized_minor,
        order.amount_captured_minor,
        order.amount_refunded_minor,
    ):
        order.change(session)


def status_for(order: Order, payment: Payment) -> OrderStatus:
    """What the order's newest payment makes of the order."""
    if ORDER.is_final(order.state):
        return order.state
    attempt = payment.open_attempt_now()
    if payment.discrepancy is not None and (not payment.is_over or payment.state == PaymentStatus.FAILED):
        return OrderStatus.PAYMENT_UNKNOWN  # what failed by our word alone may hold money at the gateway
    if attempt is not None and attempt.unanswered_at is not None:
        return OrderStatus.PAYMENT_UNKNOWN
    if attempt is not None and payment.state == PaymentStatus.UNKNOWN:
        return order.state  # being asked right now; only silence makes it unknown
    if payment.shown_status == OrderStatus.IN_REVIEW:
        return OrderStatus.IN_REVIEW
    if payment.state == PaymentStatus.VOIDED:
        if payment.failure is not None:
            return OrderStatus.PAYMENT_FAILED
        reasons = [
            attempt.then_cancel for attempt in payment.attempts if attempt.then_cancel and attempt.outcome != "refused"
        ]
        if reasons:
            order.cancel_reason = reasons[-1]
            return OrderStatus.CANCELED
    return ORDER_STATUS[payment.state]
