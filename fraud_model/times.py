"""Spans of time in milliseconds, the one unit in here: whole numbers, so that batch and online agree."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

HOUR: Final = 3_600_000
DAY: Final = 24 * HOUR

KEPT: Final = 45 * DAY
"""No feature reads what is older."""

CLEARED_AFTER: Final = 7 * DAY
"""So long without a complaint, and a payment counts as genuine until one comes."""

FORGOTTEN: Final = 2 * KEPT
"""A party silent for so long has nothing left that a feature would read."""

MARKS_KEPT: Final = 120 * DAY
"""Complaints come that late at most."""

WARM_UP: Final = 120 * DAY
"""A history replayed from so far back is the same as one that never ended: what is kept bears marks of amounts that
were unusual when they came, and those were measured by the 45 days before them."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def milliseconds(moment: datetime) -> int:
    """Since 1970, rounded down."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def moment_of(at: int) -> datetime:
    """The time as others write it."""
    return _EPOCH + timedelta(milliseconds=at)
