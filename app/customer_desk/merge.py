"""Make one customer of two: one stays, with the orders and messages of both. It cannot be undone."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from app.clock import business_now
from app.customer_desk.family import check_active, lock_customer
from app.customers.models import Customer, CustomerStatus
from app.db import Base, transaction
from app.errors import InvalidInput
from app.timeline import Actor, Kind, add

_LIKELY_AT_MOST = 5


def find_other(session: Session, customer: Customer, told: str) -> Customer:
    """Whom an id or an e-mail address means. InvalidInput for nobody, and for the customer itself."""
    text = told.strip()
    found = session.scalars(
        select(Customer).where(or_(Customer.id == text, Customer.email_key == text.lower()))
    ).one_or_none()
    if found is None:
        raise InvalidInput("/other", "not_found", f"There is no customer {text!r}. Write an e-mail address or an id.")
    if found.id == customer.id:
        raise InvalidInput("/other", "same_customer", "This is the customer that you are merging: write the other one.")
    return found


def likely_others(session: Session, customer: Customer) -> Sequence[Customer]:
    """Customers of the same name, who may be the same person."""
    same = select(Customer).where(
        Customer.name_key == customer.name_key, Customer.id != customer.id, Customer.status == CustomerStatus.ACTIVE
    )
    return session.scalars(same.order_by(Customer.created_at.desc(), Customer.id.desc()).limit(_LIKELY_AT_MOST)).all()


def merge_customers(stays_id: str, goes_id: str, reason: str, actor: Actor) -> Customer:
    """Give all that is the one's to the other, who stays. NotFound, RuleBroken."""
    if stays_id == goes_id:
        raise InvalidInput("/other", "same_customer", "A customer cannot be merged with itself.")
    with transaction() as session:
        locked = {one: lock_customer(session, one) for one in sorted((stays_id, goes_id))}
        stays, goes = locked[stays_id], locked[goes_id]
        for one in (stays, goes):
            check_active(one)
        orders = _hand_over(session, stays, goes)
        stays.locale = stays.locale or goes.locale
        stays.created_at = min(stays.created_at, goes.created_at)
        goes.status, goes.merged_into = CustomerStatus.MERGED, stays.id
        goes.changed_at, goes.changed_by, goes.changed_why = business_now(session), actor.name[:200], reason
        add(
            session,
            Kind.CUSTOMER_MERGED,
            goes.id,
            f"Customer {goes.id} merged into {stays.id}",
            actor,
            to_status=CustomerStatus.MERGED,
            data={"into": stays.id, "orders": orders, "reason": reason},
        )
    return stays


def _hand_over(session: Session, stays: Customer, goes: Customer) -> int:
    """Every row that names the one names the other; the number of orders. History tells of whoever it was then."""
    moved = 0
    for table in Base.metadata.sorted_tables:
        if "customer_id" in table.columns:
            column = table.columns["customer_id"]
            number = session.scalar(select(func.count()).select_from(table).where(column == goes.id)) or 0
            if number:
                session.execute(update(table).where(column == goes.id).values(customer_id=stays.id))
            moved = number if table.name == "orders" else moved
    return moved
