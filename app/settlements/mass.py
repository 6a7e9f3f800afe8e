"""The mass of a report: captures that are just what we know and cost what was agreed, matched by the database itself.

A few statements take in as many lines as are handed over. What differs in anything is left for `match` to judge.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from operator import attrgetter
from typing import cast

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Insert,
    Integer,
    MetaData,
    String,
    Table,
    and_,
    case,
    func,
    insert,
    literal,
    null,
    select,
)
from sqlalchemy.orm import Session
from sqlalchemy.schema import CreateTable

from app.db import UTCDateTime, insert_many
from app.gateway.wire import GatewayLine
from app.ledger import Account, Event
from app.ledger.post import ACCOUNTS, POSTINGS, TRANSACTIONS
from app.merchants.plans import Plans, changes_between
from app.merchants.shares import SHARED, fees_passed_on
from app.orders.models import Order
from app.payments.models import Payment
from app.payments.moved import Capture
from app.settlements.agreed import Agreed
from app.settlements.cost import Cost, shares_of
from app.settlements.models import Settlement, SettlementLine
from app.settlements.states import BOOKED_OUTCOMES, Outcome

Numbered = tuple[int, GatewayLine]

LINES = cast(Table, SettlementLine.__table__)
_CAPTURE = "capture"
_STAGED = Table(
    "staged_lines",
    MetaData(),  # the connection's own, no part of the schema
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("line_id", String),
    Column("gateway_payment", String),
    Column("source_id", String),
    Column("currency", String),
    Column("gross_minor", BigInteger),
    Column("fee_minor", BigInteger),
    Column("net_minor", BigInteger),
    Column("created_at", UTCDateTime),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DELETE ROWS",
)
COLUMNS = (
    *("settlement_id", "number", "line_id", "type", "gateway_payment", "source_id", "payment_id", "owner", "currency"),
    *("gross_minor", "fee_minor", "net_minor", "outcome", "expected_minor", "created_at"),
)
_OF_LINE = attrgetter("id", "payment", "source", "currency", "gross", "fee", "net", "created_at")


def take_in_mass(
    session: Session, settlement: Settlement, first: int, lines: Sequence[GatewayLine], agreed: Agreed, cost: Cost
) -> list[Numbered]:
    """Write down the lines that need no look and add them to the `cost`; the others, each with its number."""
    numbered = list(enumerate(lines, first))
    times = Counter(line.source for line in lines)
    plain = [one for one in numbered if one[1].type == _CAPTURE and times[one[1].source] == 1]
    if not plain:
        return numbered
    session.execute(CreateTable(_STAGED, if_not_exists=True))
    session.execute(_STAGED.delete())  # what an earlier transaction on this connection left
    insert_many(session, _STAGED, _STAGED.columns.keys(), [(number, *_OF_LINE(line)) for number, line in plain])
    begins = datetime.combine(settlement.day, time(), UTC)
    ends = begins + timedelta(days=1)
    session.execute(_matching(settlement, begins, ends, agreed))
    mine = and_(LINES.c.settlement_id == settlement.id, LINES.c.number >= first)
    taken = _add(session, mine, cost)
    _pass_on(session, and_(mine, LINES.c.fee_minor > 0), begins, ends, cost)
    if taken == len(lines):
        return []
    numbers = set(session.scalars(select(LINES.c.number).where(mine)))
    return [one for one in numbered if one[0] not in numbers]


def _matching(settlement: Settlement, begins: datetime, ends: datetime, agreed: Agreed) -> Insert:
    """Take over each staged line that agrees in everything, was never told before and is of the day."""
    line = _STAGED.c
    told = select(LINES.c.number).where(
        LINES.c.source_id == line.source_id, LINES.c.type == _CAPTURE, LINES.c.outcome.in_(BOOKED_OUTCOMES)
    )
    country = Payment.card["country"].as_string()
    rows = (
        select(
            *(literal(settlement.id), line.number, line.line_id, literal(_CAPTURE), line.gateway_payment),
            *(line.source_id, Payment.id, Order.merchant_id, line.currency),
            *(line.gross_minor, line.fee_minor, line.net_minor, literal(Outcome.MATCHED.value), null()),
            line.created_at,
        )
        .join_from(_STAGED, Capture, Capture.id == line.source_id)
        .join(Payment, Payment.id == Capture.payment_id)
        .join(Order, Order.id == Payment.order_id)
        .where(
            line.currency == settlement.currency,
            Capture.currency == line.currency,
            Capture.amount_minor == line.gross_minor,
            line.created_at >= begins,
            line.created_at < ends,
            agreed.is_fee(line.fee_minor, line.gross_minor, settlement.currency, country, line.created_at),
            ~told.exists(),
        )
    )
    return insert(LINES).from_select(COLUMNS, rows)


def _add(session: Session, mine: ColumnElement[bool], cost: Cost) -> int:
    """What these lines cost and bring their owners; how many they are."""
    sums = select(
        LINES.c.owner, func.count(), func.sum(LINES.c.fee_minor), func.sum(LINES.c.gross_minor - LINES.c.fee_minor)
    )
    count = 0
    for owner, lines, fees, rest in session.execute(sums.where(mine).group_by(LINES.c.owner)):
        cost.sums[Event.GATEWAY_FEE, owner] += int(fees)
        cost.parts[owner] += int(rest)
        count += lines
    return count


def _pass_on(session: Session, costing: ColumnElement[bool], begins: datetime, ends: datetime, cost: Cost) -> None:
    """The fees to the merchants who bear them: sums where a payment is one merchant's, else each line by its parts."""
    plans = Plans(session)
    moments = [begins, *changes_between(session, begins, ends)]
    bearers = (
        select(
            LINES.c.number,
            LINES.c.payment_id,
            LINES.c.created_at,
            LINES.c.fee_minor,
            func.coalesce(func.min(ACCOUNTS.c.owner), func.min(LINES.c.owner)).label("first"),
            func.coalesce(func.max(ACCOUNTS.c.owner), func.min(LINES.c.owner)).label("last"),
        )
        .outerjoin(TRANSACTIONS, and_(TRANSACTIONS.c.payment_id == LINES.c.payment_id, TRANSACTIONS.c.kind == SHARED))
        .outerjoin(POSTINGS, POSTINGS.c.transaction_id == TRANSACTIONS.c.id)
        .outerjoin(
            ACCOUNTS,
            and_(
                ACCOUNTS.c.id == POSTINGS.c.account_id,
                ACCOUNTS.c.code == Account.MERCHANT_SHARES,
                ACCOUNTS.c.currency == cost.currency,
            ),
        )
        .where(costing)
        .group_by(LINES.c.settlement_id, LINES.c.number)
        .cte("bearers")
    )
    # Plans may change within the day: each line counts towards the last such moment before it.
    since = sum((case((bearers.c.created_at >= moment, 1), else_=0) for moment in moments[1:]), start=literal(0))
    sums = select(bearers.c.first, bearers.c.last, since.label("since"), func.sum(bearers.c.fee_minor))
    has_shared = False
    for owner, last, at, fees in session.execute(sums.group_by(bearers.c.first, bearers.c.last, "since")):
        if owner != last:
            has_shared = True
            continue
        for bearer, borne in fees_passed_on(plans, {owner: 1}, int(fees), moments[at]):
            cost.sums[Event.FEE_PASSED_ON, bearer] += borne
    if not has_shared:
        return
    several = select(bearers.c.payment_id, bearers.c.fee_minor, bearers.c.created_at)
    lines = session.execute(several.where(bearers.c.first != bearers.c.last)).all()
    shares = shares_of(session, [payment_id for payment_id, _, _ in lines], cost.currency)
    for payment_id, fee, moment in lines:
        for bearer, borne in fees_passed_on(plans, shares[payment_id], fee, moment):
            cost.sums[Event.FEE_PASSED_ON, bearer] += borne
