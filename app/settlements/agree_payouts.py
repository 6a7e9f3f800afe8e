"""Whether settlements and payouts, the gateway's and merchants', are in the books as their rows say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import func, select, union_all
from sqlalchemy.orm import Session

from app.ledger.accounts import CHART, Account
from app.ledger.post import ACCOUNTS, POSTINGS, TRANSACTIONS
from app.money import Money
from app.settlements.models import MerchantPayout, Payout, Settlement, SettlementLine
from app.settlements.pay import KIND
from app.settlements.states import MerchantPayoutStatus, PayoutStatus, SettlementStatus

Sums = dict[tuple[str, Account], int]
"""By owner and account, debits above zero."""

_AT_ONCE = 500
_FREED = frozenset({SettlementStatus.AVAILABLE, SettlementStatus.PAID_OUT})
_UNDER_WAY = frozenset({PayoutStatus.PENDING, PayoutStatus.IN_TRANSIT})


def disagreeing_payouts(session: Session) -> Iterator[str]:
    """Each settlement or payout whose postings, or lines, do not say what its row says, in words."""
    yield from _compared(session, Settlement, "settlement", _said_of_settlement, (Account.PSP_AVAILABLE,))
    for some in _in_parts(session, Settlement):
        yield from _other_lines(session, some)
    moved = (Account.PSP_AVAILABLE, Account.IN_TRANSIT, Account.BANK)
    yield from _compared(session, Payout, "payout", _said_of_payout, moved)
    paid = (Account.MERCHANT_DUE, Account.MERCHANT_PAYOUT, Account.BANK)
    yield from _compared(session, MerchantPayout, KIND, _said_of_merchant_payout, paid)


def _said_of_settlement(settlement: Settlement) -> Sums:
    if SettlementStatus(settlement.status) not in _FREED:
        return {}
    return {(owner, Account.PSP_AVAILABLE): net for owner, net in settlement.parts.items()}


def _said_of_payout(payout: Payout) -> Sums:
    parts: Mapping[str, int] = payout.parts
    left = sum(parts.values()) - payout.amount_minor
    status = PayoutStatus(payout.status)
    if left:  # its parts were changed, or it was: either way the books cannot say the same as both
        parts = dict(parts) | {"the payout's own sum": -left}
    if status is PayoutStatus.FAILED:
        return {}
    arrived = Account.IN_TRANSIT if status in _UNDER_WAY else Account.BANK
    return {
        (owner, code): sign * amount
        for owner, amount in parts.items()
        for code, sign in ((Account.PSP_AVAILABLE, -1), (arrived, 1))
    }


def _said_of_merchant_payout(payout: MerchantPayout) -> Sums:
    status = MerchantPayoutStatus(payout.status)
    if status not in (MerchantPayoutStatus.SENT, MerchantPayoutStatus.PAID):
        return {}
    moved = Account.MERCHANT_PAYOUT if status is MerchantPayoutStatus.SENT else Account.BANK
    owner, amount = payout.merchant_id, payout.amount_minor
    return {(owner, Account.MERCHANT_DUE): amount, (owner, moved): -amount}


def _compared(
    session: Session, table: type[Any], kind: str, said_of: Callable[[Any], Sums], codes: Sequence[Account]
) -> Iterator[str]:
    name = kind.replace("_", " ")
    for some in _in_parts(session, table):
        posted = _posted(session, kind, [one.id for one in some], codes)
        for one in some:
            said, books = said_of(one), posted.get(one.id, {})
            for owner, code in sorted(said.keys() | books.keys()):
                should, is_ = said.get((owner, code), 0), books.get((owner, code), 0)
                if should != is_:
                    yield (
                        f"{name} {one.id}: {CHART[code].name.lower()} of {owner} should be"
                        f" {Money(should, one.currency)}, the books say {Money(is_, one.currency)}"
                    )
    # A settlement's lines are booked under its id and the number of the first: the cause is its id alone.
    strangers = select(TRANSACTIONS.c.id, TRANSACTIONS.c.cause).where(
        TRANSACTIONS.c.source_type == kind, ~select(table.id).where(table.id == TRANSACTIONS.c.cause).exists()
    )
    for transaction_id, source_id in session.execute(strangers.order_by(TRANSACTIONS.c.id)):
        yield f"{name} {source_id}: ledger transaction {transaction_id} is of it, and it is not there"


def _other_lines(session: Session, settlements: Sequence[Settlement]) -> Iterator[str]:
    """Settlements whose lines are not as many, or do not add up to as much, as were read."""
    sums = (
        select(
            SettlementLine.settlement_id,
            func.count(),
            func.sum(SettlementLine.net_minor),
            func.sum(SettlementLine.gross_minor - SettlementLine.fee_minor),
        )
        .where(SettlementLine.settlement_id.in_([one.id for one in settlements]))
        .group_by(SettlementLine.settlement_id)
    )
    found = {id_: (lines, int(net), int(rest)) for id_, lines, net, rest in session.execute(sums)}
    for one in settlements:
        lines, net, rest = found.get(one.id, (0, 0, 0))
        if lines != one.lines_read:
            yield f"settlement {one.id}: {one.lines_read} lines were read, {lines} are there"
        elif not net == rest == one.net_read_minor:
            told = Money(one.net_read_minor, one.currency)
            yield f"settlement {one.id}: the lines that were read came to {told}, those there do not"


def _posted(session: Session, kind: str, ids: Sequence[str], codes: Sequence[Account]) -> dict[str, Sums]:
    """What such sources posted, reversals included."""
    own = select(TRANSACTIONS.c.id, TRANSACTIONS.c.source_id).where(
        TRANSACTIONS.c.source_type == kind, TRANSACTIONS.c.source_id.in_(ids)
    )
    reversal = TRANSACTIONS.alias()
    back = (
        select(reversal.c.id, TRANSACTIONS.c.source_id)
        .join_from(TRANSACTIONS, reversal, reversal.c.reverses == TRANSACTIONS.c.id)
        .where(TRANSACTIONS.c.source_type == kind, TRANSACTIONS.c.source_id.in_(ids))
    )
    mine = union_all(own, back).subquery()
    sums = (
        select(mine.c.source_id, ACCOUNTS.c.owner, ACCOUNTS.c.code, func.sum(POSTINGS.c.amount_minor))
        .join_from(mine, POSTINGS, POSTINGS.c.transaction_id == mine.c.id)
        .join(ACCOUNTS, ACCOUNTS.c.id == POSTINGS.c.account_id)
        .where(ACCOUNTS.c.code.in_(codes))
        .group_by(mine.c.source_id, ACCOUNTS.c.owner, ACCOUNTS.c.code)
    )
    found: dict[str, Sums] = defaultdict(dict)
    for source_id, owner, code, amount in session.execute(sums):
        found[source_id][owner, Account(code)] = int(amount)
    return found


def _in_parts(session: Session, table: type[Any]) -> Iterator[Sequence[Any]]:
    """Every row, some at a time."""
    after = ""
    while True:
        some = session.scalars(select(table).where(table.id > after).order_by(table.id).limit(_AT_ONCE)).all()
        if some:
            yield some
        if len(some) < _AT_ONCE:
            return
        after = some[-1].id
