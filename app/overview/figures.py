"""The figures of the overview: what each counts, its sums by day and currency, and the very rows that it counts."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, literal, or_, select
from sqlalchemy.orm import Session, joinedload

from app.db import utc_day
from app.lists import Page, page_of
from app.money import Money
from app.orders.models import Order
from app.overview.periods import Span
from app.payments.declines import DECLINES, DeclineClass
from app.payments.models import Payment
from app.payments.moved import Capture, Refund
from app.payments.states import PaymentStatus, RefundStatus


class Figure(enum.StrEnum):
    """What is counted. Money taken and given back counts when it moved, an order or payment when it began."""

    CAPTURED = "captured"
    REFUNDED = "refunded"
    ORDERS = "orders"
    TRIED = "tried"
    APPROVED = "approved"
    DECLINED = "declined"
    UNFINISHED = "unfinished"


TABLES: dict[Figure, type[Capture | Refund | Order | Payment]] = {
    Figure.CAPTURED: Capture,
    Figure.REFUNDED: Refund,
    Figure.ORDERS: Order,
    Figure.TRIED: Payment,
    Figure.APPROVED: Payment,
    Figure.DECLINED: Payment,
    Figure.UNFINISHED: Payment,
}

MOVED = frozenset({Figure.CAPTURED, Figure.REFUNDED})
"""Figures that are sums of money; of the others, only the rows are counted."""

_APPROVED = Payment.authorized_at.is_not(None)
_DECLINED = Payment.status == PaymentStatus.DECLINED
_COUNTED: dict[Figure, ColumnElement[bool] | None] = {
    Figure.CAPTURED: None,
    Figure.ORDERS: None,
    Figure.REFUNDED: Refund.status != RefundStatus.FAILED,  # a pending one counts, as in the gateway's own counters
    Figure.TRIED: or_(_APPROVED, _DECLINED),
    Figure.APPROVED: _APPROVED,
    Figure.DECLINED: _DECLINED,
    Figure.UNFINISHED: and_(Payment.authorized_at.is_(None), Payment.status != PaymentStatus.DECLINED),
}

_CODES = {kind: [code for code, told in DECLINES.items() if told.kind is kind] for kind in DeclineClass}
_KIND: ColumnElement[str] = case(
    *((Payment.decline_code.in_(codes), kind.value) for kind, codes in _CODES.items()),
    (Payment.decline["kind"].as_string() == "hard", DeclineClass.NEVER.value),
    else_=DeclineClass.CUSTOMER.value,
)
"""What `app.payments.declines.explain` says of a decline's class, as the database finds it."""


@dataclass(frozen=True)
class Tally:
    """How many rows, and of money that moved, what they add up to in minor units."""

    number: int = 0
    amount_minor: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.number + other.number, self.amount_minor + other.amount_minor)


@dataclass(frozen=True)
class Sum:
    """How many rows, and what they add up to."""

    number: int
    money: Money


@dataclass(frozen=True)
class Rows:
    """Which rows of a figure; None leaves a question out.

    Class and reason are asked of declines alone; an empty reason is that of declines which give none.
    """

    figure: Figure
    span: Span
    currency: str | None = None
    kind: DeclineClass | None = None
    reason: str | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """What a row has to fulfill."""
        table = TABLES[self.figure]
        found = [table.created_at >= self.span.begin, table.created_at < self.span.end]
        counted = _COUNTED[self.figure]
        if counted is not None:
            found.append(counted)
        if self.currency is not None:
            found.append(table.currency == self.currency)
        if self.kind is not None:
            found.append(_KIND.in_([self.kind.value]))
        if self.reason is not None:
            found.append(Payment.decline_code == self.reason if self.reason else Payment.decline_code.is_(None))
        return found


def sums(session: Session, rows: Rows) -> list[Sum]:
    """One sum per currency, by its code; currencies are never added up."""
    table = TABLES[rows.figure]
    added = select(table.currency, func.count(), func.sum(table.amount_minor)).where(*rows.conditions())
    found = session.execute(added.group_by(table.currency).order_by(table.currency))
    return [Sum(number, Money(int(total), code)) for code, number, total in found]


def list_rows(session: Session, wanted: Rows, cursor: str | None, limit: int) -> Page[Any]:
    """The very captures, refunds, orders or payments that a figure counts, newest first."""
    table = TABLES[wanted.figure]
    rows = select(table).where(*wanted.conditions())
    if table is Capture or table is Refund:
        rows = rows.options(joinedload(table.payment))
    return page_of(
        session,
        rows,
        table.created_at,
        table.id,
        lambda row: (row.created_at, row.id),
        cursor=cursor,
        limit=limit,
    )


def _counts(figure: Figure) -> tuple[ColumnElement[int], ColumnElement[Any]]:
    """What is asked of the rows. An index has all of it, so that the rows themselves are not read."""
    return func.count(), func.sum(TABLES[figure].amount_minor) if figure in MOVED else literal(0)


def by_day(session: Session, figure: Figure, currency: str, span: Span) -> dict[date, Tally]:
    """The figure on each day of the span on which there is any."""
    table = TABLES[figure]
    day = utc_day(table.created_at)
    counted = select(day, *_counts(figure)).where(*Rows(figure, span, currency).conditions())
    return {at: Tally(number, int(total)) for at, number, total in session.execute(counted.group_by(day))}


@dataclass(frozen=True)
class Declines:
    """Declined payments of one day, class and reason."""

    day: date
    kind: DeclineClass
    reason: str
    number: int


def declines(session: Session, currency: str, span: Span) -> list[Declines]:
    """Declined payments, counted by day, class and reason."""
    rows = Rows(Figure.DECLINED, span, currency).conditions()
    day, kind = utc_day(Payment.created_at).label("day"), _KIND.label("kind")
    parts = select(day, kind, Payment.decline_code, func.count()).where(*rows)
    counted = session.execute(parts.group_by("day", "kind", Payment.decline_code))
    return [Declines(at, DeclineClass(kind), reason or "", number) for at, kind, reason, number in counted]


def currencies(session: Session) -> list[str]:
    """Every currency in which there is an order, by its code; one look into the index for each."""
    found: list[str] = []
    while True:
        above = select(func.min(Order.currency)).where(Order.currency > (found[-1] if found else ""))
        code = session.scalar(above)
        if code is None:
            return found
        found.append(code)


def totals(session: Session, figure: Figure, span: Span, codes: Sequence[str]) -> dict[str, Tally]:
    """The figure in each of these currencies in which there is any."""
    table = TABLES[figure]
    counted = select(table.currency, *_counts(figure)).where(
        table.currency.in_(codes), *Rows(figure, span).conditions()
    )
    return {
        code: Tally(number, int(total)) for code, number, total in session.execute(counted.group_by(table.currency))
    }


def first_order_at(session: Session) -> datetime | None:
    """When the oldest order was placed: before it there is nothing to compare with."""
    return session.scalar(select(func.min(Order.created_at)))
