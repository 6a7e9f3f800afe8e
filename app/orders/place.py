"""Take an order."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.clock import business_now, wall_now
from app.customers.know import know_customer
from app.db import reading, transaction
from app.errors import InvalidInput
from app.ids import new_id
from app.merchants.queries import find_merchant
from app.money import MAX_AMOUNT_MINOR, Money, UnknownCurrency, exponent_of, is_locale
from app.orders.models import ItemSeller, Order
from app.orders.told import tell_of_status
from app.timeline import Actor, Kind, add

CAPTURE_POLICIES = ("manual", "automatic", "on_shipment")
_EMAIL = re.compile(r"[^@\s\x00-\x1f]{1,64}@[^@\s\x00-\x1f]{1,189}")


def is_email(text: str) -> bool:
    """Whether a letter may be addressed like this; whether anybody reads it there, only the letter finds out."""
    return _EMAIL.fullmatch(text) is not None


@dataclass(frozen=True)
class Item:
    """One line of an order; `unit_amount_minor` in the order's currency."""

    name: str
    quantity: int
    unit_amount_minor: int
    merchant: str | None = None
    """Who sells it, where that is another than the order's merchant."""
    category: str | None = None
    """What it is, for commission plans that tell kinds of goods apart."""

    @property
    def stored(self) -> dict[str, str | int]:
        """As an order keeps it: what is not said is left out."""
        told = {"merchant": self.merchant, "category": self.category}
        return {
            "name": self.name,
            "quantity": self.quantity,
            "unit_amount": self.unit_amount_minor,
            **{name: value for name, value in told.items() if value is not None},
        }


@dataclass(frozen=True)
class NewOrder:
    """What is asked for, already of the right types; `place_order` checks what it means."""

    reference: str
    amount_minor: int
    currency: str
    customer_name: str
    customer_email: str
    customer_locale: str | None = None
    items: Sequence[Item] = ()
    merchant_id: str | None = None
    capture_policy: str = "manual"
    context: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)


def _check(new: NewOrder) -> None:
    try:
        exponent_of(new.currency)
    except UnknownCurrency as error:
        raise InvalidInput("/currency", "unknown_currency", f"{error}.") from None
    if not 1 <= new.amount_minor <= MAX_AMOUNT_MINOR:
        raise InvalidInput(
            "/amount", "out_of_range", f"The amount must be 1 to {MAX_AMOUNT_MINOR} minor units of {new.currency}."
        )
    if not new.reference.strip():
        raise InvalidInput("/reference", "required", "Give the order a reference of 1 to 100 characters.")
    if not new.customer_name.strip():
        raise InvalidInput("/customer/name", "required", "Give the customer's name.")
    if not is_email(new.customer_email):
        raise InvalidInput("/customer/email", "invalid_email", "Write an e-mail address, like ann@example.com.")
    if new.customer_locale is not None and not is_locale(new.customer_locale):
        raise InvalidInput("/customer/locale", "unknown_locale", "Write a locale, like en-US or de-DE.")
    if new.capture_policy not in CAPTURE_POLICIES:
        raise InvalidInput("/capture_policy", "unknown_policy", f"Choose one of {', '.join(CAPTURE_POLICIES)}.")
    if new.items:
        total = sum(item.quantity * item.unit_amount_minor for item in new.items)
        if total != new.amount_minor:
            raise InvalidInput(
                "/items",
                "sum_differs",
                f"The items add up to {total}, the amount is {new.amount_minor}: make them equal.",
            )


def _taken(reference: str) -> InvalidInput:
    return InvalidInput("/reference", "reference_taken", f"This merchant already has an order {reference!r}.")


def place_order(new: NewOrder, actor: Actor, *, request_key: str | None = None) -> Order:
    """Write the order, or find the one that stands under the request's key; InvalidInput names what is wrong."""
    _check(new)
    try:
        with transaction() as session:
            return _order_of_request(session, request_key) or _write(session, new, actor, request_key)
    except IntegrityError:  # a rival came between the look and the write: with the same request, or the same reference
        with reading() as session:
            placed = _order_of_request(session, request_key)
        if placed is None:
            raise _taken(new.reference) from None
        return placed


def _order_of_request(session: Session, request_key: str | None) -> Order | None:
    if request_key is None:
        return None
    return session.scalars(select(Order).where(Order.request_key == request_key)).one_or_none()


def _write(session: Session, new: NewOrder, actor: Actor, request_key: str | None) -> Order:
    merchant = find_merchant(session, new.merchant_id)
    sellers = set[str]()
    for number, item in enumerate(new.items):
        if item.merchant is not None:
            sellers.add(find_merchant(session, item.merchant, f"/items/{number}/merchant").id)
    same = select(Order.id).where(Order.merchant_id == merchant.id, Order.reference == new.reference)
    if session.scalars(same).first() is not None:
        raise _taken(new.reference)
    customer = know_customer(session, email=new.customer_email, name=new.customer_name, locale=new.customer_locale)
    order = Order(
        id=new_id("ord"),
        merchant_id=merchant.id,
        reference=new.reference,
        amount_minor=new.amount_minor,
        currency=new.currency,
        customer_id=customer.id,
        customer_name=new.customer_name,
        customer_email=new.customer_email,
        customer_email_key=customer.email_key,
        customer_locale=new.customer_locale,
        items=[item.stored for item in new.items],
        capture_policy=new.capture_policy,
        context=dict(new.context),
        details=dict(new.metadata),
        request_key=request_key,
        created_at=business_now(session),
        recorded_at=wall_now(),
    )
    session.add(order)
    session.flush()
    session.add_all(ItemSeller(merchant_id=seller, order_id=order.id) for seller in sellers - {merchant.id})
    summary = f"Order {order.reference} placed over {Money(order.amount_minor, order.currency)}"
    add(session, Kind.ORDER_PLACED, order.id, summary, actor, order_id=order.id, to_status=order.status)
    tell_of_status(session, order, None, request_key)
    return order
