"""Two clocks: the wall's, for sessions and leases; the sandbox account's, for everything of the business."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.db import Base

_OVERTAKEN_WITHIN = timedelta(minutes=1)
"""A question asked this much earlier was overtaken; asked later still, the wall clock itself was set back."""


def wall_now() -> datetime:
    """The wall clock, UTC."""
    return datetime.now(UTC)


class ClockReading(Base):
    """What the gateway last said of the account's clock: one row, shared by every process."""

    __tablename__ = "clock_readings"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    offset_seconds: Mapped[float]
    frozen_at: Mapped[datetime | None]
    read_at: Mapped[datetime]


def business_now(session: Session) -> datetime:
    """The account's time by the last reading; the wall clock before the first."""
    reading = session.get(ClockReading, 1)
    if reading is None:
        return wall_now()
    return reading.frozen_at or wall_now() + timedelta(seconds=reading.offset_seconds)


def store_reading(session: Session, account_time: datetime, *, frozen: bool, asked_at: datetime) -> None:
    """Keep what the gateway said; `account_time` was true at this instant.

    Dropped where somebody asked after `asked_at` and was answered first: the clock may have been moved between.
    """
    now = wall_now()
    reading = session.get(ClockReading, 1, with_for_update=True)
    if reading is None:
        reading = ClockReading(id=1)
        session.add(reading)
    elif timedelta(0) < reading.read_at - asked_at < _OVERTAKEN_WITHIN:
        return
    reading.offset_seconds = (account_time - now).total_seconds()
    reading.frozen_at = account_time if frozen else None
    reading.read_at = asked_at
