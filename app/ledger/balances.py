"""What stands on the accounts, at this moment or at any past one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from app.ledger.accounts import AT_GATEWAY, CHART, Account, Described
from app.ledger.post import ACCOUNTS, POSTINGS
from app.money import Money

_ORDER = {code: place for place, code in enumerate(CHART)}


@dataclass(frozen=True)
class Balance:
    """One line of a trial balance: an account's debits and credits, and what they come to."""

    account_id: str
    owner: str
    code: Account
    debit: Money
    credit: Money

    @property
    def described(self) -> Described:
        return CHART[self.code]

    @property
    def net(self) -> Money:
        """Debits less credits."""
        return self.debit - self.credit

    @property
    def shown(self) -> Money:
        """As people read it: positive where the account has what its class usually has."""
        return self.net if self.described.grows_by_debit else self.credit - self.debit


def trial_balance(
    session: Session, *, at: datetime | None = None, owner: str | None = None, currency: str | None = None
) -> Sequence[Balance]:
    """Every account with what stood on it at that moment (by the account's clock, that moment included)."""
    amount = POSTINGS.c.amount_minor
    sums = (
        select(
            ACCOUNTS.c.id,
            ACCOUNTS.c.owner,
            ACCOUNTS.c.code,
            ACCOUNTS.c.currency,
            func.sum(case((amount > 0, amount), else_=0)).label("debit"),
            func.sum(case((amount < 0, -amount), else_=0)).label("credit"),
        )
        .join_from(ACCOUNTS, POSTINGS, POSTINGS.c.account_id == ACCOUNTS.c.id)
        .group_by(ACCOUNTS.c.id, ACCOUNTS.c.owner, ACCOUNTS.c.code, ACCOUNTS.c.currency)
    )
    if at is not None:
        sums = sums.where(POSTINGS.c.at <= at)
    if owner is not None:
        sums = sums.where(ACCOUNTS.c.owner == owner)
    if currency is not None:
        sums = sums.where(ACCOUNTS.c.currency == currency)
    found = [
        Balance(
            row.id,
            row.owner,
            Account(row.code),
            Money(int(row.debit), row.currency),
            Money(int(row.credit), row.currency),
        )
        for row in session.execute(sums)
    ]
    return sorted(found, key=lambda one: (one.debit.currency, _ORDER[one.code], one.owner))


def balance_of(session: Session, code: Account, currency: str, owner: str | None = None) -> Money:
    """Debits less credits of one account now; of all owners' together unless one is named."""
    wanted = (
        select(func.coalesce(func.sum(POSTINGS.c.amount_minor), 0))
        .join_from(ACCOUNTS, POSTINGS, POSTINGS.c.account_id == ACCOUNTS.c.id)
        .where(ACCOUNTS.c.code == code, ACCOUNTS.c.currency == currency)
    )
    if owner is not None:
        wanted = wanted.where(ACCOUNTS.c.owner == owner)
    return Money(int(session.scalar(wanted) or 0), currency)


def receivable(session: Session, currency: str) -> Money:
    """What the gateway owes us: pending, available, reserved and in transit together."""
    total = Money(0, currency)
    for code in AT_GATEWAY:
        total += balance_of(session, code, currency)
    return total
