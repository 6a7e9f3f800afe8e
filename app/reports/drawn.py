"""What of a report is drawn, on its page and on paper alike: a month's bars, and waterfalls from gross to payout."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from babel.numbers import format_compact_decimal

from app import charts
from app.charts import Chart, Fall, Mark, Part
from app.filters import amount
from app.money import Money
from app.reports.asked import Kind
from app.reports.month import MOVED
from app.reports.report import DaySum, Report, Step

_WATERFALLS_OF = {Kind.SETTLEMENT: "statement", Kind.MERCHANT: "statement", Kind.PAYOUT: "payout"}
"""The sheets whose rows are steps of waterfalls."""


@dataclass(frozen=True)
class DrawnMonth:
    """A month's bars in one currency."""

    currency: str
    chart: Chart
    summary: str
    names: Sequence[str] = MOVED

    @property
    def title(self) -> str:
        return f"What moved in {self.currency}"


def drawn_months(report: Report, href: Callable[[DaySum], str]) -> list[DrawnMonth]:
    """What came, what went and the net of each day, in each currency in which anything moved. `href`: a day's way."""
    found = []
    for one in report.days:
        if any(any(day.moved) for day in one):
            nothing = Money(0, one[0].net.currency)
            sums = [sum(column, nothing) for column in zip(*(day.moved for day in one), strict=True)]
            together = _told(sums, sum((day.net for day in one), nothing))
            said = f"What moved in {nothing.currency} by day, together {together}"
            found.append(DrawnMonth(nothing.currency, _bars(one, href), said))
    return found


def waterfalls(report: Report) -> Mapping[int, Sequence[Step]]:
    """The steps of each sheet that is a waterfall, one for each of its rows, by the sheet's place in the report."""
    name = _WATERFALLS_OF.get(report.asked.kind)
    places = [place for place, sheet in enumerate(report.sheets) if sheet.name == name]
    return dict(zip(places, report.waterfalls, strict=True))


def fall_bars(steps: Sequence[Step]) -> Sequence[Fall]:
    """A bar for each step."""
    return charts.waterfall([(step.amount.amount_minor, step.is_level) for step in steps])


def _told(moved: Sequence[Money], net: Money) -> str:
    """Those that are anything, and the net: `captured 10.00, refunds -2.00, net 8.00`."""
    told = [f"{name.lower()} {amount(one)}" for name, one in zip(MOVED, moved, strict=True) if one]
    return ", ".join([*told, f"net {amount(net)}"])


def _bars(days: Sequence[DaySum], href: Callable[[DaySum], str]) -> Chart:
    currency = days[0].net.currency
    marks = []
    for one in days:
        name, to = f"{one.day:%d %b}", href(one)
        told = f"{name}: {_told(one.moved, one.net)} {currency}"
        parts = tuple(Part(sum_.amount_minor, told, to) for sum_ in one.moved)
        marks.append(Mark(name, told, to, parts, net=one.net.amount_minor))
    return charts.bars(marks, lambda minor: _axis(minor, currency))


def _axis(minor: int, currency: str) -> str:
    return str(format_compact_decimal(Money(minor, currency).major, locale="en_US", fraction_digits=2))
