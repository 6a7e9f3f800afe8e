"""What a report's lines cost and bring, added up by owner, and which merchants the gateway's fees are passed on to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.ledger import Account, Event, Line, lines_of
from app.ledger.accounts import DESK
from app.ledger.post import ACCOUNTS, POSTINGS, TRANSACTIONS
from app.merchants.plans import Plans
from app.merchants.shares import SHARED, fees_passed_on
from app.money import Money
from app.settlements.match import Matched


@dataclass
class Cost:
    """Sums in one currency, in minor units: to be posted, by event and owner; and each owner's part of the net."""

    currency: str
    sums: dict[tuple[Event, str], int] = field(default_factory=lambda: defaultdict(int))
    parts: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def lines(self) -> tuple[Line, ...]:
        return tuple(
            line
            for (event, owner), amount in self.sums.items()
            for line in lines_of(event, Money(amount, self.currency), owner)
        )


def add_lines(session: Session, cost: Cost, counted: Sequence[Matched]) -> None:
    """Add what these lines cost and bring."""
    # Only what costs something is passed on.
    shares = shares_of(session, [one.known.payment_id for one in counted if one.known and one.fee_due], cost.currency)
    plans = Plans(session)
    for one in counted:
        fee, gross, owner = one.fee_due, one.line.gross, one.owner
        cost.parts[owner] += gross - fee
        is_of_dispute = one.known is not None and one.known.fee is not None
        match one.line.type:
            case "fee" if is_of_dispute:
                if one.line.fee < 0:  # given back; what was taken is booked since the dispute was opened
                    cost.sums[Event.DISPUTE_FEE, owner] += fee
            case "reserve":
                cost.sums[Event.RESERVE_HELD, DESK] -= gross
            case "reserve_release":
                cost.sums[Event.RESERVE_RELEASED, DESK] += gross
            case "adjustment":
                cost.sums[Event.ADJUSTED, DESK] += gross
            case _:
                cost.sums[Event.GATEWAY_FEE, owner] += fee
                if one.known is not None and fee > 0:
                    part = shares.get(one.known.payment_id, {owner: 1})
                    for bearer, borne in fees_passed_on(plans, part, fee, one.line.created_at):
                        cost.sums[Event.FEE_PASSED_ON, bearer] += borne


def shares_of(session: Session, payment_ids: Iterable[str], currency: str) -> Mapping[str, dict[str, int]]:
    """How each payment's captures were shared: what each merchant got, gross."""
    ids = list(set(payment_ids))
    if not ids:
        return {}
    accounts = select(ACCOUNTS.c.id, ACCOUNTS.c.owner).where(
        ACCOUNTS.c.code == Account.MERCHANT_SHARES, ACCOUNTS.c.currency == currency
    )
    owners: dict[Any, str] = dict(session.execute(accounts).all())
    found: dict[str, dict[str, int]] = defaultdict(dict)
    rows = (
        select(TRANSACTIONS.c.payment_id, POSTINGS.c.account_id, POSTINGS.c.amount_minor)
        .join_from(TRANSACTIONS, POSTINGS, POSTINGS.c.transaction_id == TRANSACTIONS.c.id)
        .where(TRANSACTIONS.c.payment_id.in_(bindparam("ids", expanding=True)), TRANSACTIONS.c.kind == SHARED)
        .order_by(TRANSACTIONS.c.payment_id, POSTINGS.c.account_id)
    )
    for payment_id, account, amount in session.execute(rows, {"ids": ids}):
        owner = owners.get(account)
        if owner is not None:
            found[payment_id][owner] = found[payment_id].get(owner, 0) + amount
    return found
