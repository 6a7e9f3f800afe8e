"""Reading the timeline."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.timeline.models import Entry


def of_order(session: Session, order_id: str) -> Sequence[Entry]:
    """Everything about an order and its payments, newest first."""
    return session.scalars(select(Entry).where(Entry.order_id == order_id).order_by(Entry.id.desc())).all()


def was_caused_by(session: Session, order_id: str, cause: str | None) -> bool:
    """Whether the cause has changed something about the order already."""
    same = select(Entry.id).where(Entry.order_id == order_id, Entry.cause == cause).limit(1)
    return cause is not None and session.scalars(same).first() is not None


def latest(session: Session, limit: int = 20) -> Sequence[Entry]:
    """The newest entries of all, newest first."""
    return session.scalars(select(Entry).order_by(Entry.id.desc()).limit(limit)).all()
