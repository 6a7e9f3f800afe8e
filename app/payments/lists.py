"""The list of payments: its filter, its rows and its columns."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from app.finding.columns import Column, instant
from app.finding.form import ListForm
from app.finding.match import row_conditions
from app.finding.rows import Rows
from app.finding.wanted import Wanted
from app.orders.models import Order
from app.orders.queries import named
from app.payments.models import Payment


class PaymentsForm(ListForm):
    """The filter of the payments list."""

    KIND = "payment"


COLUMNS: tuple[Column[Payment], ...] = (
    Column("payment", "Order", lambda payment: payment.order.reference, is_fixed=True),
    Column("status", "Status", lambda payment: payment.status),
    Column("card", "Card", lambda payment: payment.card_last4 and f"{payment.card_network} {payment.card_last4}"),
    Column("decline", "Declined for", lambda payment: payment.decline_code),
    Column("customer", "Customer", lambda payment: payment.order.customer_email, is_usual=False),
    Column("created", "Begun (UTC)", lambda payment: instant(payment.created_at), sort="created"),
    Column("held", "Still held", lambda payment: payment.amount_capturable.major, is_number=True, is_usual=False),
    Column("captured", "Captured", lambda payment: payment.amount_captured.major, is_number=True),
    Column("refunded", "Refunded", lambda payment: payment.amount_refunded.major, is_number=True),
    Column("amount", "Amount", lambda payment: payment.amount.major, is_number=True, is_fixed=True, sort="amount"),
    Column("gateway", "Gateway's id", lambda payment: payment.gateway_id, is_usual=False),
    Column("id", "Id", lambda payment: payment.id, is_usual=False),
)

EXPORTED: tuple[Column[Payment], ...] = (
    Column("id", "", lambda payment: payment.id),
    Column("gateway_id", "", lambda payment: payment.gateway_id),
    Column("order", "", lambda payment: payment.order_id),
    Column("reference", "", lambda payment: payment.order.reference),
    *(column for column in COLUMNS if column.name not in ("id", "gateway", "payment", "card")),
    Column("currency", "", lambda payment: payment.currency),
    Column("network", "", lambda payment: payment.card_network),
    Column("last4", "", lambda payment: payment.card_last4),
    Column("expires", "", lambda payment: instant(payment.expires_at)),
)


def select_payments(session: Session, wanted: Wanted) -> Select[Payment]:
    """The payments that match, in no order yet."""
    rows = select(Payment).where(*row_conditions(session, Payment, wanted))
    asked, are_few = named(session, wanted)
    if not asked:
        return rows
    if are_few:
        found: ColumnElement[bool] = Payment.order_id.in_(select(Order.id).where(*asked))
    else:
        found = select(Order.id).where(Order.id == Payment.order_id, *asked).exists()
    return rows.where(found)


PAYMENTS = Rows(Payment, select_payments)
