"""Store a delivery once, then apply the event that it brings; what cannot be applied yet stays due."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import update

from app import jobs
from app.clock import wall_now
from app.db import insert_if_absent, reading, transaction
from app.errors import GatewayUnavailable, NotFound
from app.gateway import GatewayEvent
from app.gateway.received import WebhookEvent
from app.webhooks.dispatch import apply_event

log = structlog.get_logger("webhooks")

APPLY_JOB = "apply_webhook_event"
_WORKER_TAKES_OVER_AFTER = timedelta(seconds=15)


def receive(event_id: str, event: GatewayEvent, body: bytes) -> bool:
    """Keep the event and apply it; True if it is new. A repeated delivery changes nothing."""
    payment_id = event.data.get("payment") if event.type.startswith("refund.") else event.data.get("id")
    values = {
        "id": event_id,
        "type": event.type[:100],
        "gateway_payment_id": payment_id[:80] if isinstance(payment_id, str) else None,
        "body": json.loads(body),
        "received_at": wall_now(),
        "repeats": 0,
    }
    with transaction() as session:
        is_new = insert_if_absent(session, WebhookEvent.__table__, values)
        if not is_new:
            known = update(WebhookEvent).where(WebhookEvent.id == event_id)
            session.execute(known.values(repeats=WebhookEvent.repeats + 1))
            return False
        later = wall_now() + _WORKER_TAKES_OVER_AFTER
        jobs.enqueue(session, APPLY_JOB, f"webhook:{event_id}", {"event": event_id}, later)
    try:
        apply_stored({"event": event_id})
    except Exception:
        log.exception("the event stays due", event_id=event_id)
    return True


@jobs.handler(APPLY_JOB)
def apply_stored(payload: dict[str, Any]) -> None:
    """Apply a stored event once; a poisoned one fails alone, the others go on."""
    event_id = payload["event"]
    with reading() as session:
        stored = session.get(WebhookEvent, event_id)
    if stored is None or stored.handled_at is not None:
        return
    try:
        outcome = apply_event(event_id, GatewayEvent.model_validate(stored.body))
    except GatewayUnavailable as silence:
        _note(event_id, str(silence))
        raise jobs.Retry(str(silence)) from silence
    except NotFound:
        outcome = "foreign"
    except Exception as error:
        _note(event_id, f"{type(error).__name__}: {error}")
        raise
    with transaction() as session:
        mine = update(WebhookEvent).where(WebhookEvent.id == event_id)
        session.execute(mine.values(handled_at=wall_now(), outcome=outcome, last_error=None))
        jobs.finish(session, f"webhook:{event_id}")


def _note(event_id: str, error: str) -> None:
    with transaction() as session:
        mine = update(WebhookEvent).where(WebhookEvent.id == event_id)
        session.execute(mine.values(last_error=error[:2000]))
