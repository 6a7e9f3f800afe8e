"""The columns of the orders list, on the screen and in its export."""

from __future__ import annotations

from app.finding.columns import Column, instant
from app.orders.models import Order

COLUMNS: tuple[Column[Order], ...] = (
    Column("reference", "Reference", lambda order: order.reference, is_fixed=True),
    Column("status", "Status", lambda order: order.status),
    Column("customer", "Customer", lambda order: order.customer_email),
    Column("name", "Name", lambda order: order.customer_name, is_usual=False),
    Column("card", "Card", lambda order: order.card_last4 and f"{order.card_network} {order.card_last4}"),
    Column("decline", "Declined for", lambda order: order.decline_code, is_usual=False),
    Column("merchant", "Merchant", lambda order: order.merchant_id, is_usual=False),
    Column("created", "Placed (UTC)", lambda order: instant(order.created_at), sort="created"),
    Column("authorized", "Authorized", lambda order: order.amount_authorized.major, is_number=True, is_usual=False),
    Column("captured", "Captured", lambda order: order.amount_captured.major, is_number=True),
    Column("refunded", "Refunded", lambda order: order.amount_refunded.major, is_number=True),
    Column("amount", "Amount", lambda order: order.amount.major, is_number=True, is_fixed=True, sort="amount"),
    Column("id", "Id", lambda order: order.id, is_usual=False),
)

EXPORTED: tuple[Column[Order], ...] = (
    Column("id", "", lambda order: order.id),
    *(column for column in COLUMNS if column.name not in ("id", "card", "merchant")),
    Column("currency", "", lambda order: order.currency),
    Column("network", "", lambda order: order.card_network),
    Column("last4", "", lambda order: order.card_last4),
    Column("merchant", "", lambda order: order.merchant_id),
    Column("customer_id", "", lambda order: order.customer_id),
)
"""Every column, whichever are shown: so that what reads the file finds the same ones each time."""
