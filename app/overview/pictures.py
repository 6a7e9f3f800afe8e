"""Figures of one currency over a period as tiles and charts, every number and mark with the way to its rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy.orm import Session

from app import charts
from app.charts import Chart, Mark, Part, Point, Spark
from app.filters import day as in_full
from app.overview.compare import Change, change, percent, tenths
from app.overview.figures import Declines, Figure, Tally, by_day, declines, first_order_at
from app.overview.periods import Period, Span, midnight
from app.overview.words import Say, counted, plain, reason_words, rows_url
from app.payments.declines import CLASS_WORDS, DeclineClass

Daily = Mapping[date, Tally]
_NONE = Tally()
_RATE_STEPS = {0: 250, 500: 100, 800: 50, 900: 20}
"""Where the axis of a rate may begin, and its step from there, in tenths of a percent."""


@dataclass(frozen=True)
class Cell:
    """A number, and the way to its rows."""

    text: str
    href: str


@dataclass(frozen=True)
class Numbers:
    """A chart's numbers as a table: what its columns hold, and one row per day."""

    head: list[str]
    rows: list[tuple[str, list[Cell]]]


@dataclass(frozen=True)
class Picture:
    """A chart, what it shows in a sentence, and its numbers."""

    chart: Chart
    summary: str
    numbers: Numbers
    is_empty: bool


@dataclass(frozen=True)
class Tile:
    """A figure of the period: its value, how it moved since the period before, and what it was today."""

    name: str
    value: Cell
    unit: str
    note: str
    before: Cell | None
    change: Change | None
    today: Cell | None
    spark: Spark


@dataclass(frozen=True)
class Bar:
    """One of a list of bars; `length` in tenths of a percent of the longest, `share` of them all.

    `before` is what it was in the period before, and `length_before` where that stands on the same scale.
    """

    name: str
    code: str
    number: int
    share: str
    href: str
    length: int
    series: int
    before: int | None = None
    length_before: int | None = None


@dataclass(frozen=True)
class Series:
    """A figure by day; `before` is None where there is nothing to compare with."""

    figure: Figure
    now: Daily
    before: Daily | None

    @property
    def total(self) -> Tally:
        return sum(self.now.values(), _NONE)

    @property
    def total_before(self) -> Tally | None:
        return None if self.before is None else sum(self.before.values(), _NONE)


@dataclass(frozen=True)
class Refusals:
    """Declines by day, class and reason; `before` is None where there is nothing to compare with."""

    now: Sequence[Declines]
    before: Sequence[Declines] | None

    def counted_by(self, key: Callable[[Declines], str]) -> tuple[Counter[str], Counter[str] | None]:
        """How many there were of each, now and before."""
        return _count(self.now, key), None if self.before is None else _count(self.before, key)

    def on(self, day: date, kind: DeclineClass) -> int:
        """How many there were."""
        return sum(one.number for one in self.now if one.day == day and one.kind is kind)

    def on_before(self, day: date) -> int | None:
        """How many of all classes there were."""
        if self.before is None:
            return None
        return sum(one.number for one in self.before if one.day == day)


def _count(found: Sequence[Declines], key: Callable[[Declines], str]) -> Counter[str]:
    numbers = Counter[str]()
    for one in found:
        numbers[key(one)] += one.number
    return numbers


@dataclass(frozen=True)
class _Share:
    """One of several that are counted, beside the others and the period before."""

    key: str
    now: Counter[str]
    was: Counter[str] | None

    @property
    def number(self) -> int:
        return self.now[self.key]

    @property
    def before(self) -> int | None:
        return None if self.was is None else self.was[self.key]

    def length(self, number: int | None) -> int | None:
        """In tenths of a percent of the longest that is shown."""
        was = self.was or Counter[str]()
        longest = max([*self.now.values(), *(was[key] for key in self.now)], default=0)
        return None if number is None else tenths(number, longest) or 0


class Drawer:
    """Draws figures of one currency over a period; reads them once each."""

    def __init__(self, session: Session, period: Period, currency: str) -> None:
        self.session, self.period, self.currency = session, period, currency
        first = first_order_at(session)
        begins = period.before.begin.date()
        self.nothing_before = first if first is not None and first.date() > begins else None
        self.ends = in_full(period.now)

    def series(self, figure: Figure) -> Series:
        """A figure by day, before too where the records reach back to it."""
        before = None if self.nothing_before else by_day(self.session, figure, self.currency, self.period.before)
        return Series(figure, by_day(self.session, figure, self.currency, self.period.span), before)

    def refusals(self) -> Refusals:
        """The declines, before too where the records reach back to it."""
        before = None if self.nothing_before else declines(self.session, self.currency, self.period.before)
        return Refusals(declines(self.session, self.currency, self.period.span), before)

    def url(self, figure: Figure, span: Span, **more: str) -> str:
        """Where the rows are."""
        return rows_url(figure, span, self.currency, **more)

    def cell(self, figure: Figure, span: Span, text: str) -> Cell:
        """A number that leads to its rows."""
        return Cell(text, self.url(figure, span))

    def day_before(self, day: date) -> date:
        """The day that a day is compared with."""
        return day - timedelta(days=self.period.days)

    def named(self, day: date) -> str:
        """The day in full; today is not over."""
        return f"{day:%a}, {in_full(midnight(day))}" + (", so far" if day == self.period.now.date() else "")

    def tile(self, name: str, series: Series, say: Say, unit: str, note: str, *, good: int = 0) -> Tile:
        """A sum's tile."""
        days = self.period.span.days
        values = [say.value(series.now.get(day, _NONE)) for day in days]
        values_before = [say.value(tally) for day in days if (tally := self._was(series, day)) is not None]
        before, total = series.total_before, say.value(series.total)
        today = say.value(series.now.get(self.period.now.date(), _NONE))
        return Tile(
            name,
            self.cell(series.figure, self.period.span, say.words(total)),
            unit,
            note,
            None if before is None else self.cell(series.figure, self.period.before, say.words(say.value(before))),
            None if before is None else change(total, say.value(before), say.words, good=good),
            None if self.period.today is None else self.cell(series.figure, self.period.today, say.words(today)),
            charts.sparkline(values, values_before),
        )

    def bars(self, title: str, series: Series, say: Say) -> Picture:
        """A figure by day, in columns."""
        marks, rows = [], []
        for day in self.period.span.days:
            tally, was = series.now.get(day, _NONE), self._was(series, day)
            before = None if was is None else say.value(was)
            url = self.url(series.figure, self.period.span.part(day))
            told = f"{self.named(day)}: {say.sentence(tally)}"
            if was is not None:
                told += f"; {self.period.before_words}: {say.sentence(was)}"
            part = Part(say.value(tally), told, url)
            marks.append(Mark(_short(day), told, url, (part,), before, self._is_today(day), day))
            cells = [Cell(say.words(say.value(tally)), url)]
            if before is not None:
                cells.append(self.cell(series.figure, self._span_before(day), say.words(before)))
            rows.append((self.named(day), cells))
        head = [say.head, *([self.period.before_words.capitalize()] if series.before is not None else [])]
        return Picture(
            charts.bars(marks, say.axis),
            self._summary(title, say.sentence(series.total), [(mark.height, mark.name) for mark in marks]),
            Numbers(head, rows),
            is_empty=not series.total.number and not (series.total_before or _NONE).number,
        )

    def rate(self, title: str, approved: Series, declined: Series) -> Picture:
        """Approved of all that were answered, as a line."""
        points, rows = [], []
        for day in self.period.span.days:
            yes, no = approved.now.get(day, _NONE).number, declined.now.get(day, _NONE).number
            rate = tenths(yes, yes + no)
            was_yes, was_no = self._was(approved, day), self._was(declined, day)
            before = tenths(was_yes.number, was_yes.number + was_no.number) if was_yes and was_no else None
            url = self.url(Figure.TRIED, self.period.span.part(day))
            told = f"{self.named(day)}: {_rate_words(rate)}, {yes} of {counted(yes + no, 'payment')}"
            if was_yes is not None:
                told += f"; {self.period.before_words}: {_rate_words(before)}"
            points.append(Point(_short(day), told, url, rate, before, day))
            cells = [
                Cell(_rate_words(rate), url),
                self.cell(Figure.APPROVED, self.period.span.part(day), plain(yes)),
                Cell(plain(yes + no), url),
            ]
            if was_yes is not None:
                cells.append(self.cell(Figure.TRIED, self._span_before(day), _rate_words(before)))
            rows.append((self.named(day), cells))
        total = approved.total.number + declined.total.number
        return Picture(
            charts.line(points, lambda at: f"{at // 10}%", top=1000, steps=_RATE_STEPS),
            self._summary(title, f"{_rate_words(tenths(approved.total.number, total))} of {counted(total, 'payment')}"),
            Numbers(
                [
                    "Approval rate",
                    "Approved",
                    "Tried",
                    *([f"Rate {self.period.before_words}"] if approved.before is not None else []),
                ],
                rows,
            ),
            is_empty=not total,
        )

    def stacked(self, title: str, found: Refusals) -> Picture:
        """Declines by day, each column made of its classes."""
        marks, rows = [], []
        for day in self.period.span.days:
            span = self.period.span.part(day)
            parts = []
            for kind in DeclineClass:
                number = found.on(day, kind)
                told = f"{self.named(day)}: {plain(number)}, {CLASS_WORDS[kind].lower()}"
                parts.append(Part(number, told, self.url(Figure.DECLINED, span, kind=kind.value)))
            total = sum(part.value for part in parts)
            url = self.url(Figure.DECLINED, span)
            told = f"{self.named(day)}: {counted(total, 'declined payment')}"
            before = found.on_before(self.day_before(day))
            if before is not None:
                told += f"; {self.period.before_words}: {counted(before, 'declined payment')}"
            marks.append(Mark(_short(day), told, url, tuple(parts), before, self._is_today(day), day))
            cells = [*(Cell(plain(part.value), part.href) for part in parts), Cell(plain(total), url)]
            if before is not None:
                cells.append(self.cell(Figure.DECLINED, self._span_before(day), plain(before)))
            rows.append((self.named(day), cells))
        total = sum(one.number for one in found.now)
        head = [*CLASS_WORDS.values(), "All"]
        if found.before is not None:
            head.append(f"All {self.period.before_words}")
        return Picture(
            charts.bars(marks, plain),
            self._summary(title, counted(total, "declined payment"), [(mark.height, mark.name) for mark in marks]),
            Numbers(head, rows),
            is_empty=not total,
        )

    def by_class(self, found: Refusals) -> list[Bar]:
        """Declines of the period by what they mean for the next try."""
        now, before = found.counted_by(lambda one: one.kind)
        return [
            self._bar(CLASS_WORDS[kind], "", series, _Share(kind, now, before), kind=kind.value)
            for series, kind in enumerate(DeclineClass)
        ]

    def by_reason(self, found: Refusals) -> list[Bar]:
        """Declines of the period by reason, the most frequent first."""
        now, before = found.counted_by(lambda one: one.reason)
        kinds = {one.reason: list(DeclineClass).index(one.kind) for one in found.now}
        return [
            self._bar(reason_words(code), code, kinds[code], _Share(code, now, before), reason=code)
            for code in sorted(now, key=lambda code: (-now[code], code))
        ]

    def _bar(self, name: str, code: str, series: int, share: _Share, **more: str) -> Bar:
        url = self.url(Figure.DECLINED, self.period.span, **more)
        part = percent(tenths(share.number, sum(share.now.values())) or 0)
        length, length_before = share.length(share.number) or 0, share.length(share.before)
        return Bar(name, code, share.number, part, url, length, series, share.before, length_before)

    def _is_today(self, day: date) -> bool:
        return day == self.period.now.date()

    def _was(self, series: Series, day: date) -> Tally | None:
        return None if series.before is None else series.before.get(self.day_before(day), _NONE)

    def _span_before(self, day: date) -> Span:
        return self.period.before.part(self.day_before(day))

    def _summary(self, title: str, total: str, heights: Sequence[tuple[int, str]] = ()) -> str:
        words = f"{title}, {in_full(self.period.span.begin)} to {self.ends}: {total} in all"
        most = max(heights, default=(0, ""))
        return words + (f"; the most on {most[1]}." if most[0] else ".")


def _short(day: date) -> str:
    return f"{day.day} {day:%b}"


def _rate_words(rate: int | None) -> str:
    return "no answer" if rate is None else percent(rate)
