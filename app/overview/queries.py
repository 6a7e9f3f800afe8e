"""What was captured, refunded and declined since a day began, per currency, and the rows of each sum."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, joinedload

from app.lists import Page, page_of
from app.money import Money
from app.orders.models import Order
from app.orders.states import OrderStatus
from app.payments.models import Capture, Payment, Refund
from app.payments.states import PaymentStatus, RefundStatus
from app.timeline import Entry, Kind


class Figure(enum.StrEnum):
    """A sum of the overview."""

    CAPTURED = "captured"
    REFUNDED = "refunded"
    DECLINED = "declined"


TABLES: dict[Figure, type[Capture | Refund | Payment]] = {
    Figure.CAPTURED: Capture,
    Figure.REFUNDED: Refund,
    Figure.DECLINED: Payment,
}


EVENTS = (
    Kind.ORDER_PLACED,
    Kind.ORDER_STATUS,
    Kind.PAYMENT_STATUS,
    Kind.REFUND_STATUS,
    Kind.ATTEMPT_UNANSWERED,
    Kind.DISCREPANCY,
)
"""What the overview tells of; questions and answers between us and the gateway stay on the order's page."""


@dataclass(frozen=True)
class Sum:
    """How many rows, and what they add up to."""

    number: int
    money: Money


def since(now: datetime, days: int) -> datetime:
    """When the first of the last `days` days began, today counted; in UTC."""
    return datetime.combine(now.date() - timedelta(days=days - 1), time(), now.tzinfo)


def _counted(figure: Figure, begin: datetime, currency: str | None) -> list[ColumnElement[bool]]:
    table = TABLES[figure]
    counted = [table.created_at >= begin]
    if figure == Figure.REFUNDED:  # a pending one counts until it fails, as in the gateway's own counters
        counted.append(Refund.status != RefundStatus.FAILED)
    if figure == Figure.DECLINED:
        counted.append(Payment.status == PaymentStatus.DECLINED)
    return counted if currency is None else [*counted, table.currency == currency]


def sums(session: Session, figure: Figure, begin: datetime, currency: str | None = None) -> list[Sum]:
    """One sum per currency, by its code; currencies are never added up."""
    table = TABLES[figure]
    added = select(table.currency, func.count(), func.sum(table.amount_minor))
    added = added.where(*_counted(figure, begin, currency)).group_by(table.currency).order_by(table.currency)
    return [Sum(number, Money(int(total), code)) for code, number, total in session.execute(added)]


def rows_of(
    session: Session, figure: Figure, begin: datetime, currency: str | None, cursor: str | None, limit: int
) -> Page[Any]:
    """The very captures, refunds or payments that a sum counts, newest first."""
    table = TABLES[figure]
    rows = select(table).where(*_counted(figure, begin, currency))
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


def latest_events(session: Session, limit: int) -> Sequence[tuple[Entry, str]]:
    """What happened last to orders, payments and refunds, each with its order's reference; newest first."""
    told = select(Entry, Order.reference).join(Order, Order.id == Entry.order_id).where(Entry.kind.in_(EVENTS))
    return [(entry, reference) for entry, reference in session.execute(told.order_by(Entry.id.desc()).limit(limit))]


def unknown_orders(session: Session, limit: int) -> Sequence[Order]:
    """Orders whose outcome is not known, the oldest first: they have waited the longest."""
    waiting = select(Order).where(Order.status == OrderStatus.PAYMENT_UNKNOWN)
    return session.scalars(waiting.order_by(Order.created_at, Order.id).limit(limit)).all()
