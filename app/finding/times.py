"""Stretches of time that move on with the account's clock: `7d` (whole UTC days, today counted), `24h`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta

_RELATIVE = re.compile(r"^([1-9][0-9]{0,3})(d|h)$", re.ASCII)
HELP = "Write a time like 24h or 7d."
USUAL = {"24h": "Last 24 hours", "1d": "Today", "7d": "Last 7 days", "30d": "Last 30 days", "90d": "Last 90 days"}


def words_for(text: str) -> str:
    """`7d` as people say it."""
    found = _RELATIVE.match(text)
    if text in USUAL or found is None:
        return USUAL.get(text, text)
    unit = "day" if found[2] == "d" else "hour"
    return f"Last {found[1]} {unit}{'s' if found[1] != '1' else ''}"


def begin_of(text: str, now: datetime) -> datetime:
    """When the stretch began, as seen at `now`; ValueError says what would be right."""
    found = _RELATIVE.match(text)
    if found is None:
        raise ValueError(HELP)
    number = int(found[1])
    if found[2] == "h":
        return now - timedelta(hours=number)
    return datetime.combine(now.astimezone(UTC).date(), time(), UTC) - timedelta(days=number - 1)
