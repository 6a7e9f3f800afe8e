"""The list of payments: its filter, its rows and its columns."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from app.finding.columns import Column, instant
from app.finding.form import ListForm
from app.finding.match import branches, row_conditions
from app.finding.wanted import COUNT_AT_MOST, Sort, Wanted
from app.lists import Page, Place, page_of
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


def list_payments(
    session: Session, wanted: Wanted, cursor: str | None = None, limit: int = 20, sort: Sort = Sort.NEWEST
) -> Page[Payment]:
    """One page of the payments that match, newest first. InvalidInput (`/cursor`) for a cursor that is none."""

    def place_of(payment: Payment) -> Place:
        return (payment.amount_minor if sort.by_amount else payment.created_at, payment.id)

    return page_of(
        session,
        select_payments(session, wanted),
        Payment.amount_minor if sort.by_amount else Payment.created_at,
        Payment.id,
        place_of,
        cursor=cursor,
        limit=limit,
        ascending=sort.ascending,
        branches=() if sort.by_amount else branches(Payment, wanted),
    )


def count_payments(session: Session, wanted: Wanted, at_most: int = COUNT_AT_MOST) -> int:
    """How many match, counted as far as one beyond `at_most`."""
    some = select_payments(session, wanted).with_only_columns(Payment.id).limit(at_most + 1).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0
