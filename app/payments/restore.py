"""Set our rows right by the gateway's word, where they were changed past the desk. Moves no money, asks nobody.

What is shown before and what is done are the same code: it is run once without being kept, to list what it changes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.orm import Session, selectinload

from app.db import Base, reading, transaction
from app.errors import NotFound, RuleBroken
from app.gateway import GatewayPayment
from app.orders.models import Order
from app.orders.states import OrderStatus
from app.payments.models import Payment, lock_payment
from app.payments.moved import Capture, Refund
from app.payments.postings import book_payment
from app.payments.record import status_for
from app.payments.states import ORDER_STATUS, RefundStatus
from app.timeline import Actor, Kind, add

_NOT_SHOWN = frozenset(
    {"version", "gateway_version", "why", "card", "checks", "authentication", "next_action", "decline"}
)
"""What follows from the rest, or is not money's business."""


@dataclass(frozen=True)
class Change:
    """One value of one row: what it is, and what it will be."""

    row: str
    name: str
    before: str
    after: str


@dataclass(frozen=True)
class Restored:
    """What setting the rows right changes; `fingerprint` says whether it is still what was shown."""

    changes: tuple[Change, ...]

    @property
    def fingerprint(self) -> str:
        told = [[one.row, one.name, one.before, one.after] for one in self.changes]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:32]


def expected_status(order: Order, payment: Payment) -> OrderStatus:
    """What the order should be by its newest payment; a canceled one stays so only while nothing is held or taken."""
    if order.state == OrderStatus.CANCELED and not payment.is_over:
        return ORDER_STATUS[payment.state]
    return status_for(order, payment)


def preview(payment_id: str, told: GatewayPayment, *, amount_of_order: bool = False) -> Restored:
    """What would be changed. NotFound; RuleBroken where the gateway's word cannot be this payment."""
    with reading() as session:
        whole = [selectinload(Payment.attempts), selectinload(Payment.captures), selectinload(Payment.refunds)]
        payment = session.get(Payment, payment_id, options=whole)
        if payment is None:
            raise NotFound(f"There is no payment {payment_id}.")
        return _set_right(session, payment, told, amount_of_order=amount_of_order)


def restore(
    payment_id: str,
    told: GatewayPayment,
    shown: str,
    reason: str,
    actor: Actor,
    cause: str,
    *,
    amount_of_order: bool = False,
) -> Restored:
    """Change what was shown, and nothing else. RuleBroken where it is no longer what was shown."""
    with transaction() as session:
        payment = lock_payment(session, payment_id)
        if payment is None:
            raise NotFound(f"There is no payment {payment_id}.")
        payment.check_idle()
        restored = _set_right(session, payment, told, amount_of_order=amount_of_order)
        if restored.fingerprint != shown:
            raise RuleBroken(
                "changed_meanwhile", "What would be changed is not what was shown any more. Look at it again."
            )
        book_payment(session, payment, cause)
        add(
            session,
            Kind.RESTORED,
            payment.id,
            f"Set right by the gateway's word: {reason}",
            actor,
            order_id=payment.order_id,
            payment_id=payment.id,
            cause=cause,
            data={
                "reason": reason,
                "changes": [
                    {"row": one.row, "name": one.name, "before": one.before, "after": one.after}
                    for one in restored.changes
                ],
            },
        )
    return restored


def _set_right(session: Session, payment: Payment, told: GatewayPayment, *, amount_of_order: bool) -> Restored:
    order = payment.order
    if (told.id, told.reference) != (payment.gateway_id, order.reference):
        raise RuleBroken("not_this_payment", "What the gateway tells is another payment than ours.")
    if (told.amount, told.currency) != (order.amount_minor, order.currency) and not amount_of_order:
        raise RuleBroken("amount_differs", "The gateway's sum is not the order's: our rows cannot be set right by it.")
    gone: list[Capture | Refund] = []
    made: list[Capture | Refund] = []
    with session.no_autoflush:
        payment.amount_minor, payment.currency = told.amount, told.currency
        payment.take_over(told)
        _captures(payment, told, gone, made)
        _refunds(payment, told, gone, made)
        if amount_of_order:
            order.amount_minor, order.currency = told.amount, told.currency
        order.amount_captured_minor = payment.amount_captured_minor
        order.amount_refunded_minor = payment.amount_refunded_minor
        order.amount_authorized_minor = payment.amount_captured_minor + payment.amount_capturable_minor
        order.status = expected_status(order, payment)
        rows: list[Order | Payment | Capture | Refund] = [order, payment, *payment.captures, *payment.refunds]
        changes = [change for row in rows if row not in made for change in _changes_of(row)]
        changes += [Change(_name(row), "row", "nothing", _shown(row)) for row in made]
        changes += [Change(_name(row), "row", _shown(row), "nothing") for row in gone]
        order.version += 1
        payment.version += 1
        for row in gone:
            session.delete(row)
    return Restored(tuple(changes))


def _captures(
    payment: Payment, told: GatewayPayment, gone: list[Capture | Refund], made: list[Capture | Refund]
) -> None:
    ours = {capture.id: capture for capture in payment.captures}
    for capture in told.captures:
        if capture.id not in ours:
            made.append(Capture.told(capture))
            payment.captures.append(made[-1])  # type: ignore[arg-type]  # it is the capture of the line above
        else:
            ours[capture.id].amount_minor, ours[capture.id].currency = capture.amount, capture.currency
    known = {capture.id for capture in told.captures}
    gone.extend(capture for one, capture in ours.items() if one not in known)


def _refunds(
    payment: Payment, told: GatewayPayment, gone: list[Capture | Refund], made: list[Capture | Refund]
) -> None:
    ours = {refund.id: refund for refund in payment.refunds}
    for refund in told.refunds:
        standing = ours.get(refund.id)
        if standing is None:
            standing = Refund.told(refund)
            made.append(standing)
            payment.refunds.append(standing)
        standing.amount_minor, standing.currency = refund.amount, refund.currency
        standing.status, standing.version = RefundStatus(refund.status), refund.version
    known = {refund.id for refund in told.refunds}
    gone.extend(refund for one, refund in ours.items() if one not in known)


def _changes_of(row: Base) -> Sequence[Change]:
    found = []
    for attribute in inspect(row).attrs:
        history = attribute.history
        if attribute.key in _NOT_SHOWN or not history.has_changes() or not _is_column(row, attribute.key):
            continue
        before, after = _text(history.deleted), _text(history.added)
        if before != after:
            found.append(Change(_name(row), attribute.key, before, after))
    return found


def _is_column(row: Base, name: str) -> bool:
    return name in inspect(type(row)).columns


def _text(values: Sequence[Any] | None) -> str:
    value = values[0] if values else None
    return "nothing" if value is None else str(value)


def _name(row: Any) -> str:
    return f"{type(row).__name__.lower()} {row.id}"


def _shown(row: Capture | Refund) -> str:
    state = f", {row.status}" if isinstance(row, Refund) else ""
    return f"{row.amount_minor} {row.currency} in minor units{state}"
