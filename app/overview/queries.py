"""What happened last, over all orders."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.orders.models import Order
from app.timeline import Entry, Kind

EVENTS = (
    Kind.ORDER_PLACED,
    Kind.ORDER_STATUS,
    Kind.PAYMENT_STATUS,
    Kind.REFUND_STATUS,
    Kind.ATTEMPT_UNANSWERED,
    Kind.DISCREPANCY,
)
"""What the overview tells of; questions and answers between us and the gateway stay on the order's page."""


def latest_events(session: Session, limit: int) -> Sequence[tuple[Entry, str]]:
    """What happened last to orders, payments and refunds, each with its order's reference; newest first."""
    told = select(Entry, Order.reference).join(Order, Order.id == Entry.order_id).where(Entry.kind.in_(EVENTS))
    return [(entry, reference) for entry, reference in session.execute(told.order_by(Entry.id.desc()).limit(limit))]
