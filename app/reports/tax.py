"""Tax on fees: the commission of each merchant and the tax on it, and each sale or refund that brought some."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session

from app.ledger import Account
from app.ledger.post import ACCOUNTS, POSTINGS, TRANSACTIONS
from app.merchants.models import Merchant
from app.money import Money
from app.reports.asked import Asked
from app.reports.cut import Cut
from app.reports.moves import AT_ONCE, currencies
from app.reports.report import Column, Ref, Report, Row, Sheet, fixed
from app.reports.words import head, merchant_name
from app.words import plain

_CODES = (Account.COMMISSION, Account.FEE_TAX_DUE)
_SUMS = (
    Column("merchant", "Merchant"),
    Column("merchant_id", "Id"),
    Column("commission", "Commission", "money"),
    Column("tax", "Tax", "money"),
    Column("with_tax", "With tax", "money"),
)
_LINES = (
    Column("booked_at", "Booked (UTC)", "moment"),
    Column("merchant", "Merchant"),
    Column("transaction", "Posted as"),
    Column("payment", "Payment"),
    Column("commission", "Commission", "money"),
    Column("tax", "Tax", "money"),
)


def tax_report(session: Session, asked: Asked, cut: Cut) -> Report:
    """A sheet of merchants and one of lines for each currency."""
    names = dict(session.execute(select(Merchant.id, Merchant.name)).all())
    sheets = []
    for currency in currencies(session, asked, _CODES):
        sheets += [_sums(session, asked, cut, currency, names), _lines(session, asked, cut, currency, names)]
    facts = [("Merchant", merchant_name(session, asked.merchant))] if asked.merchant else []
    return Report(asked, "Tax on fees", cut, head(asked, cut, facts), sheets)


def _rows(asked: Asked, cut: Cut, currency: str, *columns: Any) -> Select[Any]:
    rows = (
        select(*columns)
        .join_from(POSTINGS, ACCOUNTS, ACCOUNTS.c.id == POSTINGS.c.account_id)
        .where(ACCOUNTS.c.code.in_(_CODES), ACCOUNTS.c.currency == currency, cut.holds())
    )
    if asked.merchant is not None:
        rows = rows.where(ACCOUNTS.c.owner == asked.merchant)
    rows = rows if asked.begins is None else rows.where(POSTINGS.c.at >= asked.begins)
    return rows if asked.ends is None else rows.where(POSTINGS.c.at < asked.ends)


def _sums(session: Session, asked: Asked, cut: Cut, currency: str, names: Mapping[str, str]) -> Sheet:
    found: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    rows = _rows(asked, cut, currency, ACCOUNTS.c.owner, ACCOUNTS.c.code, func.sum(-POSTINGS.c.amount_minor))
    for owner, code, amount in session.execute(rows.group_by(ACCOUNTS.c.owner, ACCOUNTS.c.code)):
        found[owner][code] = int(amount)
    told = []
    for owner in sorted(found, key=lambda one: (names.get(one, one), one)):
        commission, tax = (Money(found[owner][code], currency) for code in _CODES)
        told.append(Row((names.get(owner, owner), Ref("merchant", owner), commission, tax, commission + tax)))
    totals = [Money(sum(one[code] for one in found.values()), currency) for code in _CODES]
    told.append(Row(("Together", None, *totals, totals[0] + totals[1]), is_sum=True))
    return Sheet("merchants", f"Commission and tax in {currency}", _SUMS, fixed(told), len(told), currency)


def _lines(session: Session, asked: Asked, cut: Cut, currency: str, names: Mapping[str, str]) -> Sheet:
    key = (POSTINGS.c.at, POSTINGS.c.transaction_id, ACCOUNTS.c.owner, TRANSACTIONS.c.kind, TRANSACTIONS.c.payment_id)
    sums = [func.sum(case((ACCOUNTS.c.code == code, -POSTINGS.c.amount_minor), else_=0)) for code in _CODES]
    lines = _rows(asked, cut, currency, *key, *sums)
    lines = lines.join(TRANSACTIONS, TRANSACTIONS.c.id == POSTINGS.c.transaction_id).group_by(*key)

    def rows(offset: int, most: int | None) -> Iterator[Row]:
        wanted = lines.order_by(POSTINGS.c.at, POSTINGS.c.transaction_id, ACCOUNTS.c.owner)
        wanted = wanted.offset(offset).limit(most).execution_options(yield_per=AT_ONCE)
        for at, transaction_id, owner, kind, payment_id, commission, tax in session.execute(wanted):
            yield Row(
                (
                    at,
                    names.get(owner, owner),
                    Ref("transaction", transaction_id, plain(kind)),
                    None if payment_id is None else Ref("payment", payment_id, "Payment"),
                    Money(int(commission), currency),
                    Money(int(tax), currency),
                )
            )

    count = session.scalar(select(func.count()).select_from(lines.subquery())) or 0
    return Sheet("lines", f"Lines in {currency}", _LINES, rows, count, currency, is_lines=True)
