"""Reading the timeline."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.timeline.models import Entry


def of_order(session: Session, order_id: str) -> Sequence[Entry]:
    """Everything about an order and its payments, newest first."""
    return session.scalars(select(Entry).where(Entry.order_id == order_id).order_by(Entry.id.desc())).all()


def latest(session: Session, limit: int = 20) -> Sequence[Entry]:
    """The newest entries of all, newest first."""
    return session.scalars(select(Entry).order_by(Entry.id.desc()).limit(limit)).all()
