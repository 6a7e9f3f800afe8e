"""Moments and durations: microseconds inside, RFC 3339 in UTC and ISO 8601 durations on the wire."""

import calendar
import re
import time
from datetime import UTC, datetime, timedelta

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EARLIEST_US = 946_684_800 * SECOND_US  # 2000-01-01
LATEST_US = 4_102_444_800 * SECOND_US  # 2100-01-01

_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_DURATION = re.compile(
    r"P(?!$)(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?!$)(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+(?:\.\d{1,6})?)S)?)?",
    re.ASCII,
)


def wall_us() -> int:
    return time.time_ns() // 1000


def to_wire(us: int) -> str:
    return (EPOCH + timedelta(microseconds=us)).isoformat(timespec="microseconds")[:26] + "Z"


def optional_to_wire(us: int | None) -> str | None:
    return None if us is None else to_wire(us)


def from_wire(text: str) -> int:
    """The microseconds of an RFC 3339 time; ValueError says what would be right."""
    wrong = "must be an RFC 3339 time such as 2026-11-23T09:30:00Z"
    if len(text) > 40 or not _TIME.fullmatch(text):
        raise ValueError(wrong)
    # Digits beyond the microsecond are cut off: the clock has none.
    text = re.sub(r"(\.\d{6})\d+", r"\1", text.upper())
    try:
        us = (datetime.fromisoformat(text) - EPOCH) // timedelta(microseconds=1)
    except (ValueError, OverflowError):
        raise ValueError(wrong) from None
    return us


def add_duration(us: int, text: str) -> int:
    """`us` moved on by an ISO 8601 duration, months and years the calendar's; ValueError says what would be right."""
    found = _DURATION.fullmatch(text) if len(text) <= 60 else None
    if found is None:
        raise ValueError("must be an ISO 8601 duration such as P7D or PT15M")
    parts = {name: value for name, value in found.groupdict().items() if value is not None}
    if any(len(value) > 18 for value in parts.values()):
        raise ValueError(_TOO_FAR)
    months = int(parts.get("years", 0)) * 12 + int(parts.get("months", 0))
    seconds, _, fraction = parts.get("seconds", "0").partition(".")
    exact = (
        (int(parts.get("weeks", 0)) * 7 + int(parts.get("days", 0))) * DAY_US
        + int(parts.get("hours", 0)) * HOUR_US
        + int(parts.get("minutes", 0)) * MINUTE_US
        + int(seconds) * SECOND_US
        + int(fraction.ljust(6, "0") or 0)
    )
    moved = (_add_months(us, months) if months else us) + exact
    if moved > LATEST_US:
        raise ValueError(_TOO_FAR)
    return moved


_TOO_FAR = "must end before the year 2100"


def _add_months(us: int, months: int) -> int:
    if months > 1200:
        raise ValueError(_TOO_FAR)
    at = EPOCH + timedelta(microseconds=us)
    month = at.month - 1 + months
    year, month = at.year + month // 12, month % 12 + 1
    day = min(at.day, calendar.monthrange(year, month)[1])
    return (at.replace(year=year, month=month, day=day) - EPOCH) // timedelta(microseconds=1)
