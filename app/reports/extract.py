"""The ledger extract: each account from opening to closing, and every posting between."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Select, case, false, func, or_, select
from sqlalchemy.orm import Session

from app.ledger.accounts import CHART, DESK, Account
from app.ledger.post import ACCOUNTS, POSTINGS, TRANSACTIONS
from app.merchants.models import Merchant
from app.money import Money
from app.reports.asked import Asked
from app.reports.cut import Cut
from app.reports.moves import AT_ONCE
from app.reports.report import Column, Ref, Report, Row, Sheet, fixed
from app.reports.statements import posted_words, source_ref
from app.reports.words import head, merchant_name

_ORDER = {code: place for place, code in enumerate(CHART)}
_BALANCES = (
    Column("account", "Account"),
    Column("owner", "Whose"),
    Column("opening", "Opening", "money"),
    Column("debit", "Debit", "money"),
    Column("credit", "Credit", "money"),
    Column("closing", "Closing", "money"),
)
_POSTINGS = (
    Column("booked_at", "Booked (UTC)", "moment"),
    Column("account", "Account"),
    Column("owner", "Whose"),
    Column("transaction", "Posted as"),
    Column("source", "Brought by"),
    Column("payment", "Payment"),
    Column("debit", "Debit", "money"),
    Column("credit", "Credit", "money"),
)


def ledger_extract(session: Session, asked: Asked, cut: Cut) -> Report:
    """For each currency: the balances, debits positive; then the postings."""
    names = dict(session.execute(select(Merchant.id, Merchant.name)).all()) | {DESK: "The desk itself"}
    sheets = []
    held = _within(asked, select(ACCOUNTS.c.currency).distinct(), period=False).order_by(ACCOUNTS.c.currency)
    for currency in [asked.currency] if asked.currency else list(session.scalars(held)):
        sheets += [_balances(session, asked, cut, currency, names), _postings(session, asked, cut, currency, names)]
    facts = [("Merchant", merchant_name(session, asked.merchant))] if asked.merchant else []
    return Report(asked, "Ledger extract", cut, head(asked, cut, facts), sheets)


def _within(asked: Asked, rows: Select[Any], *, period: bool = True) -> Select[Any]:
    if asked.merchant is not None:
        rows = rows.where(ACCOUNTS.c.owner == asked.merchant)
    if period and asked.begins is not None:
        rows = rows.where(POSTINGS.c.at >= asked.begins)
    if period and asked.ends is not None:
        rows = rows.where(POSTINGS.c.at < asked.ends)
    return rows


def _balances(session: Session, asked: Asked, cut: Cut, currency: str, names: dict[str, str]) -> Sheet:
    amount, at = POSTINGS.c.amount_minor, POSTINGS.c.at
    before = at < asked.begins if asked.begins is not None else false()
    sums: Select[Any] = (
        select(
            ACCOUNTS.c.code,
            ACCOUNTS.c.owner,
            func.sum(case((before, amount), else_=0)),
            func.sum(case((or_(before, amount < 0), 0), else_=amount)),
            func.sum(case((or_(before, amount > 0), 0), else_=-amount)),
        )
        .join_from(POSTINGS, ACCOUNTS, ACCOUNTS.c.id == POSTINGS.c.account_id)
        .where(ACCOUNTS.c.currency == currency, cut.holds())
        .group_by(ACCOUNTS.c.code, ACCOUNTS.c.owner)
    )
    sums = _within(asked, sums, period=False)
    sums = sums if asked.ends is None else sums.where(at < asked.ends)
    found = sorted(session.execute(sums), key=lambda one: (_ORDER[Account(one.code)], one.owner))
    rows, totals = [], [0, 0, 0, 0]
    for code, owner, opening, debit, credit in found:
        numbers = [int(opening), int(debit), int(credit), int(opening) + int(debit) - int(credit)]
        totals = [total + number for total, number in zip(totals, numbers, strict=True)]
        account = Ref("account", f"{code}:{currency}:{owner}", CHART[Account(code)].name)
        rows.append(Row((account, names.get(owner, owner), *(Money(one, currency) for one in numbers))))
    rows.append(Row(("Together", None, *(Money(one, currency) for one in totals)), is_sum=True))
    title = f"Accounts in {currency}, debits positive"
    return Sheet("balances", title, _BALANCES, fixed(rows), len(rows), currency)


def _postings(session: Session, asked: Asked, cut: Cut, currency: str, names: dict[str, str]) -> Sheet:
    columns = (
        *(POSTINGS.c.at, ACCOUNTS.c.code, ACCOUNTS.c.owner, POSTINGS.c.transaction_id, TRANSACTIONS.c.kind),
        *(TRANSACTIONS.c.source_type, TRANSACTIONS.c.source_id, TRANSACTIONS.c.payment_id, POSTINGS.c.amount_minor),
    )
    base: Select[Any] = (
        select(*columns)
        .join_from(POSTINGS, ACCOUNTS, ACCOUNTS.c.id == POSTINGS.c.account_id)
        .where(ACCOUNTS.c.currency == currency, cut.holds())
    )
    base = _within(asked, base)

    def rows(offset: int, most: int | None) -> Iterator[Row]:
        wanted = base.join(TRANSACTIONS, TRANSACTIONS.c.id == POSTINGS.c.transaction_id)
        wanted = wanted.order_by(POSTINGS.c.at, POSTINGS.c.id).offset(offset).limit(most)
        for row in session.execute(wanted.execution_options(yield_per=AT_ONCE)):
            amount = Money(row.amount_minor, currency)
            yield Row(
                (
                    row.at,
                    CHART[Account(row.code)].name,
                    names.get(row.owner, row.owner),
                    Ref("transaction", row.transaction_id, posted_words(row.kind)),
                    source_ref(row.source_type, row.source_id),
                    None if row.payment_id is None else Ref("payment", row.payment_id, "Payment"),
                    amount if row.amount_minor > 0 else None,
                    Money(-row.amount_minor, currency) if row.amount_minor < 0 else None,
                )
            )

    count = session.scalar(base.with_only_columns(func.count())) or 0
    return Sheet("postings", f"Postings in {currency}", _POSTINGS, rows, count, currency, is_lines=True)
