"""The one way an entry comes to be."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.clock import business_now, wall_now
from app.timeline.actors import Actor
from app.timeline.models import Entry, Kind

CHANNEL = "timeline"
"""Where PostgreSQL wakes those who listen for new entries. It only saves them a wait: what is new, they read."""
_WAKE = select(func.pg_notify(CHANNEL, ""))


def add(
    session: Session,
    kind: Kind,
    subject_id: str,
    summary: str,
    actor: Actor,
    *,
    order_id: str | None = None,
    payment_id: str | None = None,
    from_status: str | None = None,
    to_status: str | None = None,
    cause: str | None = None,
    data: dict[str, Any] | None = None,
) -> Entry:
    """Write one entry in the caller's transaction, dated now by both clocks."""
    entry = Entry(
        kind=kind,
        order_id=order_id,
        payment_id=payment_id,
        subject_id=subject_id,
        from_status=from_status,
        to_status=to_status,
        summary=summary[:500],
        cause=cause,
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_name=actor.name[:200],
        data=data or {},
        at=business_now(session),
        recorded_at=wall_now(),
    )
    session.add(entry)
    _wake_listeners(session)
    return entry


def _wake_listeners(session: Session) -> None:
    """Have them woken by this transaction's commit; once is enough."""
    connection = session.connection()
    if connection.dialect.name == "postgresql" and session.info.get(CHANNEL) is not connection:
        connection.execute(_WAKE)
        session.info[CHANNEL] = connection
