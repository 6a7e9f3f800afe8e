"""What of a sale belongs to which merchant, what the desk keeps of it, and what refunds and disputes take back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.ledger import Account, Event, Line, lines_of
from app.ledger.accounts import account_id
from app.ledger.post import POSTINGS, TRANSACTIONS, Standing
from app.merchants.plans import Plans, terms_at
from app.merchants.split import split
from app.money import Money

SHARED = "shared"
SHARE_BACK = "share_back"
_CLOCKS_APART = timedelta(days=1)


class Sale(Protocol):
    """What is shared: an order, by its items."""

    @property
    def merchant_id(self) -> Any: ...
    @property
    def items(self) -> Any: ...


@dataclass(frozen=True)
class Left:
    """What of a payment's money one merchant still has of it: gross, the commission kept, the tax on that."""

    owner: str
    gross: int
    commission: int
    tax: int


def share_of_capture(session: Session, sale: Sale, amount: Money, moment: datetime) -> tuple[Line, ...]:
    """The captured sum as its merchants' due, less the commission of the plan of that moment."""
    lines: list[Line] = []
    for owner, by_category in _parts(sale, amount.amount_minor).items():
        terms = terms_at(session, owner, moment)
        volume = volume_of_month(session, owner, amount.currency, moment) if terms.tiers else 0
        commission, tax = terms.commission(by_category, amount.currency, volume)
        for event, minor in (
            (Event.SHARED, sum(by_category.values())),
            (Event.COMMISSION, commission),
            (Event.COMMISSION_TAX, tax),
        ):
            lines += lines_of(event, Money(minor, amount.currency), owner)
    return tuple(lines)


def volume_of_month(session: Session, owner: str, currency: str, moment: datetime) -> int:
    """What the merchant sold in the calendar month up to now, gross, refunds not taken off."""
    begins = moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    ends = (begins + timedelta(days=31)).replace(day=1)
    reversal = TRANSACTIONS.alias()
    sold = (
        select(func.coalesce(func.sum(POSTINGS.c.amount_minor), 0))
        .join_from(POSTINGS, TRANSACTIONS, POSTINGS.c.transaction_id == TRANSACTIONS.c.id)
        .where(
            POSTINGS.c.account_id == account_id(owner, Account.MERCHANT_SHARES, currency),
            POSTINGS.c.at >= begins - _CLOCKS_APART,  # booked after it happened; this one has an index
            TRANSACTIONS.c.kind == SHARED,
            TRANSACTIONS.c.happened_at >= begins,
            TRANSACTIONS.c.happened_at < ends,
            ~select(reversal.c.id).where(reversal.c.reverses == TRANSACTIONS.c.id).exists(),
        )
    )
    return int(session.scalar(sold) or 0)


def share_back(session: Session, standing: Sequence[Standing], amount: Money, moment: datetime) -> tuple[Line, ...]:
    """What a refund takes back of its merchants, and what of the commission they get back for it."""
    whole = {one.owner: one for one in _left(standing, with_held=True)}
    lines: list[Line] = []
    for one, gross in _taken(standing, amount):
        lines += lines_of(Event.SHARED, Money(-gross, amount.currency), one.owner)
        lines += _commission_back(session, whole[one.owner], gross, amount.currency, moment)
    return tuple(lines)


def share_held(
    session: Session, standing: Sequence[Standing], amount: Money, fee: Money, moment: datetime
) -> tuple[Line, ...]:
    """What is held of merchants while a dispute is open, and the dispute's fee where they bear it."""
    lines: list[Line] = []
    taken = _taken(standing, amount)
    fees = split(fee.amount_minor, [gross for _, gross in taken]) if taken else []
    for (one, gross), own_fee in zip(taken, fees, strict=True):
        lines += lines_of(Event.SHARE_HELD, Money(gross, amount.currency), one.owner)
        if terms_at(session, one.owner, moment).passes_fees:
            lines += lines_of(Event.FEE_PASSED_ON, Money(own_fee, amount.currency), one.owner)
    return tuple(lines)


def share_freed(held: Standing) -> tuple[Line, ...]:
    """A dispute that was won gives back what was held; its fee stays."""
    return tuple(line for owner, money in _held(held) for line in lines_of(Event.SHARE_FREED, money, owner))


def share_lost(session: Session, standing: Sequence[Standing], held: Standing, moment: datetime) -> tuple[Line, ...]:
    """A dispute that was lost takes back what was held, and gives the commission on it back."""
    left = {one.owner: one for one in _left(standing, with_held=True)}
    lines: list[Line] = []
    for owner, money in _held(held):
        lines += lines_of(Event.SHARE_LOST, money, owner)
        lines += _commission_back(session, left[owner], money.amount_minor, money.currency, moment)
    return tuple(lines)


def fees_passed_on(plans: Plans, shares: Mapping[str, int], fee: int, moment: datetime) -> list[tuple[str, int]]:
    """What of a gateway's fee those merchants bear whose plan says so, by their parts of the sale."""
    parts = [fee] if len(shares) == 1 else split(fee, list(shares.values()))
    return [(owner, part) for owner, part in zip(shares, parts, strict=True) if plans.at(owner, moment).passes_fees]


def shared_gross(standing: Standing) -> int:
    """What of the capture was shared, all merchants together."""
    return standing.sum_of(Account.MERCHANT_SHARES)


def _parts(sale: Sale, amount: int) -> dict[str, dict[str | None, int]]:
    """The sum by merchant and category of the items, by largest remainder; all the order's merchant's without items."""
    weights: dict[tuple[str, str | None], int] = defaultdict(int)
    for item in sale.items:
        weight = item["quantity"] * item["unit_amount"]
        weights[item.get("merchant") or sale.merchant_id, item.get("category")] += weight
    if not any(weights.values()):
        return {sale.merchant_id: {None: amount}}
    parts: dict[str, dict[str | None, int]] = defaultdict(dict)
    for (owner, category), part in zip(weights, split(amount, list(weights.values())), strict=True):
        parts[owner][category] = part
    return parts


def _left(standing: Iterable[Standing], *, with_held: bool = False) -> list[Left]:
    """What each merchant has left of the payment; what open disputes hold is not there to be taken again."""
    sums: dict[tuple[str, str], int] = defaultdict(int)
    for one in standing:
        for (owner, code, _), amount in one.amounts.items():
            sums[owner, code] += amount
    owners = dict.fromkeys(owner for owner, code in sums if code == Account.MERCHANT_SHARES)
    return [
        Left(
            owner,
            sums[owner, Account.MERCHANT_SHARES] + (0 if with_held else sums[owner, Account.MERCHANT_HELD]),
            -sums[owner, Account.COMMISSION],
            -sums[owner, Account.FEE_TAX_DUE],
        )
        for owner in owners
    ]


def _taken(standing: Sequence[Standing], amount: Money) -> list[tuple[Left, int]]:
    """The sum by what each merchant has left, so that all of it together takes exactly all."""
    left = [one for one in _left(standing) if one.gross > 0]
    if not left:
        return []
    within = min(amount.amount_minor, sum(one.gross for one in left))
    return list(zip(left, split(within, [one.gross for one in left]), strict=True))


def _held(held: Standing) -> list[tuple[str, Money]]:
    return [
        (owner, Money(-amount, currency))
        for (owner, code, currency), amount in held.amounts.items()
        if code == Account.MERCHANT_HELD
    ]


def _commission_back(session: Session, left: Left, gross: int, currency: str, moment: datetime) -> tuple[Line, ...]:
    """The commission on `gross` of what is left, rounded down; the last part brings exactly the rest."""
    if left.gross <= 0 or not terms_at(session, left.owner, moment).returns_commission:
        return ()
    commission = Money(left.commission * gross // left.gross, currency)
    tax = Money(left.tax * gross // left.gross, currency)
    return lines_of(Event.COMMISSION, Money(-commission.amount_minor, currency), left.owner) + lines_of(
        Event.COMMISSION_TAX, Money(-tax.amount_minor, currency), left.owner
    )
