"""The one way an entry comes to be."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from app import audit
from app.clock import business_now, wall_now
from app.timeline.actors import Actor, ActorKind
from app.timeline.models import Entry, Kind
from app.timeline.wake import wake_listeners

_ACCOUNTABLE = frozenset({ActorKind.OPERATOR, ActorKind.ORDER_SERVICE, ActorKind.TERMINAL})
_CONSEQUENCES = frozenset(
    {
        Kind.PAYMENT_STATUS,
        Kind.REFUND_STATUS,
        Kind.ATTEMPT_CLOSED,
        Kind.ATTEMPT_UNANSWERED,
        Kind.WEBHOOK,
        Kind.DISCREPANCY,
    }
)
"""What an act brings; the act itself has an entry of its own."""


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
    if _is_act(entry, actor):
        audit.note(
            session,
            entry.kind,
            subject_id,
            entry.summary,
            actor,
            before={"status": from_status} if from_status else None,
            after=_after(entry),
            reason=entry.data.get("reason") or entry.data.get("note"),
        )
    wake_listeners(session)
    return entry


def _is_act(entry: Entry, actor: Actor) -> bool:
    """Whether somebody who answers for it did it; a status of an order follows from an attempt, or is set by hand."""
    if actor.kind not in _ACCOUNTABLE or entry.kind in _CONSEQUENCES:
        return False
    return entry.kind != Kind.ORDER_STATUS or not (entry.cause or "").startswith(("att_", "evt_"))


def _after(entry: Entry) -> dict[str, Any]:
    told = {"status": entry.to_status, "order": entry.order_id, "payment": entry.payment_id, **entry.data}
    return {name: value for name, value in told.items() if value is not None}
