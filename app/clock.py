"""Two clocks: the wall's, for sessions and leases; the sandbox account's, for everything of the business."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.db import Base

_OVERTAKEN_WITHIN = timedelta(minutes=1)
"""A question asked this much earlier was overtaken; asked later still, the wall clock itself was set back."""
_READING = "clock_reading"


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
    skew_seconds: Mapped[float | None]
    """How far the gateway's wall clock is ahead of ours, by the Date of its answer; None where it sent none."""


def business_now(session: Session) -> datetime:
    """The account's time by the last reading; the wall clock before the first."""
    reading = session.get(ClockReading, 1)
    if reading is None:
        return wall_now()
    session.info[_READING] = reading  # a session forgets a row that nobody holds, and would read it for every entry
    return reading.frozen_at or wall_now() + timedelta(seconds=reading.offset_seconds)


def store_reading(
    session: Session,
    account_time: datetime,
    *,
    frozen: bool,
    asked_at: datetime,
    answered_at: datetime | None = None,
    skew_seconds: float | None = None,
) -> None:
    """Keep what the gateway said; `account_time` was true between `asked_at` and `answered_at` (or now).

    A live clock that may well be where it was taken to be stays there: a slow answer does not set time back.
    Dropped where somebody asked after `asked_at` and was answered first: the clock may have been moved between.
    """
    answered_at = wall_now() if answered_at is None else answered_at
    reading = session.get(ClockReading, 1, with_for_update=True, populate_existing=True)
    if reading is None:
        reading = ClockReading(id=1)
        session.add(reading)
        is_where_it_was = False
    elif timedelta(0) < reading.read_at - asked_at < _OVERTAKEN_WITHIN:
        return
    else:
        then = account_time - timedelta(seconds=reading.offset_seconds)
        is_where_it_was = reading.frozen_at is None and not frozen and asked_at <= then <= answered_at
    if not is_where_it_was:
        reading.offset_seconds = (account_time - asked_at - (answered_at - asked_at) / 2).total_seconds()
    reading.frozen_at = account_time if frozen else None
    reading.read_at = asked_at
    if skew_seconds is not None:
        reading.skew_seconds = skew_seconds
