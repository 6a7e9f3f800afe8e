"""The approvals: all of them, one with what may be decided, and the decision."""

from __future__ import annotations

from flask import Blueprint, flash, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from app.approvals.ask import get_approval
from app.approvals.decide import decide_approval, withdraw_approval
from app.approvals.forms import DecisionForm, WithdrawForm
from app.approvals.kinds import noun_of
from app.approvals.lists import APPROVALS, COLUMNS, EXPORTED, ApprovalsForm
from app.approvals.models import Approval, ApprovalStatus
from app.db import reading
from app.errors import RuleBroken
from app.filters import account_now, amount
from app.finding.pages import List
from app.finding.saved import View
from app.forms import KeyedForm
from app.htmx import go_to
from app.operators.guards import requires
from app.operators.roles import Permission
from app.security import actor

blueprint = Blueprint("approvals", __name__)

LIST = List(
    name="approvals",
    noun="approval",
    searched="Who asked or decided, why, or an id",
    endpoint="approvals.index",
    form=ApprovalsForm,
    built_in=(View("All", ""), View("Waiting", "status=asked"), View("Failed", "status=failed")),
    columns=COLUMNS,
    exported=EXPORTED,
    rows=APPROVALS,
)


@blueprint.get("/approvals")
@requires(Permission.READ)
def index() -> AnyResponse:
    """What a second person was asked for, as a page or as a file."""
    return LIST.answer("approvals/index.html")


@blueprint.get("/approvals/<approval_id>")
@requires(Permission.READ)
def show(approval_id: str) -> AnyResponse:
    """One question, with its decision or the form for it."""
    return _page(_load(approval_id), DecisionForm(), WithdrawForm(), 200)


@blueprint.post("/approvals/<approval_id>/decision")
@requires(Permission.APPROVE)
def decide(approval_id: str) -> AnyResponse:
    """Approve or refuse what somebody else asked for."""
    approval, form = _load(approval_id), DecisionForm()
    if not form.validate():
        return _page(approval, form, WithdrawForm(formdata=None), 422)
    try:
        done = decide_approval(
            approval_id, approve=form.decision.data == "approve", reason=form.reason.data, actor=actor()
        )
    except RuleBroken as broken:
        form.show(broken)
        withdrawal = WithdrawForm(formdata=None)
        withdrawal.problem = form.problem  # where it is one's own, the form of a decision does not stand
        return _page(_load(approval_id), form, withdrawal, broken.status)
    _say(done)
    return go_to(url_for(".show", approval_id=approval_id))


@blueprint.post("/approvals/<approval_id>/withdrawal")
@requires(Permission.READ)
def withdraw(approval_id: str) -> AnyResponse:
    """Take an own question back."""
    approval, form = _load(approval_id), WithdrawForm()
    if not form.validate():
        return _page(approval, DecisionForm(formdata=None), form, 422)
    try:
        withdraw_approval(approval_id, form.reason.data, actor())
    except RuleBroken as broken:
        form.show(broken)
        return _page(_load(approval_id), DecisionForm(formdata=None), form, broken.status)
    flash("Withdrawn: nothing was done.")
    return go_to(url_for(".show", approval_id=approval_id))


def _load(approval_id: str) -> Approval:
    with reading() as session:
        return get_approval(session, approval_id)


def _page(approval: Approval, decision: KeyedForm, withdrawal: KeyedForm, status: int) -> AnyResponse:
    mine = current_user.operator.id in (approval.asked_by_id, approval.asked_by_person)
    waits = approval.state is ApprovalStatus.ASKED and approval.expires_at > account_now()
    html = render_template(
        "approvals/show.html",
        approval=approval,
        noun=noun_of(approval.kind),
        decision=decision if waits and not mine and current_user.may(Permission.APPROVE) else None,
        withdrawal=withdrawal if waits and mine else None,
        problem=decision.problem or withdrawal.problem,
        waits=waits,
        mine=mine,
    )
    return AnyResponse(html, status, content_type="text/html; charset=utf-8")


def _say(approval: Approval) -> None:
    what = f"{noun_of(approval.kind).capitalize()} of {amount(approval.amount)} {approval.currency}"
    if approval.state is ApprovalStatus.FAILED:
        flash(f"{what} approved, but it could not be done: {approval.outcome}", "bad")
    elif approval.state is ApprovalStatus.REFUSED:
        flash(f"{what} refused. Nothing was done.")
    else:
        flash(f"{what} approved.")
