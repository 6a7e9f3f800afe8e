"""Everything that the overview says about one currency in one period, and about the currencies beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from app import charts
from app.filters import amount
from app.money import Money
from app.overview.compare import change, percent, tenths
from app.overview.figures import MOVED, Figure, Rows, Tally, sums, totals
from app.overview.periods import Period
from app.overview.pictures import Bar, Cell, Daily, Drawer, Picture, Series, Tile
from app.overview.words import count_say, counted, money_say, plain, points_of, rows_url


@dataclass(frozen=True)
class Board:
    """Everything that the overview says about one currency in one period."""

    period: Period
    currency: str
    nothing_before: datetime | None
    """The time of the first order, where it is too late for a comparison."""
    tiles: list[Tile]
    captured: Picture
    orders: Picture
    approval: Picture
    unfinished: Cell
    declined: Picture
    classes: list[Bar]
    reasons: list[Bar]
    refunded: Picture


def board_of(session: Session, period: Period, currency: str) -> Board:
    """Read the figures of the currency, and draw them."""
    drawer = Drawer(session, period, currency)
    captured, refunded, orders, approved, declined = (
        drawer.series(figure)
        for figure in (Figure.CAPTURED, Figure.REFUNDED, Figure.ORDERS, Figure.APPROVED, Figure.DECLINED)
    )
    said_no = drawer.refusals()
    unfinished = sum(one.number for one in sums(session, Rows(Figure.UNFINISHED, period.span, currency)))
    captures = money_say("Captured", "capture", currency)
    refunds = money_say("Refunded", "refund", currency)
    placed, refused = count_say("Orders", "order"), count_say("Declined", "declined payment")
    share = tenths(refunded.total.amount_minor, captured.total.amount_minor)
    tried = approved.total.number + declined.total.number
    return Board(
        period,
        currency,
        drawer.nothing_before,
        [
            drawer.tile("Captured", captured, captures, currency, counted(captured.total.number, "capture"), good=1),
            drawer.tile("Orders", orders, placed, "", "", good=1),
            _approval_tile(drawer, approved, declined),
            drawer.tile("Declined", declined, refused, "", f"of {counted(tried, 'payment')} tried", good=-1),
            drawer.tile(
                "Refunded",
                refunded,
                refunds,
                currency,
                counted(refunded.total.number, "refund") + (f", {percent(share)} of captured" if share else ""),
                good=-1,
            ),
        ],
        drawer.bars("Captured by day", captured, captures),
        drawer.bars("Orders by day", orders, placed),
        drawer.rate("Approval rate by day", approved, declined),
        drawer.cell(Figure.UNFINISHED, period.span, plain(unfinished)),
        drawer.stacked("Declined payments by day", said_no),
        drawer.by_class(said_no),
        drawer.by_reason(said_no),
        drawer.bars("Refunded by day", refunded, refunds),
    )


def _approval_tile(drawer: Drawer, approved: Series, declined: Series) -> Tile:
    span, before = drawer.period.span, drawer.period.before
    tried = approved.total.number + declined.total.number
    rate = tenths(approved.total.number, tried)
    was = None
    if approved.total_before is not None and declined.total_before is not None:
        was = tenths(approved.total_before.number, approved.total_before.number + declined.total_before.number)
    return Tile(
        "Approval rate",
        drawer.cell(Figure.APPROVED, span, "none" if rate is None else percent(rate)),
        "",
        f"{plain(approved.total.number)} of {counted(tried, 'payment')}",
        None if was is None else drawer.cell(Figure.APPROVED, before, percent(was)),
        None if was is None or rate is None else change(rate, was, points_of, good=1, points=True),
        None,
        charts.sparkline(
            _rates(approved.now, declined.now, span.days),
            _rates(approved.before, declined.before, [drawer.day_before(day) for day in span.days])
            if approved.before is not None and declined.before is not None
            else (),
        ),
    )


def _rates(approved: Daily, declined: Daily, days: Sequence[date]) -> list[int | None]:
    pairs = [(approved.get(day, Tally()).number, declined.get(day, Tally()).number) for day in days]
    return [tenths(yes, yes + no) for yes, no in pairs]


@dataclass(frozen=True)
class InCurrency:
    """One currency's figures of the period."""

    currency: str
    orders: Cell
    captured: Cell
    refunded: Cell
    declined: Cell


def in_each_currency(session: Session, period: Period, codes: Sequence[str]) -> list[InCurrency]:
    """The period's figures of every currency, each with its rows; they are never added up."""
    span = period.span
    figures = (Figure.ORDERS, Figure.CAPTURED, Figure.REFUNDED, Figure.DECLINED)
    found = {figure: totals(session, figure, span, codes) for figure in figures}

    def cell(figure: Figure, code: str) -> Cell:
        tally = found[figure].get(code, Tally())
        words = amount(Money(tally.amount_minor, code)) if figure in MOVED else plain(tally.number)
        return Cell(words, rows_url(figure, span, code))

    lines = [InCurrency(code, *(cell(figure, code) for figure in figures)) for code in codes]
    return sorted(lines, key=lambda line: (-found[Figure.ORDERS].get(line.currency, Tally()).number, line.currency))
