"""A report as its page shows it: every figure with the way to its lines, some lines of each sheet, and the charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import url_for

from app.charts import Fall
from app.money import Money
from app.reports.asked import Asked, Kind
from app.reports.drawn import DrawnMonth, drawn_months, fall_bars, waterfalls
from app.reports.report import Cell, DaySum, Ref, Report, Row, Sheet, Step

LINES_SHOWN = 25


@dataclass(frozen=True)
class ShownFall:
    """One bar of a waterfall, its words, and the way to its lines."""

    label: str
    lines: int | None
    amount: Money
    fall: Fall
    href: str


@dataclass(frozen=True)
class ShownSheet:
    """A sheet with the rows that the page has room for, and the ways to the others."""

    sheet: Sheet
    rows: Sequence[Row]
    first: int
    before: str
    after: str
    falls: Sequence[ShownFall] = ()


@dataclass(frozen=True)
class Ways:
    """Where the parts of a report lead; all within its cut."""

    asked: Asked
    token: str

    def figure(self, figure: str, currency: str | None = None) -> str:
        """The lines that a figure is the sum of; a month's are those of its settlement statement in that currency."""
        if self.asked.kind is Kind.MONTH and self.asked.begins and self.asked.ends:
            last = self.asked.ends.date() - timedelta(days=1)
            return url_for(
                "reports.show",
                kind="settlement",
                currency=currency or self.asked.currency,
                since=self.asked.begins.date(),
                until=last,
                figure=figure,
                cut=self.token,
                _anchor="lines",
            )
        own = {"currency": currency} if currency and "currency" in self.asked.described.asks else {}
        args = self.asked.args | own | {"figure": figure, "cut": self.token}
        return url_for("reports.show", kind=self.asked.kind.value, _anchor="lines", **args)  # type: ignore[arg-type]  # an address's arguments

    def page(self, sheet: Sheet, number: int) -> str:
        args = self.asked.args | {"cut": self.token, "of": sheet.currency or ""}
        return url_for("reports.show", kind=self.asked.kind.value, page=number, _anchor="lines", **args)  # type: ignore[arg-type]  # as above

    def all_lines(self) -> str:
        args = {name: value for name, value in self.asked.args.items() if name != "figure"}
        return url_for("reports.show", kind=self.asked.kind.value, cut=self.token, _anchor="lines", **args)  # type: ignore[arg-type]  # as above


def shown(report: Report, ways: Ways, page: int, of: str) -> list[ShownSheet]:
    """Every sheet; of lines one page, another than the first only in the currency that is asked for."""
    found = []
    steps = waterfalls(report)
    for place, sheet in enumerate(report.sheets):
        if place in steps:
            rows = list(sheet.all())
            counts = {row.figure: row.cells[1] for row in rows if row.figure}
            found.append(ShownSheet(sheet, rows, 0, "", "", falls_of(steps[place], counts, ways)))
        elif not sheet.is_lines:
            found.append(ShownSheet(sheet, list(sheet.all()), 0, "", ""))
        else:
            here = page if of in ("", sheet.currency) else 1
            first = (here - 1) * LINES_SHOWN
            before = ways.page(sheet, here - 1) if here > 1 else ""
            after = ways.page(sheet, here + 1) if first + LINES_SHOWN < sheet.count else ""
            found.append(ShownSheet(sheet, list(sheet.rows(first, LINES_SHOWN)), first, before, after))
    return found


def falls_of(steps: Sequence[Step], counts: Mapping[str, Cell], ways: Ways) -> list[ShownFall]:
    """The bars of one waterfall; `counts` says of how many lines a figure is."""
    found = []
    for step, bar in zip(steps, fall_bars(steps), strict=True):
        lines = counts.get(step.figure)
        lines = lines if isinstance(lines, int) else None
        href = ways.figure(step.figure, step.amount.currency) if step.figure else ""
        found.append(ShownFall(step.label, lines, step.amount, bar, href))
    return found


def month_charts(report: Report, token: str) -> list[DrawnMonth]:
    """A month's bars, each of which leads to its day's statement."""

    def href(one: DaySum) -> str:
        args = {"currency": one.net.currency, "since": one.day, "until": one.day, "cut": token}
        return url_for("reports.show", kind="settlement", **args)  # type: ignore[arg-type]  # as above

    return drawn_months(report, href)


def href_of(ref: Ref) -> str | None:
    """The page of what a cell names; None where it has none of its own."""
    plain: dict[str, tuple[str, str]] = {
        "transaction": ("ledger.show", "transaction_id"),
        "ledger_transaction": ("ledger.show", "transaction_id"),
        "payment": ("payments.show", "payment_id"),
        "settlement": ("settlements.show", "settlement_id"),
        "payout": ("payouts.show", "payout_id"),
        "merchant_payout": ("merchant_payouts.show", "payout_id"),
        "dispute": ("disputes.show", "dispute_id"),
        "merchant": ("merchants.show", "merchant_id"),
    }
    if ref.what == "account":
        code, currency, *owner = ref.id.split(":", 2)
        args: dict[str, Any] = {"code": code, "currency": currency, "owner": owner[0] if owner else None}
        return url_for("ledger.account", **args)
    if ref.what not in plain or (ref.what == "merchant" and ref.id == "desk"):
        return None
    endpoint, name = plain[ref.what]
    return url_for(endpoint, **{name: ref.id})  # type: ignore[arg-type]  # the name is a route's
