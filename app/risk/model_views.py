"""The model's screen: what it is, where its thresholds stand, whether it still fits, and who may take its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, flash, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from app.db import reading, transaction
from app.errors import InvalidInput, RuleBroken
from app.filters import account_now
from app.htmx import go_to
from app.money import Money, exponent_of
from app.operators.guards import requires
from app.operators.roles import Permission
from app.policy import Policy, current_policy
from app.policy.current import change_policy
from app.risk.curve import draw
from app.risk.health import LEAST, shifts_of, weeks_of
from app.risk.model_forms import ReasonForm, ThresholdsForm
from app.risk.models import Training
from app.risk.registry import changes_of, load_model, promote, roles_now, roll_back, trained_models, watch
from app.risk.thresholds import DAYS, Costs, currencies_scored, curve_of
from app.risk.training import begin_training, latest_training
from app.security import actor
from fraud_model import ModelRefused

blueprint = Blueprint("model", __name__, url_prefix="/risk/model")

SHOWN_SHIFTS = 8
_USUAL_FEE, _USUAL_MARGIN = 15, 15
_STEPS = range(50, 101, 5)


@dataclass
class Forms:
    """The page's forms; the one that was sent shows what was wrong."""

    thresholds: ThresholdsForm
    learning: ReasonForm
    roles: ReasonForm


@blueprint.get("")
@requires(Permission.READ)
def show() -> Response:
    """The whole page."""
    with reading() as session:
        forms = _forms(current_policy(session))
        return _page(session, forms)


def _forms(policy: Policy) -> Forms:
    return Forms(ThresholdsForm(policy), ReasonForm(prefix="learn-"), ReasonForm(prefix="role-"))


def _page(session: Session, forms: Forms, status: int = 200) -> Response:
    now, policy, roles = account_now(), current_policy(session), roles_now(session)
    try:
        model, refused = load_model(roles.champion), None
    except ModelRefused as error:
        model, refused = None, str(error)
    page = render_template(
        "risk/model.html",
        roles=roles,
        model=model,
        refused=refused,
        policy=policy,
        forms=forms,
        trade=_trade(session, policy),
        days=DAYS,
        weeks=weeks_of(session, policy, now),
        shifts=None if model is None else shifts_of(session, model, now),
        shown_shifts=SHOWN_SHIFTS,
        least=LEAST,
        trained={one.version: one for one in trained_models(session)},
        changes=changes_of(session),
        training=latest_training(session),
    )
    return Response(page, status)


def _trade(session: Session, policy: Policy) -> dict[str, Any] | None:
    """What each threshold would have done; None while no payment was scored."""
    now = account_now()
    known = currencies_scored(session, now)
    if not known:
        return None
    asked = request.args.get("currency", known[0]).upper()
    if asked not in known:
        raise InvalidInput("/currency", "not_offered", f"Choose one of {', '.join(known)}.")
    fee, margin = _whole("fee", _USUAL_FEE, 10_000), _whole("margin", _USUAL_MARGIN, 100)
    curve = curve_of(session, asked, Costs(Money(fee * 10 ** exponent_of(asked), asked), margin), now)
    lines = {"block": policy.block_from_score, "review": policy.review_from_score}
    shown = sorted({*_STEPS, curve.best.score, policy.block_from_score, policy.review_from_score})
    return {
        "currency": asked,
        "currencies": known,
        "fee": fee,
        "margin": margin,
        "curve": curve,
        "drawn": draw(curve, lines),
        "rows": [curve.points[score] for score in shown],
    }


def _whole(name: str, usual: int, most: int) -> int:
    text = request.args.get(name, "")
    if not text:
        return usual
    if not (text.isascii() and text.isdigit() and int(text[:9]) <= most):
        raise InvalidInput(f"/{name}", "not_a_number", f"Write a whole number from 0 to {most:,} for {name}.")
    return int(text)


@blueprint.post("/thresholds")
@requires(Permission.MANAGE)
def thresholds() -> AnyResponse:
    """Put other thresholds in force."""
    with reading() as session:
        forms = _forms(current_policy(session))
        if not forms.thresholds.validate():
            return _page(session, forms, 422)
        chosen = forms.thresholds.chosen()
    with transaction() as session:
        change_policy(session, chosen, forms.thresholds.reason.data, actor())
    flash("The thresholds are in force from now on.")
    return go_to(url_for(".show"))


@blueprint.post("/trainings")
@requires(Permission.MANAGE)
def learn() -> AnyResponse:
    """Have a challenger learned from our own labels."""
    with reading() as session:
        forms = _forms(current_policy(session))
        try:
            begin_training(actor())
        except RuleBroken as broken:
            forms.learning.show(broken)
            return _page(session, forms, broken.status)
    flash("A challenger is being learned. It only watches until it is promoted.")
    return go_to(url_for(".show"))


@blueprint.get("/training")
@requires(Permission.READ)
def training() -> str:
    """How far the learning is: what the page asks for again while it goes on."""
    with reading() as session:
        found: Training | None = latest_training(session)
    return render_template("risk/_training.html", training=found)


@blueprint.post("/roles/<act>")
@requires(Permission.MANAGE)
def change_roles(act: str) -> AnyResponse:
    """Promote the challenger, roll back to the champion before, or stop watching."""
    with reading() as session:
        forms = _forms(current_policy(session))
        form = forms.roles
        if not form.validate():
            return _page(session, forms, 422)
        challenger = roles_now(session).challenger
        try:
            _change(act, challenger, form.reason.data)
        except RuleBroken as broken:
            form.show(broken)
            return _page(session, forms, broken.status)
    flash("Done. The next payments are scored so.")
    return go_to(url_for(".show"))


def _change(act: str, challenger: str | None, reason: str) -> None:
    if act == "promote" and challenger is not None:
        promote(challenger, reason, actor())
    elif act == "roll-back":
        roll_back(reason, actor())
    elif act == "stop" and challenger is not None:
        with transaction() as session:
            watch(session, None, reason, actor())
    else:
        raise RuleBroken("nothing_to_do", "There is no challenger.")
