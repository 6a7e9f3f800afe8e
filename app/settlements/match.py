"""What each line of a report is to us: found by what moved, compared with what we know and with what was agreed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, bindparam, null, select
from sqlalchemy.orm import Session

from app.disputes.models import Dispute
from app.gateway.wire import GatewayLine
from app.ledger.accounts import DESK
from app.orders.models import Order
from app.payments.models import Payment
from app.payments.moved import Capture, Refund
from app.settlements.agreed import Agreed
from app.settlements.models import SettlementLine
from app.settlements.states import Outcome

Key = tuple[str, str, bool]
"""A source, a type of line, and whether the line takes money: a dispute's fee may come and be given back."""

_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_SIGN = {"capture": 1, "refund": -1, "refund_failure": 1, "dispute": -1, "dispute_reversal": 1}
OF_THE_DESK = frozenset({"reserve", "reserve_release", "adjustment"})


class Known(NamedTuple):
    """Something that moved money, as we have it."""

    payment_id: str
    order_id: str
    owner: str
    amount: int
    currency: str
    country: str | None = None
    fee: int | None = None
    """What it costs beside, as it told itself: a dispute's fee."""


class Matched(NamedTuple):
    """A line, what it is to us, and what should stand there where that is something else."""

    line: GatewayLine
    outcome: Outcome
    known: Known | None
    expected: int | None = None

    @property
    def owner(self) -> str:
        return DESK if self.known is None else self.known.owner

    @property
    def fee_due(self) -> int:
        """The fee as it was agreed, whatever the report says."""
        return self.expected if self.outcome is Outcome.FEE and self.expected is not None else self.line.fee


def key_of(type_: str, source_id: str, net: int) -> Key:
    return (source_id, type_, net < 0)


def match_lines(
    session: Session,
    lines: Sequence[GatewayLine],
    known: Mapping[str, Known],
    currency: str,
    day: date,
    agreed: Agreed,
) -> list[Matched]:
    """The lines in their order, each with what it is to us; `known` is what we know of their sources."""
    seen = seen_before(session, [line.source for line in lines])
    found = []
    for line in lines:
        key = key_of(line.type, line.source, line.net)
        one = judge(line, known.get(line.source), key in seen, currency, day, agreed)
        if one.outcome in (Outcome.MATCHED, Outcome.LATE, Outcome.FEE):
            seen.add(key)
        found.append(one)
    return found


def judge(line: GatewayLine, known: Known | None, is_seen: bool, currency: str, day: date, agreed: Agreed) -> Matched:
    """What one line is to us, in a report of this currency and day."""
    if is_seen:
        return Matched(line, Outcome.DUPLICATE, known)
    if line.type in OF_THE_DESK:
        return Matched(line, Outcome.MATCHED, None)
    if known is None:
        return Matched(line, Outcome.MISSING_HERE, None)
    if line.currency != known.currency or line.currency != currency:
        return Matched(line, Outcome.CURRENCY, known)
    gross = _SIGN.get(line.type, 0) * known.amount
    if line.gross != gross:
        return Matched(line, Outcome.AMOUNT, known, gross)
    fee = _fee_of(line, known, agreed)
    if fee is not None and fee != line.fee:
        return Matched(line, Outcome.FEE, known, fee)
    is_late = line.created_at.date() != day
    return Matched(line, Outcome.LATE if is_late else Outcome.MATCHED, known)


def _fee_of(line: GatewayLine, known: Known, agreed: Agreed) -> int | None:
    """What the line should cost; None where we cannot say."""
    if line.type == "capture":
        return agreed.capture_fee(line.gross, line.currency, known.country, line.created_at)
    if line.type == "fee" and known.fee is not None and line.fee > 0:
        return known.fee
    return None


def known_sources(session: Session, lines: Sequence[tuple[str, str]]) -> dict[str, Known]:
    """What the sources of such lines (their type, their source) are to us, where we know them, and whose."""
    ids: dict[type[Any], set[str]] = {Capture: set(), Refund: set(), Dispute: set()}
    for type_, source_id in lines:
        for row in _ROWS_OF.get(type_, ()):
            ids[row].add(source_id)
    found: dict[str, Known] = {}
    country = Payment.card["country"].as_string()
    for row, more in ((Capture, country), (Refund, null()), (Dispute, Dispute.fee_minor)):
        if not ids[row]:
            continue
        known = (
            select(row.id, row.amount_minor, row.currency, more, Payment.id, Payment.order_id, Order.merchant_id)
            .join(Payment, Payment.id == row.payment_id)
            .join(Order, Order.id == Payment.order_id)
            .where(row.id.in_(_IDS))
        )
        for id_, amount, currency, told, payment_id, order_id, owner in session.execute(known, {"ids": list(ids[row])}):
            if row is Capture:
                found[id_] = Known(payment_id, order_id, owner, amount, currency, told)
            else:
                found[id_] = Known(payment_id, order_id, owner, amount, currency, None, told)
    return found


_ROWS_OF: dict[str, tuple[type[Any], ...]] = {
    "capture": (Capture,),
    "refund": (Refund,),
    "refund_failure": (Refund,),
    "dispute": (Dispute,),
    "dispute_reversal": (Dispute,),
    "fee": (Refund, Dispute),
}


def seen_before(session: Session, ids: Sequence[str]) -> set[Key]:
    """Which of their movements a report told already."""
    if not ids:
        return set()
    good = (Outcome.MATCHED, Outcome.LATE, Outcome.FEE)
    rows = select(SettlementLine.source_id, SettlementLine.type, SettlementLine.net_minor).where(
        SettlementLine.source_id.in_(_IDS), SettlementLine.outcome.in_(good)
    )
    return {key_of(type_, source_id, net) for source_id, type_, net in session.execute(rows, {"ids": list(set(ids))})}
