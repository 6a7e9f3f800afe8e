"""The screens of rules and value lists."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from app.db import reading
from app.errors import RuleBroken
from app.filters import account_now
from app.htmx import render
from app.operators.guards import requires
from app.operators.roles import Permission
from app.risk.backtest import backtest
from app.risk.fields import by_group
from app.risk.forms import EntriesForm, ListMakingForm, RuleForm
from app.risk.language import Condition, RuleError, parse
from app.risk.lists import all_lists, entries_of, find_list, make_list, put_on_list, take_off_list
from app.risk.models import Assessment, RuleVersion, Trial
from app.risk.rules import check_condition, current_rules, save_rule, versions_of
from app.risk.trials import begin_trial, currencies_of, find_trial, not_simulated, result_of
from app.risk.tried import Tried
from app.security import actor

blueprint = Blueprint("risk", __name__, url_prefix="/risk")

COUNTED = timedelta(days=30)
_SIMULATED = "simulated"
"""What the button says that asks for simulated months."""


@blueprint.get("/rules")
@requires(Permission.READ)
def rules() -> str:
    """Every rule, how often each fired lately, and those that are retired."""
    with reading() as session:
        everything = current_rules(session, with_retired=True)
        fired = _fired(session)
    return render_template("risk/rules.html", rules=everything, fired=fired, days=COUNTED.days)


def _fired(session: Session) -> Counter[str]:
    since = account_now() - COUNTED
    rows = session.scalars(select(Assessment.hits).where(Assessment.fired > 0, Assessment.created_at > since))
    return Counter(hit["rule"] for hits in rows for hit in hits)


@blueprint.get("/rules/new")
@requires(Permission.MANAGE)
def new_rule() -> Response:
    """An empty rule."""
    return _rule_page(RuleForm())


@blueprint.get("/rules/<rule_id>")
@requires(Permission.READ)
def rule(rule_id: str) -> Response:
    """A rule, to be changed by whoever may, with all that it ever was."""
    with reading() as session:
        versions = versions_of(session, rule_id)
    form = RuleForm()
    form.show_rule(versions[0])
    return _rule_page(form, rule_id)


@blueprint.post("/rules")
@requires(Permission.MANAGE)
def create() -> AnyResponse:
    return _save(None)


@blueprint.post("/rules/<rule_id>")
@requires(Permission.MANAGE)
def change(rule_id: str) -> AnyResponse:
    """A new version of the rule."""
    return _save(rule_id)


def _save(rule_id: str | None) -> AnyResponse:
    form = RuleForm()
    if not form.validate():
        return _rule_page(form, rule_id, 422)
    try:
        saved = save_rule(form.new_rule(), actor(), rule_id=rule_id, seen_version=form.seen)
    except RuleBroken as wrong:
        form.show(wrong)
        return _rule_page(form, rule_id, wrong.status)
    flash(f"Rule “{saved.name}” saved as version {saved.version}.")
    return redirect(url_for("risk.rules"), 303)


@blueprint.post("/rules/check", defaults={"rule_id": None})
@blueprint.post("/rules/<rule_id>/check")
@requires(Permission.READ)
def check(rule_id: str | None) -> Response:
    """What a condition says as it is typed, and, asked for, what it would have done: here, and in simulated months."""
    return _rule_page(RuleForm(), rule_id, tries=request.form.get("try", ""), trial_id=request.form.get("trial", ""))


@blueprint.get("/trials/<trial_id>")
@requires(Permission.READ)
def trial(trial_id: str) -> str:
    """How far the simulated months are: what the rule's page asks for again until they are through."""
    with reading() as session:
        found = find_trial(session, trial_id)
        simulated = _simulated(parse(found.condition), found)
    return render_template("risk/_simulated.html", simulated=simulated)


@dataclass
class _Simulated:
    """What the page says of the simulated months."""

    trial: Trial | None
    result: Tried | None
    refused: str | None
    unknown: list[str]
    made_up: list[str]
    currencies: list[str]


def _simulated(condition: Condition, trial: Trial | None, refused: str | None = None) -> _Simulated:
    result = None if trial is None else result_of(trial)
    return _Simulated(trial, result, refused, *not_simulated(condition), currencies_of(condition))


def _rule_page(
    form: RuleForm, rule_id: str | None = None, status: int = 200, *, tries: str = "", trial_id: str = ""
) -> Response:
    condition: Condition | None = None
    wrong: RuleError | None = None
    tried: Tried | None = None
    simulated: _Simulated | None = None
    with reading() as session:
        versions = versions_of(session, rule_id) if rule_id else []
        text = form.condition.data or ""
        if text:
            try:
                condition = check_condition(session, text)
            except RuleError as error:
                wrong = error
        if condition is not None and (tries or trial_id):
            tried = backtest(session, condition, account_now())
        if condition is not None and trial_id:
            simulated = _simulated(condition, find_trial(session, trial_id))
        lists = all_lists(session)
    if condition is not None and tries == _SIMULATED:
        simulated = _begin(condition)
    return render(
        "risk/rule.html",
        "risk/_check.html",
        status,
        form=form,
        versions=versions,
        rule_id=rule_id,
        condition=condition,
        wrong=wrong,
        tried=tried,
        simulated=simulated,
        fields=by_group(),
        lists=lists,
    )


def _begin(condition: Condition) -> _Simulated:
    try:
        return _simulated(condition, begin_trial(condition, actor()))
    except RuleBroken as broken:
        return _simulated(condition, None, broken.detail)


@blueprint.get("/lists")
@requires(Permission.READ)
def lists() -> Response:
    """Every value list."""
    return _lists_page(ListMakingForm())


def _lists_page(form: ListMakingForm, status: int = 200) -> Response:
    with reading() as session:
        found = all_lists(session)
    return Response(render_template("risk/lists.html", lists=found, form=form), status)


@blueprint.post("/lists")
@requires(Permission.MANAGE)
def create_list() -> AnyResponse:
    form = ListMakingForm()
    if not form.validate():
        return _lists_page(form, 422)
    try:
        make_list(form.name.data, form.words.data)
    except RuleBroken as wrong:
        form.show(wrong)
        return _lists_page(form, wrong.status)
    return redirect(url_for("risk.value_list", name=form.name.data), 303)


@blueprint.get("/lists/<name>")
@requires(Permission.READ)
def value_list(name: str) -> Response:
    """What is on a list now, and which rules ask it."""
    return _list_page(name, EntriesForm())


def _list_page(name: str, form: EntriesForm, status: int = 200) -> Response:
    with reading() as session:
        found = find_list(session, name)
        entries = entries_of(session, name)
        asking = [row for row in current_rules(session) if f"@{name}" in _words_of(row)]
    page = render_template("risk/list.html", list=found, entries=entries, form=form, rules=asking)
    return Response(page, status)


def _words_of(row: RuleVersion) -> list[str]:
    return row.condition.replace("(", " ").replace(")", " ").split()


@blueprint.post("/lists/<name>")
@requires(Permission.REVIEW)
def put(name: str) -> AnyResponse:
    """Put values on the list."""
    form = EntriesForm()
    if not form.validate():
        return _list_page(name, form, 422)
    try:
        number = put_on_list(name, form.values.data.splitlines(), form.note.data, form.expires_at, actor())
    except RuleBroken as wrong:
        form.show(wrong)
        return _list_page(name, form, wrong.status)
    flash(f"{number} new on @{name}." if number else f"All of them were on @{name} already; note and end are changed.")
    return redirect(url_for("risk.value_list", name=name), 303)


@blueprint.post("/lists/<name>/removals")
@requires(Permission.REVIEW)
def take(name: str) -> AnyResponse:
    """Take a value off the list."""
    value = request.form.get("value", "")
    take_off_list(name, value, actor())
    flash(f"{value} is off @{name}.")
    return redirect(url_for("risk.value_list", name=name), 303)
