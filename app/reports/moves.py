"""An account of the books seen from its counter-accounts: opening, what came and went by figure, closing, each line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Label, Select, and_, case, func, literal, or_, select
from sqlalchemy.orm import Session

from app.db import utc_day
from app.ledger import Account
from app.ledger.accounts import account_id
from app.ledger.post import ACCOUNTS, POSTINGS, TRANSACTIONS
from app.money import Money
from app.reports.asked import Asked
from app.reports.cut import Cut

AT_ONCE = 500
_A = Account
OTHER = "other"


@dataclass(frozen=True)
class Figure:
    """One line of a statement: what stands on these accounts. `side` counts debits alone (1), or credits (-1)."""

    key: str
    label: str
    codes: tuple[Account, ...]
    side: int = 0
    is_payout: bool = False

    def holds(self) -> ColumnElement[bool]:
        mine: ColumnElement[bool] = ACCOUNTS.c.code.in_(self.codes)
        if self.side:
            mine = and_(mine, POSTINGS.c.amount_minor > 0 if self.side > 0 else POSTINGS.c.amount_minor < 0)
        return mine


AT_GATEWAY = (_A.PSP_PENDING, _A.PSP_AVAILABLE)
GATEWAY_FIGURES = (
    Figure("captured", "Captured", (_A.REVENUE,)),
    Figure("refunds", "Refunds", (_A.REFUNDS,)),
    Figure("disputed", "Disputes", (_A.DISPUTES_OPEN,), side=1),
    Figure("disputes_won", "Disputes won", (_A.DISPUTES_OPEN,), side=-1),
    Figure("fees", "Gateway fees", (_A.FEES,)),
    Figure("dispute_fees", "Dispute fees", (_A.DISPUTE_FEES,)),
    Figure("reserve_held", "Held in reserve", (_A.PSP_RESERVE,), side=1),
    Figure("reserve_released", "Released from reserve", (_A.PSP_RESERVE,), side=-1),
    Figure("adjustments", "Adjustments", (_A.ADJUSTMENTS,)),
    Figure("unmatched", "Known to nobody here", (_A.UNMATCHED,)),
    Figure("paid_out", "Paid out", (_A.IN_TRANSIT,), side=1, is_payout=True),
    Figure("payouts_returned", "Payouts that came back", (_A.IN_TRANSIT, _A.BANK), side=-1, is_payout=True),
)
MERCHANT_FIGURES = (
    Figure("sold", "Sold", (_A.MERCHANT_SHARES,), side=1),
    Figure("given_back", "Given back", (_A.MERCHANT_SHARES,), side=-1),
    Figure("commission", "Commission", (_A.COMMISSION,)),
    Figure("tax", "Tax on the commission", (_A.FEE_TAX_DUE,)),
    Figure("fees_passed_on", "The gateway's fees", (_A.FEES_RECHARGED,)),
    Figure("held", "Held for disputes", (_A.MERCHANT_HELD,), side=-1),
    Figure("freed", "Freed or taken after disputes", (_A.MERCHANT_HELD,), side=1),
    Figure("paid_out", "Paid out", (_A.MERCHANT_PAYOUT,), side=-1, is_payout=True),
    Figure("payouts_returned", "Payouts that came back", (_A.MERCHANT_PAYOUT,), side=1, is_payout=True),
)


@dataclass(frozen=True)
class Sum:
    """What a figure comes to, and of how many lines."""

    amount: Money
    lines: int


@dataclass(frozen=True)
class Line:
    """One posting on a counter-account, by its effect on the account that the statement is of."""

    id: str
    at: datetime
    figure: str
    kind: str
    transaction_id: str
    source_type: str
    source_id: str
    payment_id: str | None
    amount: Money


@dataclass(frozen=True)
class Book:
    """One account in one currency, or several taken together, and the postings beside theirs."""

    session: Session
    cut: Cut
    currency: str
    accounts: Sequence[str]
    figures: Sequence[Figure]
    sign: int
    """1 where debits make it grow, -1 where credits do."""
    owner: str | None = None

    def balance(self, until: datetime | None) -> Money:
        """What stood on it just before that moment; None: at the cut."""
        sums = select(func.coalesce(func.sum(POSTINGS.c.amount_minor), 0)).where(
            POSTINGS.c.account_id.in_(self.accounts), self.cut.holds()
        )
        if until is not None:
            sums = sums.where(POSTINGS.c.at < until)
        return Money(self.sign * int(self.session.scalar(sums) or 0), self.currency)

    def opening(self, begins: datetime | None) -> Money:
        return Money(0, self.currency) if begins is None else self.balance(begins)

    def sums(self, begins: datetime | None, ends: datetime | None) -> dict[str, Sum]:
        """Every figure of the period, also those of nothing."""
        figure = self._figure
        rows = self._beside(begins, ends, figure, func.count(), func.sum(POSTINGS.c.amount_minor)).group_by(figure)
        found = {key: Sum(self._effect(amount), int(lines)) for key, lines, amount in self.session.execute(rows)}
        nothing = Sum(Money(0, self.currency), 0)
        return {one.key: found.get(one.key, nothing) for one in self.figures}

    def by_day(self, begins: datetime, ends: datetime) -> dict[tuple[date, str], Money]:
        """Every figure by UTC day; what was nothing is left out."""
        figure, day = self._figure, utc_day(POSTINGS.c.at).label("day")
        rows = self._beside(begins, ends, day, figure, func.sum(POSTINGS.c.amount_minor)).group_by(day, figure)
        return {(_day(at), key): self._effect(amount) for at, key, amount in self.session.execute(rows)}

    def count(self, begins: datetime | None, ends: datetime | None, figure: str | None) -> int:
        """How many lines there are, of one figure or of all."""
        rows = self._beside(begins, ends, func.count())
        return int(self.session.scalar(self._only(rows, figure)) or 0)

    def lines(
        self, begins: datetime | None, ends: datetime | None, figure: str | None, offset: int, most: int | None
    ) -> Iterator[Line]:
        """The lines in the order in which they were booked."""
        rows = self._beside(
            begins,
            ends,
            POSTINGS.c.id,
            POSTINGS.c.at,
            POSTINGS.c.amount_minor,
            POSTINGS.c.transaction_id,
            self._figure,
            TRANSACTIONS.c.kind,
            TRANSACTIONS.c.source_type,
            TRANSACTIONS.c.source_id,
            TRANSACTIONS.c.payment_id,
        ).join(TRANSACTIONS, TRANSACTIONS.c.id == POSTINGS.c.transaction_id)
        rows = self._only(rows, figure).order_by(POSTINGS.c.at, POSTINGS.c.id).offset(offset).limit(most)
        for row in self.session.execute(rows.execution_options(yield_per=AT_ONCE)):
            yield Line(
                row.id,
                row.at,
                row.figure,
                row.kind,
                row.transaction_id,
                row.source_type,
                row.source_id,
                row.payment_id,
                self._effect(row.amount_minor),
            )

    @property
    def _figure(self) -> Label[str]:
        return case(*((one.holds(), literal(one.key)) for one in self.figures), else_=literal(OTHER)).label("figure")

    def _effect(self, amount: Any) -> Money:
        return Money(-self.sign * int(amount), self.currency)

    def _only(self, rows: Select[Any], figure: str | None) -> Select[Any]:
        wanted = next((one for one in self.figures if one.key == figure), None)
        return rows if wanted is None else rows.where(wanted.holds())

    def _beside(self, begins: datetime | None, ends: datetime | None, *columns: Any) -> Select[Any]:
        codes = [code for one in self.figures for code in one.codes]
        rows = (
            select(*columns)
            .select_from(POSTINGS)
            .join(ACCOUNTS, ACCOUNTS.c.id == POSTINGS.c.account_id)
            .where(ACCOUNTS.c.code.in_(codes), ACCOUNTS.c.currency == self.currency, self.cut.holds())
        )
        own = POSTINGS.alias("own")
        touches = (
            select(own.c.id)
            .where(own.c.transaction_id == POSTINGS.c.transaction_id, own.c.account_id.in_(self.accounts))
            .exists()
        )
        if self.owner is None:
            rows = rows.where(touches)
        else:
            # A merchant's other accounts are all about what is due; only payouts move on afterwards, to the bank.
            rows = rows.where(ACCOUNTS.c.owner == self.owner, or_(ACCOUNTS.c.code != _A.MERCHANT_PAYOUT, touches))
        rows = rows if begins is None else rows.where(POSTINGS.c.at >= begins)
        return rows if ends is None else rows.where(POSTINGS.c.at < ends)


def gateway_book(session: Session, cut: Cut, currency: str) -> Book:
    """Our account at the gateway: what is pending and available there, of all owners together."""
    accounts = select(ACCOUNTS.c.id).where(ACCOUNTS.c.code.in_(AT_GATEWAY), ACCOUNTS.c.currency == currency)
    ids = session.scalars(accounts.order_by(ACCOUNTS.c.id)).all()
    return Book(session, cut, currency, ids, GATEWAY_FIGURES, sign=1)


def merchant_book(session: Session, cut: Cut, currency: str, merchant_id: str) -> Book:
    """What is due to a merchant."""
    due = [account_id(merchant_id, _A.MERCHANT_DUE, currency)]
    return Book(session, cut, currency, due, MERCHANT_FIGURES, sign=-1, owner=merchant_id)


def currencies(session: Session, asked: Asked, codes: Sequence[Account]) -> list[str]:
    """The currency that is asked for, or each in which there are such accounts (of that merchant)."""
    if asked.currency is not None:
        return [asked.currency]
    found = select(ACCOUNTS.c.currency).where(ACCOUNTS.c.code.in_(codes)).distinct()
    if asked.merchant is not None:
        found = found.where(ACCOUNTS.c.owner == asked.merchant)
    return list(session.scalars(found.order_by(ACCOUNTS.c.currency)))


def sums_on(
    session: Session, cut: Cut, codes: Sequence[Account], currency: str, begins: datetime | None, ends: datetime | None
) -> dict[Account, Money]:
    """Credits less debits of each code in the period, all owners together."""
    rows = (
        select(ACCOUNTS.c.code, func.sum(-POSTINGS.c.amount_minor))
        .join_from(POSTINGS, ACCOUNTS, ACCOUNTS.c.id == POSTINGS.c.account_id)
        .where(ACCOUNTS.c.code.in_(codes), ACCOUNTS.c.currency == currency, cut.holds())
        .group_by(ACCOUNTS.c.code)
    )
    rows = rows if begins is None else rows.where(POSTINGS.c.at >= begins)
    rows = rows if ends is None else rows.where(POSTINGS.c.at < ends)
    found = {Account(code): int(amount) for code, amount in session.execute(rows)}
    return {code: Money(found.get(code, 0), currency) for code in codes}


def _day(found: date | str) -> date:
    return date.fromisoformat(found) if isinstance(found, str) else found
