"""Reading the timeline."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.timeline.models import Entry, Kind


def of_order(session: Session, order_id: str) -> Sequence[Entry]:
    """Everything about an order and its payments, newest first."""
    return session.scalars(select(Entry).where(Entry.order_id == order_id).order_by(Entry.id.desc())).all()


def was_caused_by(session: Session, order_id: str, cause: str | None) -> bool:
    """Whether the cause has changed something about the order already."""
    same = select(Entry.id).where(Entry.order_id == order_id, Entry.cause == cause).limit(1)
    return cause is not None and session.scalars(same).first() is not None


def payment_changed_by(session: Session, order_id: str, cause: str | None) -> str | None:
    """The payment of the order whose status the cause has set, if it has."""
    same = select(Entry.payment_id).where(
        Entry.order_id == order_id, Entry.cause == cause, Entry.kind == Kind.PAYMENT_STATUS
    )
    return session.scalar(same.limit(1)) if cause is not None else None


def latest_of_payment(session: Session, payment_id: str, kind: Kind) -> Entry | None:
    """The newest entry of a kind about a payment."""
    wanted = select(Entry).where(Entry.payment_id == payment_id, Entry.kind == kind)
    return session.scalars(wanted.order_by(Entry.id.desc()).limit(1)).first()


def caused_by(session: Session, order_id: str, cause: str) -> Sequence[Entry]:
    """What the cause has changed about the order, the oldest first."""
    wanted = select(Entry).where(Entry.order_id == order_id, Entry.cause == cause)
    return session.scalars(wanted.order_by(Entry.id)).all()


def latest(session: Session, limit: int = 20) -> Sequence[Entry]:
    """The newest entries of all, newest first."""
    return session.scalars(select(Entry).order_by(Entry.id.desc()).limit(limit)).all()
