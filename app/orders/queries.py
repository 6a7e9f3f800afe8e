"""Reading orders: one, and lists by filter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.lists import Page, page_of
from app.orders.models import Order
from app.orders.states import OrderStatus

COUNT_AT_MOST = 1000
"""Beyond this a count says "more than": counting a million rows costs more than anybody learns from it."""


@dataclass(frozen=True)
class OrderFilter:
    """Which orders; None leaves a question out.

    `customer` is an e-mail address or a customer's id, `text` a whole id, reference or e-mail address. Times are the
    account's; `created_after` includes its instant, `created_before` does not.
    """

    status: OrderStatus | None = None
    reference: str | None = None
    customer: str | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    text: str | None = None


def _matching(wanted: OrderFilter) -> Select[Order]:
    rows = select(Order)
    if wanted.status is not None:
        rows = rows.where(Order.status == wanted.status)
    if wanted.reference is not None:
        rows = rows.where(Order.reference == wanted.reference)
    if wanted.customer is not None:
        by_email = Order.customer_email_key == wanted.customer.strip().lower()
        rows = rows.where(by_email if "@" in wanted.customer else Order.customer_id == wanted.customer)
    if wanted.created_after is not None:
        rows = rows.where(Order.created_at >= wanted.created_after)
    if wanted.created_before is not None:
        rows = rows.where(Order.created_at < wanted.created_before)
    if wanted.text is not None:
        text = wanted.text.strip()
        same = (Order.id == text, Order.reference == text, Order.customer_email_key == text.lower())
        rows = rows.where(or_(*same))
    return rows


def list_orders(session: Session, wanted: OrderFilter, cursor: str | None = None, limit: int = 20) -> Page[Order]:
    """One page of the orders that match, newest first. InvalidInput (`/cursor`) for a cursor that is none."""
    return page_of(
        session,
        _matching(wanted),
        Order.created_at,
        Order.id,
        lambda order: (order.created_at, order.id),
        cursor=cursor,
        limit=limit,
    )


def count_orders(session: Session, wanted: OrderFilter, at_most: int = COUNT_AT_MOST) -> int:
    """How many match, counted as far as one beyond `at_most`."""
    some = _matching(wanted).with_only_columns(Order.id).limit(at_most + 1).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def count_by_status(session: Session) -> dict[OrderStatus, int]:
    """How many orders stand in each status; every status is a key."""
    counted = session.execute(select(Order.status, func.count()).group_by(Order.status)).all()
    found = {OrderStatus(status): number for status, number in counted}
    return {status: found.get(status, 0) for status in OrderStatus}


def find_order(session: Session, order_id: str) -> Order:
    """The order; NotFound."""
    order = session.get(Order, order_id)
    if order is None:
        raise NotFound(f"There is no order {order_id}.")
    return order
