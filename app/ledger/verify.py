"""Whether the books balance: computed from the postings, whatever code or database promised."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.ledger.accounts import CHART, Class
from app.ledger.post import ACCOUNTS, POSTINGS, TRANSACTIONS

_NAMED = 20
"""So many of a kind of fault are named; the rest are counted."""


def imbalances(session: Session) -> list[str]:
    """Each way in which the postings do not balance, in words; none when all is well."""
    found: list[str] = []
    sums = (
        select(POSTINGS.c.currency, func.sum(POSTINGS.c.amount_minor))
        .group_by(POSTINGS.c.currency)
        .having(func.sum(POSTINGS.c.amount_minor) != 0)
    )
    found += [
        f"debits exceed credits by {int(left)} {currency} in minor units" for currency, left in session.execute(sums)
    ]
    lame = (
        select(POSTINGS.c.transaction_id, POSTINGS.c.currency, func.sum(POSTINGS.c.amount_minor))
        .group_by(POSTINGS.c.transaction_id, POSTINGS.c.currency)
        .having((func.sum(POSTINGS.c.amount_minor) != 0) | (func.count() < 2))
    )
    found += [
        f"{one} does not balance in {currency}: {int(left)} in minor units"
        for one, currency, left in session.execute(lame.limit(_NAMED))
    ]
    alone = select(TRANSACTIONS.c.id).where(
        ~select(POSTINGS.c.id).where(POSTINGS.c.transaction_id == TRANSACTIONS.c.id).exists()
    )
    found += [f"{one} has no postings" for one in session.scalars(alone.limit(_NAMED))]
    stray = select(POSTINGS.c.id).where(
        ~select(TRANSACTIONS.c.id).where(TRANSACTIONS.c.id == POSTINGS.c.transaction_id).exists()
    )
    found += [f"posting {one} belongs to no ledger transaction" for one in session.scalars(stray.limit(_NAMED))]
    other = (
        select(POSTINGS.c.id)
        .join_from(POSTINGS, ACCOUNTS, POSTINGS.c.account_id == ACCOUNTS.c.id)
        .where(ACCOUNTS.c.currency != POSTINGS.c.currency)
    )
    found += [f"posting {one} is in another currency than its account" for one in session.scalars(other.limit(_NAMED))]
    memo = [code.value for code, described in CHART.items() if described.kind is Class.MEMO]
    held = func.sum(POSTINGS.c.amount_minor)
    holds = (
        select(POSTINGS.c.currency, held)
        .join_from(POSTINGS, ACCOUNTS, POSTINGS.c.account_id == ACCOUNTS.c.id)
        .where(ACCOUNTS.c.code.in_(memo))
        .group_by(POSTINGS.c.currency)
        .having(held != 0)
    )
    found += [f"holds do not balance in {currency}: {int(left)}" for currency, left in session.execute(holds)]
    return found
