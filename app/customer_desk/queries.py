"""Reading customers: the list, their orders and what they came to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, selectinload

from app.customers.models import Customer
from app.disputes.models import Dispute
from app.errors import NotFound
from app.finding.columns import Column, instant
from app.finding.form import FilterForm
from app.finding.match import beginning, usual_conditions
from app.finding.rows import Rows
from app.finding.wanted import Wanted
from app.money import Money
from app.notifications.models import Channel, Message
from app.orders.models import Order

ORDERS_AT_MOST = 100
"""On the customer's own page; the desk's shows fewer and leads to the list."""
ORDERS_HERE = 20
MESSAGES_AT_MOST = 10


@dataclass(frozen=True)
class Lifetime:
    """What a customer's orders in one currency came to."""

    currency: str
    orders: int
    captured: Money
    refunded: Money


class CustomersForm(FilterForm):
    """The filter of the list of customers."""

    KIND = "customer"


COLUMNS: tuple[Column[Customer], ...] = (
    Column("name", "Name", lambda customer: customer.name, is_fixed=True),
    Column("email", "E-mail", lambda customer: customer.email),
    Column("locale", "Locale", lambda customer: customer.locale),
    Column("status", "Status", lambda customer: customer.status),
    Column("created", "First order (UTC)", lambda customer: instant(customer.created_at), sort="created"),
    Column("id", "Id", lambda customer: customer.id, is_usual=False),
)


def select_customers(session: Session, wanted: Wanted) -> Select[Customer]:
    """The customers that match, in no order yet."""
    found = usual_conditions(Customer, wanted)
    if wanted.text is not None:
        text = wanted.text.strip()
        begins, _ = beginning(session, text.lower(), Customer.id, Customer.email_key, Customer.name_key)
        found.append(or_(Customer.id == text, begins))
    return select(Customer).where(*found)


CUSTOMERS = Rows(Customer, select_customers)


def find_customer(session: Session, customer_id: str) -> Customer:
    """The customer; NotFound."""
    customer = session.get(Customer, customer_id)
    if customer is None:
        raise NotFound(f"There is no customer {customer_id}.")
    return customer


def newest_orders_of(session: Session, customer_id: str, at_most: int = ORDERS_AT_MOST) -> Sequence[Order]:
    """The newest of a customer's orders."""
    wanted = select(Order).where(Order.customer_id == customer_id)
    return session.scalars(wanted.order_by(Order.created_at.desc(), Order.id.desc()).limit(at_most)).all()


def newest_disputes_of(session: Session, customer_id: str) -> Sequence[Dispute]:
    """The newest disputes of a customer's orders."""
    wanted = select(Dispute).join(Order, Order.id == Dispute.order_id).where(Order.customer_id == customer_id)
    newest = wanted.order_by(Dispute.created_at.desc(), Dispute.id.desc()).limit(ORDERS_HERE)
    return session.scalars(newest.options(selectinload(Dispute.order))).all()


def newest_messages_of(session: Session, customer_id: str) -> Sequence[Message]:
    """The newest e-mails to a customer; the order service's callbacks are about their orders."""
    wanted = select(Message).where(Message.customer_id == customer_id, Message.channel == Channel.MAIL)
    return session.scalars(wanted.order_by(Message.id.desc()).limit(MESSAGES_AT_MOST)).all()


def lifetimes_of(session: Session, customer_id: str) -> list[Lifetime]:
    """What all of a customer's orders came to, by currency."""
    sums = (
        func.count(),
        func.coalesce(func.sum(Order.amount_captured_minor), 0),
        func.coalesce(func.sum(Order.amount_refunded_minor), 0),
    )
    rows = select(Order.currency, *sums).where(Order.customer_id == customer_id).group_by(Order.currency)
    return [
        Lifetime(currency, number, Money(int(captured), currency), Money(int(refunded), currency))
        for currency, number, captured, refunded in session.execute(rows.order_by(Order.currency))
    ]


def count_orders(session: Session, customer_id: str) -> int:
    """How many orders a customer has."""
    return session.scalar(select(func.count()).select_from(Order).where(Order.customer_id == customer_id)) or 0
