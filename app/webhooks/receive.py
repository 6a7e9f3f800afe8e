"""Store a delivery once, then apply the event that it brings; what cannot be applied yet stays due."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import audit, jobs
from app.clock import wall_now
from app.customers.forget import Words, is_erased_address
from app.db import insert_if_absent, reading, transaction
from app.errors import GatewayRefused, GatewayUnavailable, NotFound
from app.gateway import GatewayEvent
from app.gateway.received import EventOutcome, WebhookEvent
from app.notifications import NoticeKind, tell_operators
from app.orders.models import Order
from app.payments.models import Payment
from app.timeline import Actor
from app.webhooks.dispatch import apply_event
from app.webhooks.storing import storable

log = structlog.get_logger("webhooks")

APPLY_JOB = "apply_webhook_event"
TRIES_AT_MOST = 6
"""An event that cannot be applied fails so often, a little later each time; then a person looks at it."""
_WORKER_TAKES_OVER_AFTER = timedelta(seconds=15)
_AGAIN_AFTER = timedelta(seconds=1)
_TEXT_AT_MOST = 64 * 1024


def receive(event_id: str, event: GatewayEvent, body: bytes, headers: Mapping[str, str] | None = None) -> bool:
    """Keep the event and apply it; True if it is new. A repeated delivery changes nothing.

    `headers` are those of a delivery; None for an event that was found in the gateway's list.
    """
    with transaction() as session:
        later = wall_now() + _WORKER_TAKES_OVER_AFTER
        if not store(session, event_id, event, body, headers, apply_at=later):
            known = update(WebhookEvent).where(WebhookEvent.id == event_id)
            session.execute(known.values(repeats=WebhookEvent.repeats + 1))
            return False
    try:
        apply_stored({"event": event_id})
    except Exception:
        log.exception("the event stays due", event_id=event_id)
        with transaction() as session:
            jobs.postpone(session, _job_key(event_id), wall_now() + _AGAIN_AFTER)
    return True


def store(
    session: Session,
    event_id: str,
    event: GatewayEvent,
    body: bytes,
    headers: Mapping[str, str] | None,
    *,
    apply_at: datetime | None = None,
) -> bool:
    """Keep an event in the caller's transaction, for a job to apply from `apply_at` on; False where it stands."""
    kept = storable(body)
    payment_id = kept["data"].get("id" if event.type.startswith("payment.") else "payment")
    raw = None if headers is None else body.decode(errors="replace").strip()[:_TEXT_AT_MOST]
    if "customer" in kept["data"] and _is_of_nobody(session, payment_id):
        kept, raw = Words((), ()).value(kept), None
    values = {
        "id": event_id,
        "type": kept["type"][:100],
        "gateway_payment_id": payment_id[:80] if isinstance(payment_id, str) else None,
        "body": kept,
        "received_at": wall_now(),
        "repeats": 0,
        "raw": raw,
        "headers": None if headers is None else dict(headers),
    }
    if not insert_if_absent(session, WebhookEvent.__table__, values):
        return False
    jobs.enqueue(session, APPLY_JOB, _job_key(event_id), {"event": event_id}, apply_at)
    return True


def _is_of_nobody(session: Session, gateway_id: Any) -> bool:
    """Whether it is of a customer who was erased: what comes late brings nobody back."""
    whose = select(Order.customer_email).join(Payment, Payment.order_id == Order.id)
    email = session.scalar(whose.where(Payment.gateway_id == gateway_id))
    return email is not None and is_erased_address(email)


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
        _note(stored, str(silence))
        raise jobs.Retry(str(silence)) from silence
    except (NotFound, GatewayRefused) as unknown:
        if isinstance(unknown, GatewayRefused) and unknown.status != 404:
            _note(stored, str(unknown))
            raise jobs.Retry(str(unknown)) from unknown
        outcome = EventOutcome.FOREIGN
    except Exception as error:
        if _note(stored, f"{type(error).__name__}: {error}", counts=True):
            log.exception("an event could not be applied and is left to a person", event_id=event_id)
            return
        raise
    with transaction() as session:
        mine = update(WebhookEvent).where(WebhookEvent.id == event_id)
        session.execute(
            mine.values(handled_at=wall_now(), outcome=outcome, last_error=None, tries=WebhookEvent.tries + 1)
        )
        jobs.finish(session, _job_key(event_id))


def replay(event_id: str, actor: Actor) -> WebhookEvent:
    """Apply a stored event again, now. Nothing moves twice: what is known already is stale. NotFound."""
    with transaction() as session:
        event = session.get(WebhookEvent, event_id, with_for_update=True)
        if event is None:
            raise NotFound(f"There is no webhook event {event_id}.")
        event.handled_at, event.outcome, event.last_error = None, EventOutcome.WAITING, None
        event.tries = min(event.tries, TRIES_AT_MOST - 1)  # one more that fails, and it is a person's again
        later = wall_now() + _WORKER_TAKES_OVER_AFTER
        jobs.enqueue(session, APPLY_JOB, _job_key(event_id), {"event": event_id}, later)
        audit.note(session, "webhook.applied", event_id, f"Had {event.type} applied again", actor)
    try:
        apply_stored({"event": event_id})
    except jobs.Retry:
        log.warning("the replayed event stays due", event_id=event_id)
    except Exception:
        log.exception("the replayed event stays due", event_id=event_id)
    with reading() as session:
        return session.get_one(WebhookEvent, event_id)


def _job_key(event_id: str) -> str:
    return f"webhook:{event_id}"


def _note(stored: WebhookEvent, error: str, *, counts: bool = False) -> bool:
    """Keep why it could not be applied; True if that was the last try, and operators were told."""
    is_last = counts and stored.tries + 1 >= TRIES_AT_MOST
    with transaction() as session:
        mine = update(WebhookEvent).where(WebhookEvent.id == stored.id)
        session.execute(mine.values(last_error=error[:2000], tries=WebhookEvent.tries + int(counts)))
        if is_last:
            session.execute(mine.values(handled_at=wall_now(), outcome=EventOutcome.FAILED))
            jobs.finish(session, _job_key(stored.id))
            tell_operators(
                session,
                NoticeKind.EVENT_FAILED,
                stored.id,
                f"The event {stored.type} could not be applied",
                detail=f"It was tried {stored.tries + 1} times. The last time: {error}",
                occasion=str(stored.tries + 1),
            )
    return is_last
