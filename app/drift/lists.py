"""The list of discrepancies: its filter, its rows and its columns."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session
from wtforms import SelectField, ValidationError
from wtforms.validators import Optional

from app.drift.models import Discrepancy, DiscrepancyKind, DiscrepancyStatus, Resolution
from app.drift.words import KINDS, RESOLUTIONS
from app.finding.columns import Column, instant
from app.finding.form import FilterForm
from app.finding.match import usual_conditions
from app.finding.rows import Rows
from app.finding.wanted import Wanted


class DiscrepanciesForm(FilterForm):
    """The filter of the drift desk."""

    KIND = "discrepancy"
    CODES = ("kind",)
    HIDDEN = ("kind", "since", "until")

    kind = SelectField(
        "Kind",
        [Optional()],
        choices=[("", "Any kind"), *((kind.value, words.label) for kind, words in KINDS.items())],
        validate_choice=False,
    )

    def validate_kind(self, field: SelectField) -> None:
        if field.data not in set(DiscrepancyKind):
            raise ValidationError(f"Choose one of: {', '.join(DiscrepancyKind)}.")

    def wanted(self) -> Wanted:
        """The kind goes along where others have a decline code."""
        return replace(super().wanted(), decline_code=self.kind.data or None)


def select_discrepancies(_session: Session, wanted: Wanted) -> Select[Discrepancy]:
    """The discrepancies that match, in no order yet; what is only suspected is none."""
    rows = select(Discrepancy).where(
        *usual_conditions(Discrepancy, wanted), Discrepancy.status != DiscrepancyStatus.SUSPECTED
    )
    if wanted.decline_code is not None:
        rows = rows.where(Discrepancy.kind == wanted.decline_code)
    if wanted.text is not None:
        text = wanted.text.strip()
        ids = (Discrepancy.id, Discrepancy.payment_id, Discrepancy.gateway_id, Discrepancy.order_id)
        rows = rows.where(
            or_(*(column == text for column in ids), Discrepancy.reference.startswith(text, autoescape=True))
        )
    return rows


DISCREPANCIES = Rows(Discrepancy, select_discrepancies)


def differing(discrepancy: Discrepancy) -> str:
    """Which facts differ, in words."""
    names = [fact["name"].lower() for fact in discrepancy.facts if fact["differs"] and fact["name"] != "Version"]
    return ", ".join(names) or "the whole payment"


def ending(discrepancy: Discrepancy) -> str | None:
    """How it ended, and who ended it."""
    if discrepancy.resolution is None:
        return None
    how = RESOLUTIONS[Resolution(discrepancy.resolution)]
    by_itself = discrepancy.resolution == Resolution.BY_ITSELF
    return how if by_itself else f"{how} by {discrepancy.resolved_by_name}"


COLUMNS: tuple[Column[Discrepancy], ...] = (
    Column("reference", "Order", lambda one: one.reference, is_fixed=True),
    Column("kind", "Kind", lambda one: one.kind),
    Column("status", "Status", lambda one: one.status),
    Column("differs", "What differs", differing),
    Column("created", "First seen (UTC)", lambda one: instant(one.first_seen_at), sort="created"),
    Column("seen", "Last seen (UTC)", lambda one: instant(one.last_seen_at), is_usual=False),
    Column("ending", "How it ended", ending),
    Column("reason", "Why", lambda one: one.reason, is_usual=False),
    Column("gateway", "Gateway's id", lambda one: one.gateway_id, is_usual=False),
    Column("amount", "Amount", lambda one: one.amount.major, is_number=True, is_fixed=True),
    Column("id", "Id", lambda one: one.id, is_usual=False),
)

EXPORTED: tuple[Column[Discrepancy], ...] = (
    Column("id", "", lambda one: one.id),
    Column("payment", "", lambda one: one.payment_id),
    Column("order", "", lambda one: one.order_id),
    *(column for column in COLUMNS if column.name != "id"),
    Column("currency", "", lambda one: one.currency),
    Column("resolved", "", lambda one: instant(one.resolved_at)),
)
