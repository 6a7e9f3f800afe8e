"""The one way postings come to be: balanced, once for each source, in the transaction that brings the change."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import Table, insert, select
from sqlalchemy.orm import Session

from app.clock import business_now, wall_now
from app.db import insert_if_absent
from app.ids import new_id
from app.ledger.accounts import CHART, Account, Class, account_id
from app.ledger.models import LedgerAccount, LedgerPosting, LedgerTransaction
from app.money import Money

# Tables, not classes: a look at the books must not write out what its caller is still putting together.
ACCOUNTS = cast(Table, LedgerAccount.__table__)
TRANSACTIONS = cast(Table, LedgerTransaction.__table__)
POSTINGS = cast(Table, LedgerPosting.__table__)

REVERSED = "reversed"
_DIGESTED = (
    *("id", "source_type", "source_id", "kind", "round", "reverses", "owner", "order_id", "payment_id", "cause"),
    *("happened_at", "at", "recorded_at"),
)


@dataclass(frozen=True)
class Line:
    """One posting to be: above zero a debit, below zero a credit."""

    owner: str
    code: Account
    amount: Money


@dataclass(frozen=True)
class Draft:
    """A ledger transaction to be. Source and kind say of what it is the one record."""

    source_type: str
    source_id: str
    kind: str
    owner: str
    lines: tuple[Line, ...]
    order_id: str | None = None
    payment_id: str | None = None
    cause: str | None = None
    happened_at: datetime | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        return (self.source_type, self.source_id, self.kind)


@dataclass(frozen=True)
class Standing:
    """A ledger transaction that was not reversed, with what it posted on each account."""

    id: str
    source_type: str
    source_id: str
    kind: str
    owner: str
    order_id: str | None
    payment_id: str | None
    amounts: Mapping[tuple[str, str, str], int]
    """By owner, code and currency; debits above zero."""

    @property
    def key(self) -> tuple[str, str, str]:
        return (self.source_type, self.source_id, self.kind)

    def sum_of(self, code: Account) -> int:
        """What it posted on accounts of this code, in minor units."""
        return sum(amount for (_, posted, _), amount in self.amounts.items() if posted == code)


def moves(lines: Iterable[Line]) -> dict[tuple[str, str, str], int]:
    """The lines added up by owner, code and currency; what cancels out is left out."""
    sums: dict[tuple[str, str, str], int] = defaultdict(int)
    for line in lines:
        sums[line.owner, line.code.value, line.amount.currency] += line.amount.amount_minor
    return {key: amount for key, amount in sums.items() if amount}


def check_balanced(amounts: Mapping[tuple[str, str, str], int]) -> None:
    """What cannot happen: a set that does not balance in each currency, or mixes holds with money."""
    assert len(amounts) >= 2, "a ledger transaction has two postings at least"
    by_currency: dict[str, int] = defaultdict(int)
    for (_, _, currency), amount in amounts.items():
        by_currency[currency] += amount
    assert not any(by_currency.values()), f"debits and credits differ: {dict(by_currency)}"
    memo = {CHART[Account(code)].kind is Class.MEMO for _, code, _ in amounts}
    assert len(memo) == 1, "holds are not mixed with money"


def post(session: Session, draft: Draft, *, round_: int = 0, reverses: str | None = None) -> str | None:
    """Write a ledger transaction; its id, None where its lines cancel out. The same source twice is refused."""
    amounts = moves(draft.lines)
    if not amounts:
        return None
    check_balanced(amounts)
    _ensure_accounts(session, amounts)
    now = business_now(session)
    row: dict[str, Any] = {
        "id": new_id("ltx"),
        "source_type": draft.source_type,
        "source_id": draft.source_id,
        "kind": draft.kind,
        "round": round_,
        "reverses": reverses,
        "owner": draft.owner,
        "order_id": draft.order_id,
        "payment_id": draft.payment_id,
        "cause": draft.cause,
        "happened_at": draft.happened_at or now,
        "at": now,
        "recorded_at": wall_now(),
    }
    postings = [
        {
            "id": f"{row['id']}.{number}",
            "transaction_id": row["id"],
            "account_id": account_id(owner, Account(code), currency),
            "currency": currency,
            "amount_minor": amount,
            "at": now,
        }
        for number, ((owner, code, currency), amount) in enumerate(amounts.items(), 1)
    ]
    row["digest"] = digest_of(row, postings)
    session.execute(insert(POSTINGS), postings)
    session.execute(insert(TRANSACTIONS), row)  # last: from now on the database takes no posting more for it
    return str(row["id"])


def post_once(
    session: Session, standing: Sequence[Standing], past: Mapping[tuple[str, str, str], int], draft: Draft
) -> bool:
    """Post unless the same stands; what stands and differs is reversed first. True if anything was posted.

    `past` says how often each key was reversed before.
    """
    same = next((one for one in standing if one.key == draft.key), None)
    if same is not None and dict(same.amounts) == moves(draft.lines):
        return False
    rounds = past.get(draft.key, 0)
    if same is not None:
        reverse(session, same, cause=draft.cause)
        rounds += 1
    return post(session, draft, round_=rounds) is not None or same is not None


def reverse(session: Session, standing: Standing, *, cause: str | None = None, kind: str = REVERSED) -> str:
    """Post the opposite of a ledger transaction, which stays as it is. It can be done once."""
    lines = tuple(
        Line(owner, Account(code), Money(-amount, currency))
        for (owner, code, currency), amount in standing.amounts.items()
    )
    draft = Draft(
        "ledger_transaction",
        standing.id,
        kind,
        standing.owner,
        lines,
        standing.order_id,
        standing.payment_id,
        cause,
    )
    made = post(session, draft, reverses=standing.id)
    assert made is not None, "what was posted moved something"
    return made


def standing_of(session: Session, payment_id: str) -> tuple[list[Standing], dict[tuple[str, str, str], int]]:
    """What is in force of a payment's ledger transactions, the oldest first; and how often each was reversed."""
    rows = session.execute(
        select(TRANSACTIONS).where(TRANSACTIONS.c.payment_id == payment_id).order_by(TRANSACTIONS.c.id)
    ).all()
    return _standing(session, rows)


def standing_from(
    session: Session, source_type: str, source_id: str
) -> tuple[list[Standing], dict[tuple[str, str, str], int]]:
    """The same of one source that is no payment's."""
    mine = select(TRANSACTIONS.c.id).where(
        TRANSACTIONS.c.source_type == source_type, TRANSACTIONS.c.source_id == source_id
    )
    rows = session.execute(
        select(TRANSACTIONS)
        .where(TRANSACTIONS.c.id.in_(mine) | TRANSACTIONS.c.reverses.in_(mine))
        .order_by(TRANSACTIONS.c.id)
    ).all()
    return _standing(session, rows)


def _standing(session: Session, rows: Sequence[Any]) -> tuple[list[Standing], dict[tuple[str, str, str], int]]:
    reversed_ones = {row.reverses for row in rows if row.reverses}
    past: dict[tuple[str, str, str], int] = defaultdict(int)
    in_force = []
    for row in rows:
        if row.id in reversed_ones:
            past[row.source_type, row.source_id, row.kind] += 1
        elif row.reverses is None:
            in_force.append(row)
    if not in_force:
        return [], dict(past)
    amounts: dict[str, dict[tuple[str, str, str], int]] = defaultdict(dict)
    postings = (
        select(
            POSTINGS.c.transaction_id, POSTINGS.c.amount_minor, ACCOUNTS.c.owner, ACCOUNTS.c.code, ACCOUNTS.c.currency
        )
        .join_from(POSTINGS, ACCOUNTS, POSTINGS.c.account_id == ACCOUNTS.c.id)
        .where(POSTINGS.c.transaction_id.in_([row.id for row in in_force]))
        .order_by(POSTINGS.c.id)
    )
    for transaction_id, amount, owner, code, currency in session.execute(postings):
        amounts[transaction_id][owner, str(code), currency] = amount
    found = [
        Standing(
            row.id,
            row.source_type,
            row.source_id,
            row.kind,
            row.owner,
            row.order_id,
            row.payment_id,
            amounts[row.id],
        )
        for row in in_force
    ]
    return found, dict(past)


def digest_of(row: Mapping[str, Any], postings: Iterable[Mapping[str, Any]]) -> str:
    """SHA-256 over a ledger transaction and its postings as JSON, so that no value can run into the next."""
    told = [_told(row[name]) for name in _DIGESTED]
    lines = sorted([one["id"], one["account_id"], one["currency"], one["amount_minor"]] for one in postings)
    return hashlib.sha256(json.dumps([told, lines]).encode()).hexdigest()


def _told(value: object) -> object:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value


def _ensure_accounts(session: Session, amounts: Iterable[tuple[str, str, str]]) -> None:
    wanted = {account_id(owner, Account(code), currency): (owner, code, currency) for owner, code, currency in amounts}
    known = set(session.scalars(select(ACCOUNTS.c.id).where(ACCOUNTS.c.id.in_(wanted))))
    for one in sorted(wanted.keys() - known):  # sorted, so that two who make the same ones do not wait for each other
        owner, code, currency = wanted[one]
        insert_if_absent(session, ACCOUNTS, {"id": one, "owner": owner, "code": code, "currency": currency})
