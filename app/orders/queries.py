"""Reading orders: one, and lists by filter."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.finding.match import beginning, branches, row_conditions
from app.finding.wanted import COUNT_AT_MOST, Sort, Wanted
from app.lists import Page, Place, page_of
from app.orders.models import Order
from app.orders.states import OrderStatus


def named(session: Session, wanted: Wanted) -> tuple[list[ColumnElement[bool]], bool]:
    """What is asked of an order by its own name or its customer's, and whether only few fulfill it."""
    found: list[ColumnElement[bool]] = []
    are_few = False
    if wanted.reference is not None:
        found.append(Order.reference == wanted.reference)
    if wanted.customer is not None:
        by_email = Order.customer_email_key == wanted.customer.strip().lower()
        found.append(by_email if "@" in wanted.customer else Order.customer_id == wanted.customer)
    if wanted.text is not None:
        text = wanted.text.strip()
        keys = (Order.reference_key, Order.customer_email_key, Order.customer_name_key)
        begins, are_few = beginning(session, text.lower(), Order.id, *keys)
        found.append(or_(Order.id == text, begins) if are_few else begins)
    return found, are_few or wanted.reference is not None or wanted.customer is not None


def select_orders(session: Session, wanted: Wanted) -> Select[Order]:
    """The orders that match, in no order yet."""
    return select(Order).where(*row_conditions(session, Order, wanted), *named(session, wanted)[0])


def list_orders(
    session: Session, wanted: Wanted, cursor: str | None = None, limit: int = 20, sort: Sort = Sort.NEWEST
) -> Page[Order]:
    """One page of the orders that match, newest first. InvalidInput (`/cursor`) for a cursor that is none."""

    def place_of(order: Order) -> Place:
        return (order.amount_minor if sort.by_amount else order.created_at, order.id)

    return page_of(
        session,
        select_orders(session, wanted),
        Order.amount_minor if sort.by_amount else Order.created_at,
        Order.id,
        place_of,
        cursor=cursor,
        limit=limit,
        ascending=sort.ascending,
        branches=() if sort.by_amount else branches(Order, wanted),
    )


def count_orders(session: Session, wanted: Wanted, at_most: int = COUNT_AT_MOST) -> int:
    """How many match, counted as far as one beyond `at_most`."""
    some = select_orders(session, wanted).with_only_columns(Order.id).limit(at_most + 1).subquery()
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
