"""Recognize a customer by e-mail address, or meet a new one."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.clock import business_now
from app.customers.models import Customer
from app.db import insert_if_absent
from app.ids import new_id


def know_customer(session: Session, *, email: str, name: str, locale: str | None) -> Customer:
    """The customer with this address, with the newest name and locale that were given."""
    key = email.strip().lower()
    insert_if_absent(
        session,
        Customer.__table__,
        {
            "id": new_id("cus"),
            "email_key": key,
            "email": email.strip(),
            "name": name,
            "locale": locale,
            "created_at": business_now(session),
        },
    )
    customer = session.scalars(select(Customer).where(Customer.email_key == key)).one()
    customer.name = name
    customer.locale = locale or customer.locale
    return customer
