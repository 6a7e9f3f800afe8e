"""Our books, the gateway's report and the bank beside each other: each day, each payout, each payment to a merchant."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.ledger.accounts import Account
from app.ledger.post import ACCOUNTS, POSTINGS, TRANSACTIONS
from app.money import Money
from app.reconciliation.models import BankEntry, BankStatement
from app.settlements.models import MerchantPayout, Payout, Settlement
from app.settlements.pay import KIND as MERCHANT_PAYOUT
from app.settlements.states import MerchantPayoutStatus, PayoutStatus, SettlementStatus

AT_MOST = 200
"""Rows of a kind that one page shows."""
_ON_ITS_WAY = (Account.BANK, Account.IN_TRANSIT)


@dataclass(frozen=True)
class Figure:
    """One sum, and the address of the rows that it came from; None while there is nothing to say."""

    amount: Money | None
    kind: str = ""
    id: str = ""
    anchor: str = ""


@dataclass(frozen=True)
class Compared:
    """One thing in three columns. `bank` is None where the bank has no say in it."""

    kind: Literal["day", "payout", "merchant_payout"]
    id: str
    day: date
    currency: str
    status: str
    books: Figure
    report: Figure
    bank: Figure | None
    label: str = ""

    @property
    def figures(self) -> list[Figure]:
        """Those that there are to compare."""
        return [one for one in (self.books, self.report, self.bank) if one is not None]

    @property
    def state(self) -> str:
        """`agrees`, `differs`, or `waits` for a statement."""
        told = [one.amount for one in self.figures if one.amount is not None]
        if any(one != told[0] for one in told):
            return "differs"
        return "agrees" if len(told) == len(self.figures) else "waits"


@dataclass(frozen=True)
class Period:
    """What is compared: a currency or all, from a day to a day, both included."""

    since: date
    until: date
    currency: str | None = None

    @property
    def begins(self) -> datetime:
        return datetime.combine(self.since, time(), UTC)

    @property
    def ends(self) -> datetime:
        return datetime.combine(self.until, time(), UTC) + timedelta(days=1)


@dataclass(frozen=True)
class Total:
    """What the rows of one currency come to, column by column."""

    currency: str
    books: Money
    report: Money
    bank: Money | None

    @property
    def agrees(self) -> bool:
        return self.books == self.report and self.bank in (None, self.books)


def totals_of(rows: Sequence[Compared]) -> list[Total]:
    """One line for each currency; what is not told counts as nothing."""
    found = []
    for currency in sorted({row.currency for row in rows}):
        mine = [row for row in rows if row.currency == currency]
        sums = [
            sum((figure.amount for figure in figures if figure and figure.amount), Money(0, currency))
            for figures in zip(*((row.books, row.report, row.bank) for row in mine), strict=True)
        ]
        found.append(Total(currency, sums[0], sums[1], sums[2] if any(row.bank for row in mine) else None))
    return found


def days(session: Session, period: Period) -> list[Compared]:
    """Each day's batch in a currency: what our books make of it, and what the report's head says."""
    rows = select(Settlement).where(Settlement.day >= period.since, Settlement.day <= period.until)
    if period.currency:
        rows = rows.where(Settlement.currency == period.currency)
    found = []
    for one in session.scalars(rows.order_by(Settlement.day.desc(), Settlement.currency).limit(AT_MOST)):
        is_booked = one.status != SettlementStatus.WAITING
        ours = Money(sum(one.parts.values()), one.currency) if is_booked else None
        found.append(
            Compared(
                "day",
                one.id,
                one.day,
                one.currency,
                one.status,
                Figure(ours, "settlement", one.id, "parts"),
                Figure(one.net, "settlement", one.id, "lines"),
                None,
            )
        )
    return found


def payouts(session: Session, period: Period) -> list[Compared]:
    """What the gateway paid out: posted, told, and arrived."""
    rows = select(Payout).where(Payout.created_at >= period.begins, Payout.created_at < period.ends)
    if period.currency:
        rows = rows.where(Payout.currency == period.currency)
    some = session.scalars(rows.order_by(Payout.created_at.desc(), Payout.id.desc()).limit(AT_MOST)).all()
    ids = [one.id for one in some]
    books = _posted(session, "payout", ids, _ON_ITS_WAY)
    bank = _at_bank(session, BankEntry.payout_id, ids)
    found = []
    for one in some:
        is_gone = one.status == PayoutStatus.FAILED
        told = Money(0 if is_gone else one.amount_minor, one.currency)
        arrived = one.status == PayoutStatus.PAID
        found.append(
            Compared(
                "payout",
                one.id,
                one.created_at.date(),
                one.currency,
                one.status,
                Figure(Money(books.get(one.id, 0), one.currency), "payout", one.id, "ledger"),
                Figure(told, "payout", one.id, "settlements"),
                _bank_figure(session, bank, one.id, one.currency, one.paid_at, told, is_expected=arrived),
            )
        )
    return found


def merchant_payouts(session: Session, period: Period) -> list[Compared]:
    """What we paid to merchants: posted, sent, and gone from the bank. Below zero, for it leaves."""
    rows = select(MerchantPayout).where(
        MerchantPayout.created_at >= period.begins,
        MerchantPayout.created_at < period.ends,
        MerchantPayout.status.not_in((MerchantPayoutStatus.PROPOSED, MerchantPayoutStatus.CANCELED)),
    )
    if period.currency:
        rows = rows.where(MerchantPayout.currency == period.currency)
    some = session.scalars(rows.order_by(MerchantPayout.created_at.desc(), MerchantPayout.id.desc()).limit(AT_MOST))
    mine = some.all()
    ids = [one.id for one in mine]
    books = _posted(session, MERCHANT_PAYOUT, ids, (Account.BANK, Account.MERCHANT_PAYOUT))
    bank = _at_bank(session, BankEntry.merchant_payout_id, ids)
    found = []
    for one in mine:
        is_gone = one.status == MerchantPayoutStatus.BOUNCED
        told = Money(0 if is_gone else -one.amount_minor, one.currency)
        arrived = one.status == MerchantPayoutStatus.PAID
        found.append(
            Compared(
                "merchant_payout",
                one.id,
                one.created_at.date(),
                one.currency,
                one.status,
                Figure(Money(books.get(one.id, 0), one.currency), "merchant_payout", one.id, "ledger"),
                Figure(told, "merchant_payout", one.id),
                _bank_figure(session, bank, one.id, one.currency, one.sent_at, told, is_expected=arrived),
                one.merchant_id,
            )
        )
    return found


def _posted(session: Session, source_type: str, ids: Collection[str], codes: Collection[Account]) -> dict[str, int]:
    """What stands in the books of each source on these accounts; what was reversed is taken off."""
    mine = (
        select(TRANSACTIONS.c.id, TRANSACTIONS.c.source_id)
        .where(TRANSACTIONS.c.source_type == source_type, TRANSACTIONS.c.source_id.in_(ids))
        .subquery()
    )
    sums: dict[str, int] = defaultdict(int)
    for link in (TRANSACTIONS.c.id, TRANSACTIONS.c.reverses):
        posted = (
            select(mine.c.source_id, func.sum(POSTINGS.c.amount_minor))
            .join_from(mine, TRANSACTIONS, link == mine.c.id)
            .join(POSTINGS, POSTINGS.c.transaction_id == TRANSACTIONS.c.id)
            .join(ACCOUNTS, ACCOUNTS.c.id == POSTINGS.c.account_id)
            .where(ACCOUNTS.c.code.in_(codes))
            .group_by(mine.c.source_id)
        )
        for source_id, amount in session.execute(posted):
            sums[source_id] += int(amount)
    return sums


@dataclass(frozen=True)
class _AtBank:
    amount: int
    statement_id: str
    number: int


def _at_bank(session: Session, of: object, ids: Collection[str]) -> dict[str, _AtBank]:
    column = BankEntry.payout_id if of is BankEntry.payout_id else BankEntry.merchant_payout_id
    rows = (
        select(column, BankEntry.amount_minor, BankEntry.statement_id, BankEntry.number)
        .where(column.in_(ids))
        .order_by(BankEntry.booked_on, BankEntry.number)
    )
    found: dict[str, _AtBank] = {}
    for id_, amount, statement_id, number in session.execute(rows):
        before = found.get(str(id_))
        found[str(id_)] = _AtBank(amount + (before.amount if before else 0), statement_id, number)
    return found


def _bank_figure(
    session: Session,
    bank: dict[str, _AtBank],
    id_: str,
    currency: str,
    moment: datetime | None,
    told: Money,
    *,
    is_expected: bool,
) -> Figure:
    """What the bank has of it: nothing, once a statement of those days lacks it; unknown before there is one."""
    entry = bank.get(id_)
    if entry is not None:
        return Figure(Money(entry.amount, currency), "statement", entry.statement_id, f"entry-{entry.number}")
    if not is_expected and not told:
        return Figure(told)
    if is_expected and moment is not None and _is_covered(session, currency, moment.date()):
        return Figure(Money(0, currency))
    return Figure(None)


def _is_covered(session: Session, currency: str, day: date) -> bool:
    """Whether statements reach so far beyond the day that what is not on them is missing."""
    of_currency = BankStatement.currency == currency
    begins = session.scalar(select(func.min(BankStatement.begins)).where(of_currency))
    ends = session.scalar(select(func.max(BankStatement.ends)).where(of_currency))
    return begins is not None and ends is not None and begins <= day and ends >= day + timedelta(days=2)
