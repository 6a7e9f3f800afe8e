"""Hear of disputes: from events, by asking, and by looking at those whose deadline nears or has passed."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from sqlalchemy import select

from app.clock import business_now
from app.db import reading, transaction
from app.disputes.models import Dispute, lock_dispute
from app.disputes.queries import get_dispute
from app.disputes.record import record_gateway_dispute
from app.disputes.states import DisputeStatus
from app.errors import GatewayRefused, GatewayUnavailable
from app.gateway import GatewayDispute, gateway
from app.notifications import NoticeKind, tell_operators
from app.payments.sync import sync_gateway_payment
from app.timeline import Actor
from app.timeline.actors import GATEWAY

log = structlog.get_logger("disputes")

WARNINGS = (timedelta(days=1), timedelta(days=3))
"""How long before the deadline operators are warned, the last warning first."""
_ASK_AT_ONCE = 20


def hear_of_dispute(told: GatewayDispute, cause: str | None = None) -> int:
    """Take an event's word; the version that we know then. NotFound where the payment is not ours.

    No event tells of the payment's counters, which a dispute changes, so the payment is asked for.
    """
    with reading() as session:
        known = session.get(Dispute, told.id)
    if known is not None and known.version >= told.version:
        return known.version
    sync_gateway_payment(told.payment, cause=cause)
    return record_gateway_dispute(told, cause=cause).version


def sync_dispute(dispute_id: str, actor: Actor = GATEWAY, cause: str | None = None) -> Dispute:
    """Ask the gateway what the dispute is now, and record it. Raises NotFound, GatewayUnavailable."""
    dispute = get_dispute(dispute_id)
    told = gateway().get_dispute(dispute.id)
    if told.version > dispute.version:
        sync_gateway_payment(told.payment, cause=cause)
        record_gateway_dispute(told, actor=actor, cause=cause)
    return get_dispute(dispute_id)


def look_at_deadlines() -> None:
    """Warn of deadlines that near, by the account's clock, and ask about those that passed in silence."""
    with reading() as session:
        now = business_now(session)
        near = select(Dispute).where(
            Dispute.status == DisputeStatus.NEEDS_RESPONSE, Dispute.respond_by < now + max(WARNINGS)
        )
        pressing = session.scalars(near.order_by(Dispute.respond_by, Dispute.id).limit(_ASK_AT_ONCE * 10)).all()
    for dispute in pressing:
        if dispute.warned_of != _warning(dispute, now) and dispute.respond_by > now:
            _warn(dispute.id, now)
    for dispute in [one for one in pressing if one.respond_by <= now][:_ASK_AT_ONCE]:
        try:
            sync_dispute(dispute.id, cause="its deadline has passed")
        except (GatewayUnavailable, GatewayRefused) as error:
            log.warning("a dispute could not be asked about", dispute=dispute.id, reason=str(error))
            return


def _warning(dispute: Dispute, now: datetime) -> str:
    left = next(one for one in WARNINGS if dispute.respond_by < now + one)
    return f"{left.days}d before {dispute.respond_by.isoformat()}"


def _warn(dispute_id: str, now: datetime) -> None:
    with transaction() as session:
        dispute = lock_dispute(session, dispute_id)
        if dispute is None or not dispute.needs_response or not now < dispute.respond_by < now + max(WARNINGS):
            return
        dispute.warned_of = _warning(dispute, now)
        hours = int((dispute.respond_by - now).total_seconds() // 3600)
        left = f"{hours // 24} days" if hours >= 48 else f"{hours} hours"
        tell_operators(
            session,
            NoticeKind.DISPUTE_DUE,
            dispute.id,
            f"{left} left to answer the dispute over {dispute.amount} of order {dispute.order.reference}",
            detail=f"Without an answer by {dispute.respond_by:%d %b %Y, %H:%M} UTC it is lost."
            if dispute.is_chargeback
            else "The bank awaits an answer to its inquiry.",
            occasion=dispute.warned_of,
            order_id=dispute.order_id,
            payment_id=dispute.payment_id,
        )
