"""The list of refunds: its filter, its rows and its columns; each leads to its payment."""

from __future__ import annotations

from flask import Blueprint
from sqlalchemy import Select, select
from sqlalchemy.orm import Session, selectinload
from werkzeug.wrappers import Response as AnyResponse

from app.finding.columns import Column, instant
from app.finding.form import ReasonsForm
from app.finding.match import sum_conditions
from app.finding.pages import List
from app.finding.rows import Rows
from app.finding.saved import View
from app.finding.wanted import Wanted
from app.operators.guards import requires
from app.operators.roles import Permission
from app.orders.models import Order
from app.orders.queries import named
from app.payments.models import Payment
from app.payments.moved import Refund
from app.words import REFUND_REASONS

blueprint = Blueprint("refunds", __name__)


class RefundsForm(ReasonsForm):
    """The filter of the refunds list."""

    KIND = "refund"
    REASONS = REFUND_REASONS


COLUMNS: tuple[Column[Refund], ...] = (
    Column("order", "Order", lambda refund: refund.payment.order.reference, is_fixed=True),
    Column("status", "Status", lambda refund: refund.status),
    Column("reason", "Reason", lambda refund: refund.reason),
    Column("customer", "Customer", lambda refund: refund.payment.order.customer_email),
    Column("note", "Note", lambda refund: refund.note, is_usual=False),
    Column("failure", "Failed for", lambda refund: refund.failure, is_usual=False),
    Column("created", "Begun (UTC)", lambda refund: instant(refund.created_at), sort="created"),
    Column("captured", "Of captured", lambda refund: refund.payment.amount_captured.major, is_number=True),
    Column("amount", "Amount", lambda refund: refund.amount.major, is_number=True, is_fixed=True, sort="amount"),
    Column("id", "Id", lambda refund: refund.id, is_usual=False),
)

EXPORTED: tuple[Column[Refund], ...] = (
    Column("id", "", lambda refund: refund.id),
    Column("payment", "", lambda refund: refund.payment_id),
    Column("reference", "", lambda refund: refund.payment.order.reference),
    *(column for column in COLUMNS if column.name not in ("id", "order")),
    Column("currency", "", lambda refund: refund.currency),
)


def select_refunds(session: Session, wanted: Wanted) -> Select[Refund]:
    """The refunds that match, in no order yet."""
    rows = select(Refund).where(*sum_conditions(session, Refund, wanted))
    if wanted.reason is not None:
        rows = rows.where(Refund.reason == wanted.reason)
    asked, _ = named(session, wanted)
    if asked:
        orders = select(Order.id).where(*asked)
        rows = rows.where(Refund.payment_id.in_(select(Payment.id).where(Payment.order_id.in_(orders))))
    return rows


LIST = List(
    name="refunds",
    noun="refund",
    searched="Reference, e-mail, name, or reason:duplicate",
    endpoint="refunds.index",
    form=RefundsForm,
    built_in=(
        View("All", ""),
        View("Pending", "status=pending"),
        View("Failed, 30 days", "created=30d&status=failed"),
        View("Last 7 days", "created=7d"),
    ),
    columns=COLUMNS,
    exported=EXPORTED,
    rows=Rows(Refund, select_refunds, loading=(selectinload(Refund.payment),)),
)


@blueprint.get("/refunds")
@requires(Permission.READ)
def index() -> AnyResponse:
    """Refunds by filter, as a page or as a file."""
    return LIST.answer("refunds/index.html")
