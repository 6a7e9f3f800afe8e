"""The list of disputes, a queue by deadline: its filter, its rows and its columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, selectinload

from app.disputes.models import Dispute
from app.disputes.reasons import REASONS
from app.finding.columns import Column, instant
from app.finding.form import ReasonsForm
from app.finding.match import sum_conditions
from app.finding.pages import List
from app.finding.rows import Rows
from app.finding.saved import View
from app.finding.wanted import Sort, Wanted
from app.orders.models import Order
from app.orders.queries import named


class DisputesForm(ReasonsForm):
    """The filter of the disputes list."""

    KIND = "dispute"
    SORTS: ClassVar[tuple[Sort, ...]] = (Sort.PRESSING, Sort.NEWEST, Sort.OLDEST, Sort.LARGEST, Sort.SMALLEST)
    REASONS: ClassVar[Mapping[str, str]] = {code: reason.label for code, reason in REASONS.items()}


COLUMNS: tuple[Column[Dispute], ...] = (
    Column("order", "Order", lambda dispute: dispute.order.reference, is_fixed=True),
    Column("due", "Answer by (UTC)", lambda dispute: instant(dispute.respond_by), sort="pressing"),
    Column("status", "Status", lambda dispute: dispute.status),
    Column("reason", "Reason", lambda dispute: dispute.reason),
    Column("kind", "Kind", lambda dispute: dispute.kind),
    Column("customer", "Customer", lambda dispute: dispute.order.customer_email, is_usual=False),
    Column("code", "Network's code", lambda dispute: dispute.network_reason_code, is_usual=False),
    Column("created", "Opened (UTC)", lambda dispute: instant(dispute.created_at), sort="created"),
    Column("decided", "Decided (UTC)", lambda dispute: instant(dispute.decided_at), is_usual=False),
    Column("fee", "Fee", lambda dispute: dispute.fee.major, is_number=True),
    Column("amount", "Amount", lambda dispute: dispute.amount.major, is_number=True, is_fixed=True, sort="amount"),
    Column("id", "Id", lambda dispute: dispute.id, is_usual=False),
)

EXPORTED: tuple[Column[Dispute], ...] = (
    Column("id", "", lambda dispute: dispute.id),
    Column("payment", "", lambda dispute: dispute.payment_id),
    Column("reference", "", lambda dispute: dispute.order.reference),
    *(column for column in COLUMNS if column.name not in ("id", "order")),
    Column("currency", "", lambda dispute: dispute.currency),
    Column("round", "", lambda dispute: dispute.round),
    Column("submitted", "", lambda dispute: instant(dispute.submitted_at)),
)


def select_disputes(session: Session, wanted: Wanted) -> Select[Dispute]:
    """The disputes that match, in no order yet."""
    rows = select(Dispute).where(*sum_conditions(session, Dispute, wanted))
    if wanted.reason is not None:
        rows = rows.where(Dispute.reason == wanted.reason)
    asked, _ = named(session, wanted)
    return rows.where(Dispute.order_id.in_(select(Order.id).where(*asked))) if asked else rows


DISPUTES = Rows(Dispute, select_disputes, loading=(selectinload(Dispute.order),))

LIST = List(
    name="disputes",
    noun="dispute",
    searched="Reference, e-mail, name, or reason:fraudulent",
    endpoint="disputes.index",
    form=DisputesForm,
    built_in=(
        View("All", ""),
        View("To answer", "status=needs_response"),
        View("Under review", "status=under_review"),
        View("Won", "status=won"),
        View("Lost", "status=lost&status=accepted&status=expired"),
    ),
    columns=COLUMNS,
    exported=EXPORTED,
    rows=DISPUTES,
)
