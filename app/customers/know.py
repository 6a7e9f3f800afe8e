"""Recognize a customer by e-mail address, or meet a new one."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from app.clock import business_now
from app.customers.forget import is_erased_address
from app.customers.models import Customer, CustomerStatus
from app.db import insert_if_absent
from app.errors import InvalidInput
from app.ids import new_id


def know_customer(session: Session, *, email: str, name: str, locale: str | None) -> Customer:
    """The customer with this address, or whom that was merged into, with the newest name and locale given.

    They are neither merged nor erased before the caller's transaction ends. InvalidInput for an erased one's address.
    """
    if is_erased_address(email):
        raise InvalidInput("/customer/email", "customer_erased", "This customer was erased: give an address of theirs.")
    key = email.strip().lower()
    customer = None
    while customer is None:  # one who is erased in this very moment has another address then
        insert_if_absent(
            session,
            Customer.__table__,
            {
                "id": new_id("cus"),
                "email_key": key,
                "email": email.strip(),
                "name": name,
                "name_key": name.lower()[:200],
                "locale": locale,
                "status": CustomerStatus.ACTIVE,
                "created_at": business_now(session),
            },
        )
        customer = session.scalars(_standing(Customer.email_key == key)).one_or_none()
    while customer.merged_into is not None:
        customer = session.scalars(_standing(Customer.id == customer.merged_into)).one()
    customer.name, customer.name_key = name, name.lower()[:200]
    customer.locale = locale or customer.locale
    return customer


def _standing(which: ColumnElement[bool]) -> Select[Customer]:
    """As it stands now, waiting for whoever merges or erases it; any number may place orders for it at once."""
    return (
        select(Customer)
        .where(which)
        .with_for_update(read=True, key_share=True)
        .execution_options(populate_existing=True)
    )
