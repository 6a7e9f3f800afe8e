"""Breaks: where the gateway's reports, or the bank, and our books differ; the list, one of them, and how it ends."""

from __future__ import annotations

from typing import ClassVar

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse
from wtforms import RadioField, SelectField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length

from app.approvals import Approval, ApprovalStatus
from app.db import reading
from app.errors import NotFound, RuleBroken
from app.finding.pages import List
from app.finding.saved import View
from app.forms import KeyedForm, plain_text, trimmed
from app.htmx import go_to
from app.ledger.post import standing_from
from app.operators.guards import requires
from app.operators.roles import Permission
from app.security import actor
from app.settlements.age import age_of
from app.settlements.assign import assign_break, who_may_be_given_it
from app.settlements.explain import explained
from app.settlements.lists import BREAK_COLUMNS, BREAKS, BreaksForm
from app.settlements.models import Break, Settlement
from app.settlements.resolve import Way, resolve_break, ways_of
from app.settlements.states import BreakStatus, Outcome, Side
from app.settlements.write_off import KIND, ask_write_off, loss_of

blueprint = Blueprint("breaks", __name__)

LIST = List(
    name="breaks",
    noun="break",
    searched="An id: a break's, settlement's, payment's, capture's",
    endpoint="breaks.index",
    form=BreaksForm,
    built_in=(
        View("Open", "status=open"),
        View("Nobody's", "status=open&assignee=nobody"),
        View("Older than a week", "status=open&age=8-30"),
        View("The bank's", "status=open&side=bank"),
        View("Ended", "status=resolved&status=written_off"),
    ),
    columns=BREAK_COLUMNS,
    exported=(*BREAK_COLUMNS,),
    rows=BREAKS,
)

_WAYS = {
    Way.ACCEPT: "The report is right: book its fee",
    Way.BOOK: "They are right: book the difference as unmatched, on the desk's account",
    Way.CLAIM: "Our books are right: they are asked to mend it, nothing is booked",
    Way.NOTE: "It is explained: nothing has to be done",
}


@blueprint.app_template_global()
def age_in_days(one: Break) -> int:
    """For the list."""
    return age_of(one)


class ResolveForm(KeyedForm):
    """How a break ends, and why."""

    POINTERS: ClassVar[dict[str, str]] = {"/reason": "reason"}

    way = RadioField("How it ends", [InputRequired("Choose how it ends.")])
    reason = TextAreaField(
        "Reason",
        [DataRequired("Write why."), Length(max=500, message="At most 500 characters."), plain_text],
        [trimmed],
    )

    def __init__(self, one: Break, **values: object) -> None:
        super().__init__(**values)
        self.way.choices = [(way.value, _WAYS[way]) for way in ways_of(one)]


class WriteOffForm(KeyedForm):
    """Why the difference is given up."""

    POINTERS: ClassVar[dict[str, str]] = {"/reason": "reason"}

    reason = TextAreaField(
        "Why it is given up",
        [DataRequired("Write why."), Length(max=500, message="At most 500 characters."), plain_text],
        [trimmed],
    )


class AssignForm(KeyedForm):
    """Who looks into it."""

    POINTERS: ClassVar[dict[str, str]] = {"/assignee": "assignee"}

    assignee = SelectField("Who looks into it")

    def __init__(self, one: Break, **values: object) -> None:
        super().__init__(data={"assignee": one.assigned_id or ""}, **values)
        with reading() as session:
            able = {person.id: person.name for person in who_may_be_given_it(session)}
        self.assignee.choices = [("", "Nobody yet"), *able.items()]


@blueprint.get("/breaks")
@requires(Permission.READ)
def index() -> AnyResponse:
    """What differs, the open ones first of all."""
    if not request.args:
        return redirect(url_for(".index", status="open"), 303)
    return LIST.answer("settlements/breaks.html")


@blueprint.get("/breaks/<break_id>")
@requires(Permission.READ)
def show(break_id: str) -> AnyResponse:
    """One difference, what it means, and how it may end."""
    return _page(_get(break_id), 200)


@blueprint.post("/breaks/<break_id>/resolution")
@requires(Permission.RECONCILE)
def resolve(break_id: str) -> AnyResponse:
    """End it."""
    one = _get(break_id)
    form = ResolveForm(one)
    if not form.validate():
        return _page(one, 422, resolve=form)
    try:
        resolve_break(break_id, Way(form.way.data), form.reason.data, actor())
    except RuleBroken as broken:
        form.show(broken)
        return _page(_get(break_id), broken.status, resolve=form)
    flash("The break is resolved.")
    return go_to(url_for(".show", break_id=break_id))


@blueprint.post("/breaks/<break_id>/assignment")
@requires(Permission.RECONCILE)
def assign(break_id: str) -> AnyResponse:
    """Give it to somebody."""
    one = _get(break_id)
    form = AssignForm(one)
    if not form.validate():
        return _page(one, 422, assign=form)
    try:
        given = assign_break(break_id, form.assignee.data or None, actor())
    except RuleBroken as broken:
        form.show(broken)
        return _page(_get(break_id), broken.status, assign=form)
    flash(f"{given.assigned_name} looks into it." if given.assigned_name else "Nobody looks into it now.")
    return go_to(url_for(".show", break_id=break_id))


@blueprint.post("/breaks/<break_id>/write-off")
@requires(Permission.RECONCILE)
def write_off(break_id: str) -> AnyResponse:
    """Ask a second person to give the difference up."""
    one = _get(break_id)
    form = WriteOffForm()
    if not form.validate():
        return _page(one, 422, write_off=form)
    try:
        asked = ask_write_off(break_id, form.reason.data, actor(), form.key_of(actor()))
    except RuleBroken as broken:
        form.show(broken)
        return _page(_get(break_id), broken.status, write_off=form)
    flash(f"Writing off {asked.amount} waits for a second person.")
    return go_to(url_for(".show", break_id=break_id))


def _get(break_id: str) -> Break:
    with reading() as session:
        one = session.get(Break, break_id)
    if one is None:
        raise NotFound(f"There is no break {break_id}.")
    return one


def _page(one: Break, status: int, **forms: KeyedForm) -> AnyResponse:
    with reading() as session:
        settlement = session.get(Settlement, one.settlement_id) if one.settlement_id else None
        loss = loss_of(session, one)
        asked = session.scalars(
            select(Approval).where(Approval.kind == KIND, Approval.subject_id == one.id).order_by(Approval.id.desc())
        ).first()
        standing = standing_from(session, "break", one.id)[0]
    shown: dict[str, KeyedForm] = {}
    if current_user.may(Permission.RECONCILE) and one.status == BreakStatus.OPEN:
        shown = {"resolve": ResolveForm(one, formdata=None), "assign": AssignForm(one, formdata=None)}
        if loss is not None and (asked is None or asked.state is not ApprovalStatus.ASKED):
            shown["write_off"] = WriteOffForm(formdata=None)
    html = render_template(
        "settlements/break.html",
        one=one,
        settlement=settlement,
        explained=explained(Side(one.side), Outcome(one.kind)),
        age=age_of(one),
        loss=loss,
        asked=asked,
        standing=standing,
        forms=shown | forms,
    )
    return Response(html, status)
