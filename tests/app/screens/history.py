"""Orders, payments, captures and refunds of many days, written straight into a database."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, insert
from sqlalchemy.orm import Session

from app.customers.models import Customer
from app.ids import new_id
from app.merchants.models import Merchant
from app.orders.models import Order
from app.payments.declines import DECLINES
from app.payments.models import Payment
from app.payments.moved import Capture, Refund

CODES = [*DECLINES, "declined_by_whim", "moon_phase_hard"]
"""Every reason that has an explanation, and two that a gateway may have added since."""
CURRENCIES = {"USD": 1, "EUR": 1, "JPY": 0, "KWD": 3}
_STATUSES = {
    "captured": "paid",
    "refunded": "refunded",
    "partially_refunded": "partially_refunded",
    "authorized": "authorized",
    "partially_captured": "partially_captured",
    "declined": "declined",
    "voided": "canceled",
    "expired": "payment_failed",
    "failed": "payment_failed",
    "requires_action": "awaiting_authentication",
    "processing": "payment_unknown",
}


@dataclass(frozen=True)
class History:
    """What was written, by table."""

    now: datetime
    rows: dict[Any, list[dict[str, Any]]]


def write_history(engine: Engine, now: datetime, *, days: int, orders: int, seed: int) -> History:
    """Write `orders` orders over the `days` days up to `now`, and what became of them."""
    chance = random.Random(seed)
    tables: dict[Any, list[dict[str, Any]]] = {Order: [], Payment: [], Capture: [], Refund: []}
    with Session(engine) as session, session.begin():
        merchant = Merchant(id=new_id("mer"), name=f"Shop {seed}", created_at=now)
        customer = Customer(
            id=new_id("cus"), email_key="ann@example.com", email="ann@example.com", name="Ann", created_at=now
        )
        session.add_all([merchant, customer])
        session.flush()
        for number in range(orders):
            for table, row in _one(chance, now, days, number, merchant.id, customer.id):
                tables[table].append(row)
        for table, rows in tables.items():
            session.execute(insert(table), rows)
    return History(now, tables)


def _one(
    chance: random.Random, now: datetime, days: int, number: int, merchant: str, customer: str
) -> Iterator[tuple[Any, dict[str, Any]]]:
    began = _moment(chance, now, days)
    currency = chance.choices(list(CURRENCIES), [6, 3, 1, 1])[0]
    amount = round(chance.lognormvariate(8.5, 0.8)) + 1
    status = chance.choices(list(_STATUSES), [60, 4, 4, 6, 2, 12, 3, 2, 1, 2, 1])[0]
    order = {
        "id": new_id("ord"),
        "merchant_id": merchant,
        "reference": f"SHOP-{number}",
        "status": _STATUSES[status],
        "version": 1,
        "amount_minor": amount,
        "amount_authorized_minor": 0,
        "amount_captured_minor": 0,
        "amount_refunded_minor": 0,
        "currency": currency,
        "customer_id": customer,
        "customer_name": "Ann",
        "customer_email": "ann@example.com",
        "customer_email_key": "ann@example.com",
        "items": [],
        "capture_policy": "manual",
        "context": {},
        "details": {},
        "disputed": False,
        "created_at": began,
        "recorded_at": began,
    }
    yield Order, order
    answered = status not in ("declined", "failed", "requires_action", "processing")
    if status == "expired":
        answered = chance.random() < 0.5  # a hold that lapsed, or a challenge that nobody answered
    taken = amount if status in ("captured", "refunded", "partially_refunded") else 0
    taken = (amount + 1) // 2 if status == "partially_captured" else taken
    back = {"refunded": amount, "partially_refunded": amount // 2}.get(status, 0)
    code = chance.choice(CODES) if status == "declined" else None
    payment = {
        "id": new_id("pay"),
        "order_id": order["id"],
        "gateway_id": new_id("pay"),
        "gateway_version": 1,
        "status": status,
        "version": 1,
        "amount_minor": amount,
        "amount_capturable_minor": amount - taken if status in ("authorized", "partially_captured") else 0,
        "amount_captured_minor": taken,
        "amount_refunded_minor": back,
        "amount_refundable_minor": taken - back,
        "currency": currency,
        "capture": bool(taken),
        "card": {"network": "visa", "last4": "4242"},
        "decline": code and {"code": code, "kind": "hard" if "hard" in code else "soft", "message": "No."},
        "decline_code": code,
        "discrepancy": "The gateway says another amount." if chance.random() < 0.01 else None,
        "created_at": began,
        "authorized_at": began if answered else None,
        "expires_at": max(now, began) + timedelta(hours=chance.randint(1, 168)) if answered else None,
    }
    yield Payment, payment
    if taken:
        yield Capture, _moved("cap", payment, taken, min(now, began + timedelta(hours=chance.randint(0, 40))))
    if back:
        at = min(now, began + timedelta(hours=chance.randint(41, 200)))
        ok = {"status": "succeeded", "version": 2}
        yield Refund, _moved("re", payment, back, at) | ok
        if chance.random() < 0.3:
            yield Refund, _moved("re", payment, 1, at) | {"status": "failed", "version": 2}


def _moved(prefix: str, payment: dict[str, Any], amount: int, at: datetime) -> dict[str, Any]:
    return {
        "id": new_id(prefix),
        "payment_id": payment["id"],
        "amount_minor": amount,
        "currency": payment["currency"],
        "created_at": at,
    }


def _moment(chance: random.Random, now: datetime, days: int) -> datetime:
    """Some time of the past, often at the very edge of a day."""
    back = timedelta(seconds=chance.randint(0, days * 86_400))
    at = now - back
    if chance.random() < 0.1:
        at = at.replace(hour=0, minute=0, second=0, microsecond=0)
    elif chance.random() < 0.1:
        at = at.replace(hour=23, minute=59, second=59, microsecond=999_999)
    return min(at, now)
