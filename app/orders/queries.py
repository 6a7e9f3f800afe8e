"""Reading orders: one, and lists by filter."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.finding.match import beginning, row_conditions
from app.finding.rows import Rows
from app.finding.wanted import Wanted
from app.orders.models import ItemSeller, Order
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
    found = select(Order).where(*row_conditions(session, Order, wanted), *named(session, wanted)[0])
    return found if wanted.merchant is None else found.where(_sold_by(session, wanted.merchant))


def _sold_by(session: Session, merchant_id: str) -> ColumnElement[bool]:
    """A merchant's own orders, and those of others in which it sells items; most merchants have only own ones."""
    own = Order.merchant_id == merchant_id
    of_others = select(ItemSeller.order_id).where(ItemSeller.merchant_id == merchant_id)
    return or_(own, Order.id.in_(of_others)) if session.scalar(of_others.limit(1)) else own


ORDERS = Rows(Order, select_orders)


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
