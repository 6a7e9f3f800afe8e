"""Settle what is open by asking: attempts without an answer under their key, payments by their id."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import selectinload

from app import jobs
from app.db import reading
from app.errors import NotFound, RuleBroken
from app.gateway import gateway
from app.payments.ask import carry_out
from app.payments.models import RESOLVE_JOB, Attempt, Payment
from app.payments.queries import get_payment
from app.payments.record import ASK_AGAIN_AFTER, record_gateway_payment
from app.timeline import Actor
from app.timeline.actors import GATEWAY


@jobs.handler(RESOLVE_JOB)
def resolve_attempt(payload: dict[str, Any]) -> None:
    """Ask again, with the same key, what has no answer; asked until there is one."""
    with reading() as session:
        attempt = session.get(Attempt, payload["attempt"], options=[selectinload(Attempt.payment)])
    if attempt is None or not attempt.is_open:
        return
    try:
        payment = carry_out(attempt)
    except RuleBroken:
        return  # refused: that is an answer, and it is recorded
    standing = next(one for one in payment.attempts if one.id == attempt.id)
    if standing.is_open:
        raise jobs.Retry(standing.last_error or "no answer", ASK_AGAIN_AFTER)


def sync_payment(payment_id: str, actor: Actor = GATEWAY, cause: str | None = None) -> Payment:
    """Ask the gateway what the payment is now, and record it. Raises NotFound, GatewayUnavailable."""
    payment = get_payment(payment_id)
    if payment.gateway_id is None:
        attempt = payment.open_attempt_now()
        return carry_out(attempt) if attempt is not None else payment
    return record_gateway_payment(gateway().get_payment(payment.gateway_id), actor=actor, cause=cause)


def sync_gateway_payment(gateway_id: str, cause: str | None = None) -> Payment:
    """The same, for a payment known by the gateway's id, as events about refunds name it."""
    told = gateway().get_payment(gateway_id)
    if not told.metadata.get("payment"):
        raise NotFound(f"{gateway_id} was not begun by us.")
    return record_gateway_payment(told, cause=cause)
