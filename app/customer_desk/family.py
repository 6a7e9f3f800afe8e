"""A customer and everybody who was merged into them: locked together, so that no order joins meanwhile."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.customers.models import Customer, CustomerStatus
from app.errors import NotFound, RuleBroken


def merged_into(session: Session, customer_id: str) -> Sequence[Customer]:
    """Everybody who became part of this customer, the nearest first."""
    found: list[Customer] = []
    nearest = [customer_id]
    while nearest:
        those = session.scalars(
            select(Customer).where(Customer.merged_into.in_(nearest)).order_by(Customer.changed_at, Customer.id)
        ).all()
        found += those
        nearest = [one.id for one in those]
    return found


def standing(session: Session, customer_id: str) -> Customer:
    """The customer, or whom they were merged into. NotFound."""
    customer = session.get(Customer, customer_id)
    if customer is None:
        raise NotFound(f"There is no customer {customer_id}.")
    while customer.merged_into is not None:
        customer = session.get_one(Customer, customer.merged_into)
    return customer


def lock_customer(session: Session, customer_id: str) -> Customer:
    """The customer, nobody else's until the transaction ends. NotFound."""
    customer = session.get(Customer, customer_id, with_for_update=True, populate_existing=True)
    if customer is None:
        raise NotFound(f"There is no customer {customer_id}.")
    return customer


def lock_family(session: Session, customer_id: str) -> list[Customer]:
    """The customer last, whoever was merged into them before: in the order in which placing an order goes."""
    those = [lock_customer(session, one.id) for one in reversed(merged_into(session, customer_id))]
    return [*those, lock_customer(session, customer_id)]


def check_active(customer: Customer) -> None:
    """RuleBroken for one who was merged or erased before."""
    if customer.status == CustomerStatus.MERGED:
        raise RuleBroken("customer_merged", f"{customer.name} was merged into customer {customer.merged_into} already.")
    if customer.status == CustomerStatus.ERASED:
        raise RuleBroken("customer_erased", f"Customer {customer.id} was erased: nobody is known behind it.")
