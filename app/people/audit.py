"""The audit log: every act, found by who, what, when and where from; one act whole; the log as a file."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import Blueprint, render_template
from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse
from wtforms import SelectMultipleField, StringField
from wtforms.validators import Length, Optional

from app.audit.models import AuditEntry, AuditSeal
from app.clock import wall_now
from app.db import reading
from app.errors import NotFound
from app.finding.columns import Column, instant
from app.finding.form import FilterForm
from app.finding.match import usual_conditions
from app.finding.pages import List
from app.finding.rows import Rows
from app.finding.saved import View
from app.finding.wanted import Wanted
from app.forms import plain_text, trimmed
from app.operators.guards import requires
from app.operators.roles import Permission
from app.timeline import Kind
from app.words import plain

blueprint = Blueprint("audit", __name__)


def _text(label: str, placeholder: str) -> StringField:
    too_long = Length(max=200, message="At most 200 characters.")
    return StringField(label, [Optional(), too_long, plain_text], [trimmed], render_kw={"placeholder": placeholder})


class AuditForm(FilterForm):
    """The filter of the audit log; its times are the wall clock's."""

    KIND = "act"
    HIDDEN = ("who", "subject", "since", "until")

    status = SelectMultipleField("Act", validate_choice=False)
    who = _text("Who", "A name, or an id")
    subject = _text("About", "The id of an order, operator, …")

    def __init__(self, args: MultiDict[str, str], _now: datetime) -> None:
        super().__init__(args, wall_now())
        known = dict(self.status.choices)
        self.status.choices += [(kind.value, plain(kind.value.replace(".", "_"))) for kind in Kind if kind not in known]

    def wanted(self) -> Wanted:
        """Who goes along where others have a customer, what it is about where they have a reference."""
        return replace(super().wanted(), customer=self.who.data or None, reference=self.subject.data or None)


def _matching(_session: Session, wanted: Wanted) -> Select[AuditEntry]:
    rows = select(AuditEntry).where(*usual_conditions(AuditEntry, wanted))
    if wanted.customer is not None:
        rows = rows.where(or_(AuditEntry.actor_name == wanted.customer, AuditEntry.actor_id == wanted.customer))
    if wanted.reference is not None:
        rows = rows.where(AuditEntry.subject_id == wanted.reference)
    if wanted.text is not None:
        ids = (AuditEntry.request_id, AuditEntry.address)
        told = (AuditEntry.summary, AuditEntry.reason, AuditEntry.actor_name)
        rows = rows.where(
            or_(
                *(column == wanted.text for column in ids),
                *(func.lower(column).contains(wanted.text.lower(), autoescape=True) for column in told),
            )
        )
    return rows


COLUMNS: tuple[Column[AuditEntry], ...] = (
    Column("summary", "What", lambda entry: entry.summary, is_fixed=True),
    Column("who", "Who", lambda entry: entry.actor_name, is_fixed=True),
    Column("role", "Role", lambda entry: entry.role),
    Column("act", "Act", lambda entry: entry.act, is_usual=False),
    Column("subject", "About", lambda entry: entry.subject_id),
    Column("reason", "Why", lambda entry: entry.reason),
    Column("created", "When (UTC)", lambda entry: instant(entry.created_at), sort="created"),
    Column("address", "From", lambda entry: entry.address, is_usual=False),
    Column("request", "Request", lambda entry: entry.request_id, is_usual=False),
)

EXPORTED: tuple[Column[AuditEntry], ...] = (
    Column("id", "", lambda entry: entry.id),
    *COLUMNS,
    Column("actor_kind", "", lambda entry: entry.actor_kind),
    Column("actor_id", "", lambda entry: entry.actor_id),
    Column("before", "", lambda entry: entry.before),
    Column("after", "", lambda entry: entry.after),
    Column("digest", "", lambda entry: entry.digest),
)

LIST = List(
    name="audit",
    title="Audit log",
    noun="act",
    searched="Words, an address, or a request's id",
    endpoint="audit.index",
    form=AuditForm,
    built_in=(
        View("All", ""),
        View("People", "status=operator.invited&status=operator.role&status=operator.suspended"),
        View("Decisions", "status=approval.asked&status=approval.decided"),
        View("Policy", "status=policy.changed"),
        View("Sign-ins, 7 days", "created=7d&status=sign_in&status=sign_in.failed"),
    ),
    columns=COLUMNS,
    exported=EXPORTED,
    rows=Rows(AuditEntry, _matching),
)


@blueprint.get("/audit")
@requires(Permission.AUDIT)
def index() -> AnyResponse:
    """What was done, as a page or as a file."""
    return LIST.answer("people/audit.html")


@blueprint.get("/audit/<entry_id>")
@requires(Permission.AUDIT)
def show(entry_id: str) -> str:
    """One act with what it changed, and its place in the chain."""
    with reading() as session:
        entry = session.get(AuditEntry, entry_id)
        if entry is None:
            raise NotFound(f"There is no act {entry_id}.")
        seal = session.scalars(select(AuditSeal).where(AuditSeal.entry_id == entry_id)).one_or_none()
    return render_template(
        "people/act.html", entry=entry, seal=seal, before=_values(entry.before), after=_values(entry.after)
    )


def _values(told: str | None) -> dict[str, Any]:
    return {} if told is None else dict(json.loads(told))
