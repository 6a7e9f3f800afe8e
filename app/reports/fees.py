"""Fees: what the gateway kept and what the desk earned by the ledger; and line by line, against what was agreed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.orm import Session

from app.ledger import Account
from app.money import Money
from app.reports.asked import Asked
from app.reports.cut import Cut
from app.reports.moves import AT_GATEWAY, currencies, sums_on
from app.reports.payout import AT_ONCE, LINE_COLUMNS, line_row
from app.reports.report import Column, Ref, Report, Row, Sheet, fixed
from app.reports.words import head
from app.settlements.models import Settlement, SettlementLine
from app.settlements.states import Outcome, SettlementStatus
from app.words import plain

_COSTS = {Account.FEES: "Gateway fees", Account.DISPUTE_FEES: "Dispute fees"}
_EARNED = {Account.COMMISSION: "Commission", Account.FEES_RECHARGED: "Fees passed on to merchants"}
_FIGURES = (Column("item", "Figure"), Column("amount", "Amount", "money"))
_BY_KIND = (
    Column("type", "Line"),
    Column("lines", "Lines", "count"),
    Column("gross", "Gross", "money"),
    Column("charged", "Charged", "money"),
    Column("agreed", "Agreed", "money"),
    Column("difference", "Difference", "money"),
)


def fee_report(session: Session, asked: Asked, cut: Cut) -> Report:
    """For each currency: by the books, by kind of line, and the lines."""
    sheets = []
    for currency in currencies(session, asked, AT_GATEWAY):
        sheets += [
            _by_the_books(session, asked, cut, currency),
            _by_kind(session, asked, cut, currency),
            _lines(session, asked, cut, currency),
        ]
    return Report(asked, "Fee report", cut, head(asked, cut), sheets)


def _by_the_books(session: Session, asked: Asked, cut: Cut, currency: str) -> Sheet:
    sums = sums_on(session, cut, [*_COSTS, *_EARNED], currency, asked.begins, asked.ends)
    rows = [Row((Ref("account", f"{code}:{currency}", label), sums[code])) for code, label in _COSTS.items()]
    rows += [Row((Ref("account", f"{code}:{currency}", label), sums[code])) for code, label in _EARNED.items()]
    rows.append(Row(("Left to the desk", sum(sums.values(), Money(0, currency))), is_sum=True))
    return Sheet("books", f"Fees in {currency}, by the ledger", _FIGURES, fixed(rows), len(rows), currency)


def _wanted(asked: Asked, cut: Cut, currency: str) -> list[ColumnElement[bool]]:
    """Lines that cost something, of settlements that were booked in the period: what the ledger has of it, too."""
    found = [
        SettlementLine.currency == currency,
        SettlementLine.fee_minor != 0,
        Settlement.status != SettlementStatus.WAITING,
        Settlement.booked_at <= cut.at,
    ]
    if asked.begins is not None:
        found.append(Settlement.booked_at >= asked.begins)
    if asked.ends is not None:
        found.append(Settlement.booked_at < asked.ends)
    return found


_AGREED = case(
    (SettlementLine.outcome == Outcome.FEE, func.coalesce(SettlementLine.expected_minor, SettlementLine.fee_minor)),
    else_=SettlementLine.fee_minor,
)


def _by_kind(session: Session, asked: Asked, cut: Cut, currency: str) -> Sheet:
    sums = (
        select(
            SettlementLine.type,
            func.count(),
            func.sum(SettlementLine.gross_minor),
            func.sum(SettlementLine.fee_minor),
            func.sum(_AGREED),
        )
        .join(Settlement, Settlement.id == SettlementLine.settlement_id)
        .where(*_wanted(asked, cut, currency))
        .group_by(SettlementLine.type)
        .order_by(SettlementLine.type)
    )
    rows, total = [], [0, 0, 0, 0]
    for type_, lines, *amounts in session.execute(sums):
        numbers = [int(lines), *(int(amount) for amount in amounts)]
        total = [before + one for before, one in zip(total, numbers, strict=True)]
        rows.append(_row(plain(type_), numbers, currency, figure=type_))
    rows.append(_row("Together", total, currency))
    title = f"Fees in {currency}, by kind of line"
    return Sheet("by_kind", title, _BY_KIND, fixed(rows), len(rows), currency)


def _row(label: str, numbers: list[int], currency: str, figure: str = "") -> Row:
    lines, gross, charged, agreed = numbers
    amounts = [Money(amount, currency) for amount in (gross, charged, agreed, charged - agreed)]
    return Row((label, lines, *amounts), figure, is_sum=not figure)


def _lines(session: Session, asked: Asked, cut: Cut, currency: str) -> Sheet:
    def only(*columns: Any) -> Select[Any]:
        rows = select(*columns).select_from(SettlementLine)
        rows = rows.join(Settlement, Settlement.id == SettlementLine.settlement_id)
        rows = rows.where(*_wanted(asked, cut, currency))
        return rows if asked.figure is None else rows.where(SettlementLine.type == asked.figure)

    def rows(offset: int, most: int | None) -> Iterator[Row]:
        wanted = only(SettlementLine, Settlement).order_by(Settlement.day, Settlement.id, SettlementLine.number)
        wanted = wanted.offset(offset).limit(most).execution_options(yield_per=AT_ONCE)
        for line, settlement in session.execute(wanted):
            yield line_row(line, settlement)

    count = session.scalar(only(func.count())) or 0
    return Sheet("lines", f"Lines with a fee in {currency}", LINE_COLUMNS, rows, count, currency, is_lines=True)
