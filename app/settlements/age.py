"""How old a break is, in days of the account's clock, and the bands by which desks ask for it."""

from __future__ import annotations

from datetime import datetime, timedelta

from app.filters import account_now
from app.settlements.models import Break
from app.settlements.states import BreakStatus

_BANDS = {"0-1": (0, 2), "2-7": (2, 8), "8-30": (8, 31), "31": (31, 36_500)}
"""From so many whole days on, to fewer than so many."""
AGES = {"0-1": "Up to 1 day", "2-7": "2 to 7 days", "8-30": "8 to 30 days", "31": "Over 30 days"}


def age_of(one: Break) -> int:
    """Whole days since it was first seen, until it ended."""
    ended = one.resolved_at if one.status != BreakStatus.OPEN and one.resolved_at else account_now()
    return max(0, (ended - one.created_at).days)


def between_of(band: str, now: datetime) -> tuple[datetime, datetime]:
    """After which moment, and until which, a break was first seen that is so old now."""
    least, less_than = _BANDS[band]
    return now - timedelta(days=less_than), now - timedelta(days=least)
