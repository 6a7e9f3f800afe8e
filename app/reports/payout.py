"""One payout of the gateway with every line of the settlements that it pays: from gross to what came to the bank."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from app.money import Money
from app.reports.asked import Asked
from app.reports.cut import Cut
from app.reports.report import Column, Ref, Report, Row, Sheet, Step, fixed
from app.reports.statements import FIGURE_COLUMNS
from app.reports.words import head
from app.settlements.look import LINE_KINDS, get_payout, settlements_of
from app.settlements.models import Payout, Settlement, SettlementLine
from app.words import LINE_OUTCOME, plain

AT_ONCE = 500
CARRIED, DIFFERENCE = "carried_over", "difference"
_FEES, _OWN_FEES = "fees", "own_fees"
_LABELS = LINE_KINDS | {
    _FEES: "Processing fees",
    _OWN_FEES: "Fees for disputes and refunds",
    CARRIED: "Carried over from earlier",
    DIFFERENCE: "On no line",
}
_SETTLEMENT_COLUMNS = (
    Column("day", "Day", "day"),
    Column("settlement", "Settlement"),
    Column("lines", "Lines", "count"),
    Column("gross", "Gross", "money"),
    Column("fee", "Fees", "money"),
    Column("net", "Net", "money"),
)
LINE_COLUMNS = (
    Column("day", "Day", "day"),
    Column("type", "Line"),
    Column("outcome", "To us"),
    Column("source", "At the gateway"),
    Column("payment", "Payment"),
    Column("gross", "Gross", "money"),
    Column("fee", "Fee", "money"),
    Column("net", "Net", "money"),
)


def payout_report(session: Session, asked: Asked, cut: Cut) -> Report:
    """Every figure of it, and every line."""
    assert asked.payout is not None, "the form asks for one"
    payout = get_payout(session, asked.payout)
    settlements = settlements_of(session, payout)
    steps, counts = payout_steps(session, payout)
    rows = [Row((one.label, counts.get(one.figure), one.amount), one.figure, one.is_level) for one in steps]
    figures = Sheet("payout", "From gross to payout", FIGURE_COLUMNS, fixed(rows), len(rows), payout.currency)
    facts = [
        ("Payout", payout.id),
        ("Amount", str(payout.amount)),
        ("To our account", f"···· {payout.destination.get('last4', '')}"),
        ("Made", f"{payout.created_at:%Y-%m-%d}"),
    ]
    sheets = [figures, _settlements(settlements, payout), _lines(session, payout, asked.figure)]
    return Report(asked, f"Payout of {payout.amount}", cut, head(asked, cut, facts), sheets, [steps])


def payout_steps(session: Session, payout: Payout) -> tuple[list[Step], dict[str, int]]:
    """From gross to payout by kind of line, and how many lines each has; what no line explains is a step of its own."""
    currency = payout.currency
    of_type = (
        select(
            SettlementLine.type, func.count(), func.sum(SettlementLine.gross_minor), func.sum(SettlementLine.fee_minor)
        )
        .where(_of(payout), SettlementLine.currency == currency)
        .group_by(SettlementLine.type)
    )
    found = {type_: (int(lines), int(gross), int(fee)) for type_, lines, gross, fee in session.execute(of_type)}
    amounts: dict[str, int] = {}
    counts: dict[str, int] = {}
    for type_ in (*LINE_KINDS, *sorted(found.keys() - LINE_KINDS.keys())):
        if type_ in found and (found[type_][1] or type_ != "fee"):
            counts[type_], amounts[type_], _ = found[type_]
    amounts[_FEES] = -sum(fee for type_, (_, _, fee) in found.items() if type_ != "fee")
    amounts[_OWN_FEES] = -found.get("fee", (0, 0, 0))[2]
    amounts[CARRIED] = payout.carried_over_minor
    amounts[DIFFERENCE] = payout.amount_minor - sum(amounts.values())
    steps = [
        Step(_LABELS.get(key, plain(key)), Money(amount, currency), key)
        for key, amount in amounts.items()
        if amount or key in counts
    ]
    return [*steps, Step("Payout", payout.amount, is_level=True)], counts


def _of(payout: Payout) -> ColumnElement[bool]:
    return SettlementLine.settlement_id.in_(payout.settlements)


def _settlements(settlements: Sequence[Settlement], payout: Payout) -> Sheet:
    rows = [Row((one.day, Ref("settlement", one.id), one.lines, one.gross, one.fee, one.net)) for one in settlements]
    return Sheet(
        "settlements", "Settlements that it pays", _SETTLEMENT_COLUMNS, fixed(rows), len(rows), payout.currency
    )


def _lines(session: Session, payout: Payout, figure: str | None) -> Sheet:
    def only(*columns: Any) -> Select[Any]:
        rows = select(*columns).select_from(SettlementLine)
        rows = rows.join(Settlement, Settlement.id == SettlementLine.settlement_id).where(_of(payout))
        if figure == _FEES:
            return rows.where(SettlementLine.type != "fee", SettlementLine.fee_minor != 0)
        if figure == _OWN_FEES:
            return rows.where(SettlementLine.type == "fee")
        return rows if figure is None else rows.where(SettlementLine.type == figure)

    def rows(offset: int, most: int | None) -> Iterator[Row]:
        wanted = only(SettlementLine, Settlement).order_by(Settlement.day, Settlement.id, SettlementLine.number)
        wanted = wanted.offset(offset).limit(most).execution_options(yield_per=AT_ONCE)
        for line, settlement in session.execute(wanted):
            yield line_row(line, settlement)

    count = session.scalar(only(func.count())) or 0
    title = "Lines" if figure not in _LABELS else f"Lines: {_LABELS[figure]}"
    return Sheet("lines", title, LINE_COLUMNS, rows, count, payout.currency, is_lines=True)


def line_row(line: SettlementLine, settlement: Settlement) -> Row:
    """One line of a settlement; its day leads to the settlement."""
    return Row(
        (
            settlement.day,
            plain(line.type),
            LINE_OUTCOME[line.outcome].label,
            line.source_id,
            None if line.payment_id is None else Ref("payment", line.payment_id, "Payment"),
            line.gross,
            line.fee,
            line.net,
        )
    )
