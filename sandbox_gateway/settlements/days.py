"""Days of the account's clock as whole numbers (since 1970-01-01, UTC), their names, and which of them banks work on.

Monday to Friday are business days. Holidays differ by country and year, so there are none: tests stay plain.
"""

from datetime import timedelta

from sandbox_gateway.times import DAY_US, EPOCH

_SATURDAY = 5
_WEEKDAY_OF_DAY_0 = 3  # a Thursday


def day_of(us: int) -> int:
    return us // DAY_US


def start_of(day: int) -> int:
    """The day's first moment in microseconds."""
    return day * DAY_US


def date_of(day: int) -> str:
    """`2026-03-02`."""
    return (EPOCH + timedelta(days=day)).date().isoformat()


def add_business_days(day: int, count: int) -> int:
    """The day `count` business days after `day`; for 0 the day itself, or the first business day after a weekend."""
    while count > 0 or not _is_business_day(day):
        day += 1
        count -= _is_business_day(day)
    return day


def _is_business_day(day: int) -> bool:
    return (day + _WEEKDAY_OF_DAY_0) % 7 < _SATURDAY
