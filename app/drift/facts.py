"""The three words on a payment side by side: the order's, ours, and the gateway's; and where they differ."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from app.gateway import GatewayPayment
from app.money import Money
from app.orders.models import Order
from app.payments.models import Payment
from app.payments.restore import expected_status

Form = Literal["money", "order", "payment", "text"]


@dataclass(frozen=True)
class Fact:
    """One thing that is told of a payment. `form` says how a value is shown: as money, a status, or text."""

    name: str
    form: Form
    order: Any
    ours: Any
    theirs: Any
    differs: bool

    def as_row(self) -> dict[str, Any]:
        return asdict(self)


def facts_of(order: Order | None, payment: Payment | None, told: GatewayPayment | None) -> list[Fact]:
    """Every fact. `order` is None where the payment is not its newest: an older try no longer moves the order."""
    return [
        *_sums(order, payment, told),
        _status(order, payment, told),
        _reference(order, payment, told),
        _moved("Captures", "captures", payment, told),
        _moved("Refunds", "refunds", payment, told),
        _fact("Version", "text", None, payment.gateway_version if payment else None, told.version if told else None),
    ]


def _fact(name: str, form: Form, order: Any, ours: Any, theirs: Any) -> Fact:
    """It differs unless all who tell it tell the same."""
    said = [value for value in (order, ours, theirs) if value is not None]
    return Fact(name, form, order, ours, theirs, any(value != said[0] for value in said))


def _money(minor: int, currency: str) -> list[Any]:
    return [minor, currency]


def _sums(order: Order | None, payment: Payment | None, told: GatewayPayment | None) -> list[Fact]:
    found = []
    for name, of_order, ours, theirs in (
        ("Amount", "amount_minor", "amount_minor", "amount"),
        ("Held", None, "amount_capturable_minor", "amount_capturable"),
        ("Captured", "amount_captured_minor", "amount_captured_minor", "amount_captured"),
        ("Refunded", "amount_refunded_minor", "amount_refunded_minor", "amount_refunded"),
        ("Refundable", None, "amount_refundable_minor", "amount_refundable"),
    ):
        first = None
        if order is not None and name == "Held":
            first = _money(order.amount_authorized_minor - order.amount_captured_minor, order.currency)
        elif order is not None and of_order is not None:
            first = _money(getattr(order, of_order), order.currency)
        second = _money(getattr(payment, ours), payment.currency) if payment else None
        third = _money(getattr(told, theirs), told.currency) if told else None
        found.append(_fact(name, "money", first, second, third))
    return found


def _status(order: Order | None, payment: Payment | None, told: GatewayPayment | None) -> Fact:
    """The order's status differs where it is not the one that its payment brings."""
    ours, theirs = payment.status if payment else None, told.status if told else None
    differs = ours is not None and theirs is not None and ours != theirs
    if order is not None and payment is not None:
        differs = differs or order.state != expected_status(order, payment)
    return Fact("Status", "payment", order.status if order else None, ours, theirs, differs)


def _reference(order: Order | None, payment: Payment | None, told: GatewayPayment | None) -> Fact:
    told_by_us = payment.order.reference if payment else None
    return _fact("Reference", "text", order.reference if order else told_by_us, None, told.reference if told else None)


def _moved(name: str, which: str, payment: Payment | None, told: GatewayPayment | None) -> Fact:
    """What the rows of captures and refunds add up to, and which they are."""
    ours = [(one.id, one.amount_minor, getattr(one, "status", "")) for one in getattr(payment, which, ())]
    theirs = [(one.id, one.amount, getattr(one, "status", "")) for one in getattr(told, which, ())]
    currency = told.currency if told else payment.currency if payment else ""
    differs = payment is not None and told is not None and sorted(ours) != sorted(theirs)
    first, second = _listed(ours, currency) if payment else None, _listed(theirs, currency) if told else None
    return Fact(name, "text", None, first, second, differs)


def _listed(rows: Sequence[tuple[str, int, str]], currency: str) -> str:
    if not rows:
        return "none"
    return ", ".join(f"{Money(amount, currency)}{' ' + status if status else ''}" for _, amount, status in sorted(rows))


def fingerprint_of(kind: str, facts: Sequence[Fact]) -> str:
    """The same for the same difference, whenever it is seen."""
    told = [kind, *([one.name, one.order, one.ours, one.theirs] for one in facts if one.differs)]
    return hashlib.sha256(json.dumps(told, default=str).encode()).hexdigest()
