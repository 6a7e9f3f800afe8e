"""The monthly financial report: each currency beside the month before, and day by day."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from sqlalchemy.orm import Session

from app.ledger import Account
from app.money import Money
from app.reports.asked import Asked, month_before
from app.reports.cut import Cut
from app.reports.moves import AT_GATEWAY, Book, Sum, currencies, gateway_book, sums_on
from app.reports.report import Column, DaySum, Ref, Report, Row, Sheet, fixed
from app.reports.words import head

_FIGURES = (
    Column("item", "Figure"),
    Column("lines", "Lines", "count"),
    Column("amount", "This month", "money"),
    Column("before", "Month before", "money"),
    Column("change", "Change", "money"),
)
_DAYS = (
    Column("day", "Day (UTC)", "day"),
    Column("captured", "Captured", "money"),
    Column("refunds", "Refunds", "money"),
    Column("disputes", "Disputes", "money"),
    Column("fees", "Fees", "money"),
    Column("net", "Net", "money"),
)
MOVED = tuple(column.label for column in _DAYS[1:-1])
_OF_DAY = (("captured",), ("refunds",), ("disputed", "disputes_won"), ("fees", "dispute_fees"))
_EARNED = {
    Account.COMMISSION: "Commission earned",
    Account.FEES_RECHARGED: "Fees passed on to merchants",
    Account.FEE_TAX_DUE: "Tax on commission",
    Account.MERCHANT_DUE: "Due to merchants, change",
}


def month_report(session: Session, asked: Asked, cut: Cut) -> Report:
    """Two sheets for each currency in which anything moved in these two months, or was there."""
    assert asked.begins is not None, "the form asks for a month"
    sheets, days = [], []
    for currency in currencies(session, asked, AT_GATEWAY):
        book = gateway_book(session, cut, currency)
        figures = _figures(session, book, asked)
        if any(isinstance(cell, Money) and cell for row in figures.all() for cell in row.cells):
            sheet, bars = _days(book, asked)
            sheets += [figures, sheet]
            days.append(bars)
    return Report(asked, f"Financial report of {asked.period_words}", cut, head(asked, cut), sheets, days=days)


def _figures(session: Session, book: Book, asked: Asked) -> Sheet:
    assert asked.begins is not None
    earlier = datetime.combine(month_before(asked.begins.date()), time(), UTC)
    now, before = book.sums(asked.begins, asked.ends), book.sums(earlier, asked.begins)
    rows = [_row("Opening at the gateway", book.balance(asked.begins), book.balance(earlier), is_sum=True)]
    for are_payouts in (False, True):
        for one in book.figures:
            if one.is_payout is are_payouts and (now[one.key].lines or before[one.key].lines):
                own, past = now[one.key], before[one.key]
                rows.append(_row(one.label, own.amount, past.amount, own.lines, one.key))
        if not are_payouts:
            rows.append(_row("Net of the month", _net(book, now), _net(book, before), is_sum=True))
    rows.append(_row("Closing at the gateway", book.balance(asked.ends), book.balance(asked.begins), is_sum=True))
    codes = list(_EARNED)
    own_sums = sums_on(session, book.cut, codes, book.currency, asked.begins, asked.ends)
    past_sums = sums_on(session, book.cut, codes, book.currency, earlier, asked.begins)
    for code, label in _EARNED.items():
        if own_sums[code] or past_sums[code]:
            account = Ref("account", f"{code}:{book.currency}", label)
            own_sum, past_sum = own_sums[code], past_sums[code]
            rows.append(Row((account, None, own_sum, past_sum, own_sum - past_sum)))
    return Sheet("figures", f"Figures in {book.currency}", _FIGURES, fixed(rows), len(rows), book.currency)


def _row(
    label: str, now: Money, before: Money, lines: int | None = None, figure: str = "", *, is_sum: bool = False
) -> Row:
    return Row((label, lines, now, before, now - before), figure, is_sum)


def _net(book: Book, sums: dict[str, Sum]) -> Money:
    return sum((sums[one.key].amount for one in book.figures if not one.is_payout), Money(0, book.currency))


def _days(book: Book, asked: Asked) -> tuple[Sheet, list[DaySum]]:
    """The days on which something moved; bars for every day that has come."""
    assert asked.begins is not None
    assert asked.ends is not None
    found = book.by_day(asked.begins, asked.ends)
    nothing = Money(0, book.currency)
    net_of = [one.key for one in book.figures if not one.is_payout]
    rows, bars, totals = [], [], [nothing] * (len(_OF_DAY) + 1)
    for number in range((asked.ends - asked.begins).days):
        day = (asked.begins + timedelta(days=number)).date()
        sums = [sum((found.get((day, key), nothing) for key in keys), nothing) for keys in _OF_DAY]
        sums.append(sum((found.get((day, key), nothing) for key in net_of), nothing))
        totals = [total + one for total, one in zip(totals, sums, strict=True)]
        if any(sums):
            rows.append(Row((day, *sums)))
        if day <= book.cut.at.date():
            bars.append(DaySum(day, sums[:-1], sums[-1]))
    rows.append(Row(("Together", *totals), is_sum=True))
    return Sheet("days", f"Day by day in {book.currency}", _DAYS, fixed(rows), len(rows), book.currency), bars
