"""What is done by itself as the policy says: captures, the void of what was not authenticated, another try."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import structlog

from app import jobs
from app.db import transaction
from app.errors import GatewayRefused, GatewayUnavailable, RuleBroken
from app.notifications import NoticeKind, tell_operators
from app.payments.authorize import PaymentRequest, authorize_payment
from app.payments.capture import capture_payment
from app.payments.follow_up import CAPTURE_JOB, VOID_JOB
from app.payments.models import Payment, lock_payment
from app.payments.queries import get_payment
from app.payments.states import Operation
from app.payments.void import void_payment
from app.timeline import Kind, add
from app.timeline.actors import WORKER

log = structlog.get_logger("payments")

RETRY_JOB = "retry_declined"
_COMES_BACK = timedelta(seconds=15)
_PASSES = frozenset({"operation_in_progress", "gateway_outage"})
"""Refusals that end by themselves."""


@jobs.handler(CAPTURE_JOB)
def capture_by_policy(payload: dict[str, Any]) -> None:
    """Take what is held; who was quicker, or has released it, has decided."""
    payment_id = payload["payment"]
    try:
        capture_payment(payment_id, None, WORKER, final=True, request_key=f"policy:capture:{payment_id}")
    except RuleBroken as broken:
        _passes_or_ends(broken, payment_id)


@jobs.handler(VOID_JOB)
def void_unauthenticated(payload: dict[str, Any]) -> None:
    """Release a hold that the policy does not take without 3-D Secure."""
    payment_id = payload["payment"]
    try:
        void_payment(payment_id, WORKER, request_key=f"policy:void:{payment_id}")
    except RuleBroken as broken:
        _passes_or_ends(broken, payment_id)


def _passes_or_ends(broken: RuleBroken, payment_id: str) -> None:
    if broken.code in _PASSES:
        raise jobs.Retry(broken.detail, _COMES_BACK)
    log.info("nothing to be done by itself any more", payment=payment_id, reason=broken.detail)


@jobs.handler(RETRY_JOB)
def retry_declined(payload: dict[str, Any]) -> None:
    """Try a soft decline again where a new token can be had; else say that the customer may try again now."""
    payment = get_payment(payload["payment"])
    if payment.retry_at is None:
        return
    if payment.test_card is None:
        _close(payment, "The customer may try again now: a token pays once, so the card has to be given again.")
        return
    try:
        authorize_payment(payment.order_id, _again(payment), WORKER, request_key=f"policy:retry:{payment.id}")
    except RuleBroken as broken:
        if broken.code in _PASSES:
            raise jobs.Retry(broken.detail, _COMES_BACK) from broken
        _close(payment, f"Not tried again by itself: {broken.detail}")
        return
    except (GatewayUnavailable, GatewayRefused) as trouble:
        raise jobs.Retry(str(trouble), _COMES_BACK) from trouble
    _close(payment, None)


def _again(payment: Payment) -> PaymentRequest:
    first = next(attempt for attempt in payment.attempts if attempt.operation == Operation.AUTHORIZE)
    return PaymentRequest(
        test_card=payment.test_card,
        capture=payment.capture,
        return_url=first.request.get("return_url"),
        three_ds=first.request.get("three_ds"),
        retry_of=payment.id,
    )


def _close(payment: Payment, words: str | None) -> None:
    """The time has come and is over; with `words`, nothing could be done by ourselves."""
    with transaction() as session:
        locked = lock_payment(session, payment.id)
        if locked is None or locked.retry_at is None:
            return
        locked.retry_at = None
        if words is None:
            return
        told: dict[str, Any] = {"order_id": locked.order_id, "payment_id": locked.id}
        add(session, Kind.RETRY, locked.id, words, WORKER, cause=locked.id, **told)
        if locked.order.is_payable:
            title = f"Order {locked.order.reference} may be paid again"
            tell_operators(session, NoticeKind.RETRY_DUE, locked.id, title, detail=words, **told)
