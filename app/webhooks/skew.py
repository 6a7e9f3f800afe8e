"""Whether our wall clock and the gateway's agree: signed deliveries are refused when they are too far apart."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from app.clock import ClockReading, wall_now
from app.db import transaction
from app.gateway.signature import TOLERANCE
from app.notifications import NoticeKind, tell_operators

ALARM_FROM = timedelta(seconds=60)
"""Clocks of two hosts that are kept in time differ by less than a second."""


def skew_of(session: Session) -> timedelta | None:
    """How far the gateway's clock is ahead of ours, where that is alarming; None where they agree."""
    reading = session.get(ClockReading, 1)
    if reading is None or reading.skew_seconds is None:
        return None
    skew = timedelta(seconds=reading.skew_seconds)
    return skew if abs(skew) >= ALARM_FROM else None


def watch_skew(skew_seconds: float | None) -> None:
    """Tell operators, once a day, that the clocks are apart."""
    if skew_seconds is None or abs(skew_seconds) < ALARM_FROM.total_seconds():
        return
    apart = f"{abs(skew_seconds):.0f} s {'behind' if skew_seconds > 0 else 'ahead of'}"
    with transaction() as session:
        tell_operators(
            session,
            NoticeKind.CLOCK_SKEW,
            "clock",
            f"This host's clock is {apart} the gateway's",
            detail=f"Webhooks are refused from {TOLERANCE.total_seconds():.0f} s on."
            " Set the clock by a time server (NTP).",
            occasion=f"{wall_now():%Y-%m-%d}",
        )
