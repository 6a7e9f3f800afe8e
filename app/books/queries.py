"""Reading the ledger for people: balances by account, an account's postings, one transaction whole."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, selectinload

from app.errors import NotFound
from app.ledger.accounts import CHART, DESK, Account, Described
from app.ledger.balances import trial_balance
from app.ledger.models import LedgerAccount, LedgerPosting, LedgerSeal, LedgerTransaction
from app.lists import Page, page_of
from app.merchants.models import Merchant
from app.money import Money

ROWS_PER_PAGE = 50


@dataclass(frozen=True)
class Sum:
    """One line of a trial balance, all owners' accounts of one code together."""

    code: Account
    debit: Money
    credit: Money
    shown: Money

    @property
    def described(self) -> Described:
        return CHART[self.code]


@dataclass(frozen=True)
class Sheet:
    """A trial balance in one currency."""

    currency: str
    sums: Sequence[Sum]

    @property
    def debit(self) -> Money:
        return sum((one.debit for one in self.sums), Money(0, self.currency))

    @property
    def credit(self) -> Money:
        return sum((one.credit for one in self.sums), Money(0, self.currency))


def sheets(session: Session, at: datetime | None, owner: str | None) -> list[Sheet]:
    """The trial balance of a moment, a sheet for each currency."""
    found: dict[str, dict[Account, Sum]] = {}
    for one in trial_balance(session, at=at, owner=owner):
        codes = found.setdefault(one.debit.currency, {})
        before = codes.get(one.code)
        if before is None:
            codes[one.code] = Sum(one.code, one.debit, one.credit, one.shown)
        else:
            sums = (before.debit + one.debit, before.credit + one.credit, before.shown + one.shown)
            codes[one.code] = Sum(one.code, *sums)
    return [Sheet(currency, list(codes.values())) for currency, codes in found.items()]


def postings_on(
    session: Session, code: Account, currency: str, owner: str | None, at: datetime | None, cursor: str | None
) -> Page[LedgerPosting]:
    """A page of what was posted on accounts of a code, the newest first."""
    return page_of(
        session,
        _postings(session, code, currency, owner, at),
        LedgerPosting.at,
        LedgerPosting.id,
        lambda one: (one.at, one.id),
        cursor=cursor,
        limit=ROWS_PER_PAGE,
        loading=_WHOLE,
    )


def all_postings(
    session: Session, code: Account, currency: str, owner: str | None, at: datetime | None
) -> Select[LedgerPosting]:
    """All of them, the oldest first: a ledger extract."""
    rows = _postings(session, code, currency, owner, at)
    return rows.order_by(LedgerPosting.at, LedgerPosting.id).options(*_WHOLE)


_WHOLE = (selectinload(LedgerPosting.transaction), selectinload(LedgerPosting.account))


def _postings(
    session: Session, code: Account, currency: str, owner: str | None, at: datetime | None
) -> Select[LedgerPosting]:
    accounts = select(LedgerAccount.id).where(LedgerAccount.code == code, LedgerAccount.currency == currency)
    if owner is not None:
        accounts = accounts.where(LedgerAccount.owner == owner)
    rows = select(LedgerPosting).where(LedgerPosting.account_id.in_(session.scalars(accounts).all()))
    return rows if at is None else rows.where(LedgerPosting.at <= at)


def get_transaction(session: Session, transaction_id: str) -> LedgerTransaction:
    """A ledger transaction with its postings and their accounts."""
    whole = selectinload(LedgerTransaction.postings).selectinload(LedgerPosting.account)
    found = session.get(LedgerTransaction, transaction_id, options=[whole])
    if found is None:
        raise NotFound(f"There is no ledger transaction {transaction_id}.")
    return found


def reversal_of(session: Session, transaction_id: str) -> str | None:
    """The ledger transaction that reversed it, if one did."""
    return session.scalar(select(LedgerTransaction.id).where(LedgerTransaction.reverses == transaction_id))


def seal_of(session: Session, transaction_id: str) -> LedgerSeal | None:
    """Its place in the chain, once it is sealed."""
    return session.scalars(select(LedgerSeal).where(LedgerSeal.transaction_id == transaction_id)).one_or_none()


def of_payment(session: Session, payment_id: str) -> Sequence[LedgerTransaction]:
    """Every ledger transaction of a payment, the oldest first."""
    whole = selectinload(LedgerTransaction.postings).selectinload(LedgerPosting.account)
    mine = select(LedgerTransaction).where(LedgerTransaction.payment_id == payment_id).options(whole)
    return session.scalars(mine.order_by(LedgerTransaction.at, LedgerTransaction.id)).all()


@dataclass(frozen=True)
class Share:
    """What of a sale stands on one merchant's accounts now."""

    owner: str
    sold: Money
    """Of what was captured, less what was given back."""
    kept: Money
    """The commission, with the tax on it."""
    fees: Money
    """Of disputes, passed on. What the gateway keeps of sales comes with the day's settlement."""
    held: Money
    due: Money


def shares_of(session: Session, payment_ids: Sequence[str], currency: str) -> list[Share]:
    """How the captures of these payments are shared; nobody while nothing was captured."""
    sums: dict[str, dict[Account, int]] = defaultdict(lambda: defaultdict(int))
    rows = (
        select(LedgerAccount.owner, LedgerAccount.code, func.sum(LedgerPosting.amount_minor))
        .join_from(LedgerTransaction, LedgerPosting, LedgerPosting.transaction_id == LedgerTransaction.id)
        .join(LedgerAccount, LedgerAccount.id == LedgerPosting.account_id)
        .where(LedgerTransaction.payment_id.in_(payment_ids), LedgerAccount.code.in_(_OF_SHARES))
        .group_by(LedgerAccount.owner, LedgerAccount.code)
        .order_by(LedgerAccount.owner)
    )
    for owner, code, amount in session.execute(rows):
        sums[owner][Account(code)] = int(amount)
    return [
        Share(
            owner,
            Money(of[Account.MERCHANT_SHARES], currency),
            Money(-of[Account.COMMISSION] - of[Account.FEE_TAX_DUE], currency),
            Money(-of[Account.FEES_RECHARGED], currency),
            Money(-of[Account.MERCHANT_HELD], currency),
            Money(-of[Account.MERCHANT_DUE], currency),
        )
        for owner, of in sums.items()
    ]


_OF_SHARES = (
    Account.MERCHANT_SHARES,
    Account.COMMISSION,
    Account.FEE_TAX_DUE,
    Account.FEES_RECHARGED,
    Account.MERCHANT_HELD,
    Account.MERCHANT_DUE,
)


def owners(session: Session) -> Mapping[str, str]:
    """Whose accounts there are, by id: merchants by their names, and the desk."""
    names = session.execute(select(Merchant.id, Merchant.name).order_by(Merchant.name)).tuples().all()
    return dict(names) | {DESK: "The desk itself"}
