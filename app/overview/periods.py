"""Stretches of the account's time: whole UTC days, today as far as it has come, and the same number before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property

from app.errors import InvalidInput

LENGTHS = {7: "7 days", 30: "30 days", 90: "90 days"}
USUAL = 30
LONGEST = 366
MOST_DRAWN = 92
"""So many days a chart has room for: a quarter of a year."""
_DAY = timedelta(days=1)


def midnight(day: date) -> datetime:
    """When a UTC day begins."""
    return datetime.combine(day, time(), UTC)


@dataclass(frozen=True)
class Span:
    """From `begin` up to `end`, which it leaves out."""

    begin: datetime
    end: datetime

    @property
    def days(self) -> list[date]:
        """Every UTC day that it touches, the first one first."""
        number = (self.end - timedelta(microseconds=1)).date() - self.begin.date()
        return [self.begin.date() + _DAY * at for at in range(number.days + 1)]

    @property
    def last(self) -> datetime:
        """When the last day that it touches began."""
        return midnight(self.days[-1])

    @property
    def is_whole(self) -> bool:
        """Whether it ends with the end of a day."""
        return self.end.time() == time()

    @property
    def args(self) -> dict[str, str]:
        """The span as an address says it."""
        first, last = self.days[0], self.days[-1]
        if not self.is_whole:
            return {"since": f"{first}", "until": f"{self.end:%Y-%m-%dT%H:%M:%S}Z"}
        return {"day": f"{first}"} if first == last else {"since": f"{first}", "until": f"{last}"}

    def part(self, day: date) -> Span:
        """One day of it, as far as the span goes."""
        return Span(max(self.begin, midnight(day)), min(self.end, midnight(day + _DAY)))


@dataclass(frozen=True)
class Period:
    """`days` days up to `chosen_last`, or up to today as far as it has come, beside the same stretch before."""

    now: datetime
    days: int
    chosen_last: date | None = None

    @property
    def last(self) -> date:
        """The last of the days."""
        return self.chosen_last or self.now.date()

    @property
    def is_open(self) -> bool:
        """Whether its last day is today, which is not over."""
        return self.last == self.now.date()

    @cached_property
    def span(self) -> Span:
        """The days themselves."""
        return Span(midnight(self.last - _DAY * (self.days - 1)), midnight(self.last + _DAY))

    @cached_property
    def before(self) -> Span:
        """As many days before, where today counts only up to this second of the day: like is compared with like."""
        second = self.now.replace(microsecond=0) + timedelta(seconds=1)
        end = second if self.is_open else self.span.end
        return Span(self.span.begin - _DAY * self.days, end - _DAY * self.days)

    @property
    def before_words(self) -> str:
        """What it is compared with."""
        return "day before" if self.days == 1 else f"{self.days} days before"

    @property
    def today(self) -> Span | None:
        """Today, if it is one of the days."""
        return self.span.part(self.now.date()) if self.is_open else None

    @property
    def args(self) -> dict[str, str]:
        """The period as the overview's address says it."""
        if self.chosen_last is None:
            return {"days": f"{self.days}"}
        return {"since": f"{self.span.begin:%Y-%m-%d}", "until": f"{self.last}"}


def period_of(args: Mapping[str, str], now: datetime) -> Period:
    """The period that an address asks for by `days`. InvalidInput for another length than is offered."""
    text = args.get("days", str(USUAL))
    if text not in {str(days) for days in LENGTHS}:
        offered = ", ".join(str(days) for days in LENGTHS)
        raise InvalidInput("/days", "invalid_period", f"Choose one of these numbers of days: {offered}.")
    return Period(now, int(text))


def span_of(args: Mapping[str, str], now: datetime) -> Span:
    """The span that an address asks for: by `day`, by `since` and `until`, or by `days` up to today.

    `until` is a day, then whole, or an instant, then left out. InvalidInput names the part that cannot be read.
    """
    if "day" in args:
        day = _day(args["day"], "/day")
        return Span(midnight(day), midnight(day + _DAY))
    if "since" not in args and "until" not in args:
        text = args.get("days", str(USUAL))
        if not (text.isascii() and text.isdigit() and 1 <= int(text[:4]) <= LONGEST):
            raise InvalidInput("/days", "invalid_period", f"Write a number of days from 1 to {LONGEST}.")
        return Period(now, int(text)).span
    end = _end(args["until"]) if "until" in args else midnight(now.date() + _DAY)
    begin = midnight(_day(args["since"], "/since")) if "since" in args else end - _DAY * USUAL
    if begin >= end:
        raise InvalidInput("/until", "invalid_period", "The end has to come after the beginning.")
    return Span(begin, end)


def _day(text: str, pointer: str) -> date:
    try:
        return _checked(date.fromisoformat(text))
    except ValueError:
        raise InvalidInput(pointer, "invalid_day", "Write a day like 2026-11-23.") from None


def _end(text: str) -> datetime:
    if "T" not in text:
        return midnight(_day(text, "/until") + _DAY)
    try:
        end = datetime.fromisoformat(text)
        if end.tzinfo is None:
            raise ValueError("an instant needs its time zone")
        _checked(end.date())
    except ValueError:
        raise InvalidInput(
            "/until", "invalid_instant", "Write a day like 2026-11-23, or an instant like 2026-11-23T14:05:00Z."
        ) from None
    return end.astimezone(UTC)


def is_sensible(day: date) -> bool:
    """Whether it is far enough from the ends of what can be counted."""
    return 2000 <= day.year < 9000


def _checked(day: date) -> date:
    if not is_sensible(day):
        raise ValueError("no year of business")
    return day
