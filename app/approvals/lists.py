"""The list of approvals: its filter, its rows and its columns."""

from __future__ import annotations

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from app.approvals.models import Approval
from app.finding.columns import Column, instant
from app.finding.form import FilterForm
from app.finding.match import usual_conditions
from app.finding.rows import Rows
from app.finding.wanted import Wanted


class ApprovalsForm(FilterForm):
    """The filter of the approvals list."""

    KIND = "approval"


COLUMNS: tuple[Column[Approval], ...] = (
    Column("kind", "Asked for", lambda approval: approval.kind, is_fixed=True),
    Column("status", "Status", lambda approval: approval.status),
    Column("asker", "By", lambda approval: approval.asked_by_name),
    Column("reason", "Why", lambda approval: approval.reason),
    Column("created", "When (UTC)", lambda approval: instant(approval.created_at), sort="created"),
    Column("lapses", "Lapses (UTC)", lambda approval: instant(approval.expires_at), is_usual=False),
    Column("decider", "Decided by", lambda approval: approval.decided_by_name),
    Column("amount", "Amount", lambda approval: approval.amount.major, is_number=True, is_fixed=True),
    Column("id", "Id", lambda approval: approval.id, is_usual=False),
)

EXPORTED: tuple[Column[Approval], ...] = (
    Column("id", "", lambda approval: approval.id),
    Column("subject", "", lambda approval: approval.subject_id),
    *(column for column in COLUMNS if column.name != "id"),
    Column("currency", "", lambda approval: approval.currency),
    Column("decided", "", lambda approval: instant(approval.decided_at)),
    Column("decision_reason", "", lambda approval: approval.decision_reason),
    Column("outcome", "", lambda approval: approval.outcome),
)


def _matching(_session: Session, wanted: Wanted) -> Select[Approval]:
    rows = select(Approval).where(*usual_conditions(Approval, wanted))
    if wanted.text is None:
        return rows
    text = wanted.text.lower()
    told = (Approval.asked_by_name, Approval.decided_by_name, Approval.reason)
    ids = (Approval.id, Approval.subject_id, Approval.order_id)
    return rows.where(
        or_(
            *(column == wanted.text for column in ids),
            *(func.lower(column).contains(text, autoescape=True) for column in told),
        )
    )


APPROVALS = Rows(Approval, _matching)
