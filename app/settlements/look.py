"""Reading settlements and payouts: from gross to net, line by line, and whose money it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.money import Money
from app.settlements.models import Break, MerchantPayout, Payout, Settlement, SettlementLine
from app.settlements.states import BreakStatus, MerchantPayoutStatus, Outcome

LINES_PER_PAGE = 50

LINE_KINDS = {
    "capture": "Captured",
    "refund": "Refunds",
    "refund_failure": "Refunds that failed",
    "dispute": "Disputes",
    "dispute_reversal": "Disputes won",
    "adjustment": "Adjustments",
    "reserve": "Held in reserve",
    "reserve_release": "Released from reserve",
}
"""In the order in which a statement tells them; fees come after, net last."""


@dataclass(frozen=True)
class Step:
    """One step from gross to net: what it is, of how many lines, and its sum, negative where money leaves."""

    label: str
    amount: Money
    lines: int | None = None


@dataclass(frozen=True)
class LinesPage:
    """Some of a settlement's lines, in their order, and where the next ones begin."""

    items: Sequence[SettlementLine]
    after: int | None


def get_settlement(session: Session, settlement_id: str) -> Settlement:
    """NotFound where there is none of this id."""
    found = session.get(Settlement, settlement_id)
    if found is None:
        raise NotFound(f"There is no settlement {settlement_id}.")
    return found


def steps_of(settlement: Settlement) -> list[Step]:
    """From what was captured to the net, as the report's head says."""
    currency = settlement.currency
    by_type = {total["type"]: total for total in settlement.totals}
    found = [
        Step(label, Money(by_type[type_]["gross"], currency), by_type[type_]["lines"])
        for type_, label in LINE_KINDS.items()
        if type_ in by_type
    ]
    fees = [total for total in settlement.totals if total["fee"]]
    if fees:
        taken = sum(total["fee"] for total in fees if total["type"] != "fee")
        own = sum(total["fee"] for total in fees if total["type"] == "fee")
        found += [Step("Processing fees", Money(-taken, currency))] if taken else []
        found += [Step("Fees for disputes and refunds", Money(-own, currency))] if own else []
    return found


def lines_page(session: Session, settlement: Settlement, after: str, *, only_differing: bool) -> LinesPage:
    """A page of its lines; `after` is the number of the last line of the page before."""
    begins = int(after) if after.isascii() and after.isdigit() and len(after) < 10 else -1
    rows = select(SettlementLine).where(SettlementLine.settlement_id == settlement.id, SettlementLine.number > begins)
    if only_differing:
        rows = rows.where(SettlementLine.outcome != Outcome.MATCHED)
    found = session.scalars(rows.order_by(SettlementLine.number).limit(LINES_PER_PAGE + 1)).all()
    items = found[:LINES_PER_PAGE]
    return LinesPage(items, items[-1].number if len(found) > LINES_PER_PAGE else None)


def lines_of_payment(session: Session, payment_id: str) -> Sequence[tuple[SettlementLine, date]]:
    """Every line about a payment, with the day of its settlement, the earliest first."""
    mine = (
        select(SettlementLine, Settlement.day)
        .join(Settlement, Settlement.id == SettlementLine.settlement_id)
        .where(SettlementLine.payment_id == payment_id)
        .order_by(Settlement.day, SettlementLine.number)
    )
    return session.execute(mine).tuples().all()


def breaks_of(session: Session, settlement: Settlement) -> Sequence[Break]:
    """What of it differs from our books."""
    mine = select(Break).where(Break.settlement_id == settlement.id)
    return session.scalars(mine.order_by(Break.created_at, Break.id)).all()


def get_payout(session: Session, payout_id: str) -> Payout:
    """NotFound where there is none of this id."""
    found = session.get(Payout, payout_id)
    if found is None:
        raise NotFound(f"There is no payout {payout_id}.")
    return found


def settlements_of(session: Session, payout: Payout) -> Sequence[Settlement]:
    """The batches that it pays, the earliest first."""
    mine = select(Settlement).where(Settlement.id.in_(payout.settlements))
    return session.scalars(mine.order_by(Settlement.day, Settlement.id)).all()


def count_breaks(session: Session, at_most: int) -> int:
    """How many differences wait for somebody, counted as far as one beyond `at_most`."""
    waiting = select(Break.id).where(Break.status == BreakStatus.OPEN).limit(at_most + 1).subquery()
    return session.scalar(select(func.count()).select_from(waiting)) or 0


def count_proposed(session: Session, at_most: int) -> int:
    """How many payouts to merchants wait to be sent, likewise."""
    proposed = select(MerchantPayout.id).where(MerchantPayout.status == MerchantPayoutStatus.PROPOSED)
    return session.scalar(select(func.count()).select_from(proposed.limit(at_most + 1).subquery())) or 0
