"""A merchant's statement: from what was due before a period to what is due after it, by the ledger alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from app.ledger import Account
from app.ledger.accounts import account_id
from app.ledger.models import LedgerAccount
from app.ledger.post import POSTINGS, TRANSACTIONS
from app.money import Money
from app.settlements.look import Step
from app.settlements.pay import KIND


@dataclass(frozen=True)
class Statement:
    """One currency of a merchant's: opening and the steps add up to closing, to the unit."""

    currency: str
    opening: Money
    steps: Sequence[Step]
    closing: Money

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left unexplained; shown if it ever were."""
        total = self.opening
        for step in self.steps:
            total += step.amount
        return total == self.closing


_STEPS = (
    (Account.COMMISSION, "Commission"),
    (Account.FEE_TAX_DUE, "Tax on the commission"),
    (Account.FEES_RECHARGED, "The gateway's fees"),
    (Account.MERCHANT_HELD, "Held for disputes, or freed"),
)


def statements(session: Session, merchant_id: str, since: datetime | None, until: datetime | None) -> list[Statement]:
    """A statement for each currency in which anything was ever due; one cut through all of them."""
    due = select(LedgerAccount.currency).where(
        LedgerAccount.owner == merchant_id, LedgerAccount.code == Account.MERCHANT_DUE
    )
    currencies = session.scalars(due.order_by(LedgerAccount.currency)).all()
    return [_statement(session, merchant_id, currency, since, until) for currency in currencies]


def _statement(
    session: Session, merchant_id: str, currency: str, since: datetime | None, until: datetime | None
) -> Statement:
    def within(account: str, *, before: bool = False) -> tuple[int, int]:
        """What was debited and credited in the period, or before it."""
        amount = POSTINGS.c.amount_minor
        sums = select(
            func.coalesce(func.sum(case((amount > 0, amount), else_=0)), 0),
            func.coalesce(func.sum(case((amount < 0, -amount), else_=0)), 0),
        ).where(POSTINGS.c.account_id == account)
        if before:
            sums = sums.where(POSTINGS.c.at < since)
        else:
            sums = sums if since is None else sums.where(POSTINGS.c.at >= since)
            sums = sums if until is None else sums.where(POSTINGS.c.at < until)
        debit, credit = session.execute(sums).one()
        return int(debit), int(credit)

    mine = account_id(merchant_id, Account.MERCHANT_DUE, currency)
    debit_before, credit_before = within(mine, before=True) if since is not None else (0, 0)
    opening = Money(credit_before - debit_before, currency)
    debit, credit = within(mine)
    sold, given_back = within(account_id(merchant_id, Account.MERCHANT_SHARES, currency))
    steps = [Step("Sold", Money(sold, currency)), Step("Given back", Money(-given_back, currency))]
    for code, label in _STEPS:
        returned, taken = within(account_id(merchant_id, code, currency))
        steps.append(Step(label, Money(returned - taken, currency)))
    steps.append(Step("Paid out", Money(-_paid(session, mine, since, until), currency)))
    closing = opening + Money(credit - debit, currency)
    return Statement(currency, opening, [step for step in steps if step.amount], closing)


def _paid(session: Session, account: str, since: datetime | None, until: datetime | None) -> int:
    """What payouts took, less those that came back."""
    payouts = select(TRANSACTIONS.c.id).where(TRANSACTIONS.c.source_type == KIND)
    paid = (
        select(func.coalesce(func.sum(POSTINGS.c.amount_minor), 0))
        .join_from(POSTINGS, TRANSACTIONS, POSTINGS.c.transaction_id == TRANSACTIONS.c.id)
        .where(
            POSTINGS.c.account_id == account,
            (TRANSACTIONS.c.source_type == KIND) | TRANSACTIONS.c.reverses.in_(payouts),
        )
    )
    paid = paid if since is None else paid.where(POSTINGS.c.at >= since)
    paid = paid if until is None else paid.where(POSTINGS.c.at < until)
    return int(session.scalar(paid) or 0)
