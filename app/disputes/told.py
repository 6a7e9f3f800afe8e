"""A dispute's own timeline, out of its order's."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.disputes.models import Dispute
from app.gateway.received import WebhookEvent
from app.payments.acts import Act, tell
from app.payments.queries import calls_of_order, events_of
from app.timeline import queries as timeline


def acts_of(session: Session, dispute: Dispute) -> list[Act]:
    """Everything that happened to it, one act after the other, newest first."""
    webhooks = [event for event in events_of(session, [dispute.payment]) if _is_about(event, dispute)]
    attempts = {attempt.id: (attempt, dispute.payment) for attempt in dispute.attempts}
    about = {dispute.id, *attempts}
    causes = {*attempts, *(event.id for event in webhooks)}
    entries = [
        entry
        for entry in timeline.of_order(session, dispute.order_id)
        if entry.subject_id in about or entry.cause in causes
    ]
    calls = [call for call in calls_of_order(session, dispute.order_id) if call.attempt_id in attempts]
    return tell(entries, [], calls, webhooks, attempts)


def _is_about(event: WebhookEvent, dispute: Dispute) -> bool:
    return (event.body.get("data") or {}).get("id") == dispute.id
