"""The drift desk: what differs, one discrepancy, and what settles it; comparing everything at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse

from app.db import reading
from app.drift.forms import ReasonForm, RepairForm
from app.drift.lists import COLUMNS, DISCREPANCIES, EXPORTED, DiscrepanciesForm, differing, ending
from app.drift.look import get_discrepancy
from app.drift.mend import Plan, leave, plan_repair, pull, repair, replay, settle, ways_of
from app.drift.models import Discrepancy, DiscrepancyStatus
from app.drift.rounds import ask_for_comparison, last_comparison, place_of
from app.drift.words import KINDS
from app.errors import GatewayRefused, GatewayUnavailable, InvalidInput, NotFound, RuleBroken
from app.finding.pages import List
from app.finding.saved import View
from app.forms import KeyedForm
from app.htmx import go_to, render, wants_fragment
from app.operators.guards import requires
from app.operators.roles import Permission
from app.payments.models import Payment
from app.security import actor

blueprint = Blueprint("drift", __name__)

AT_ONCE = 100

LIST = List(
    name="reconciliation",
    noun="discrepancy",
    searched="Reference, or an id",
    endpoint="drift.index",
    form=DiscrepanciesForm,
    built_in=(
        View("Open", "status=open"),
        View("Resolved", "status=resolved"),
        View("All", "status=open&status=resolved"),
    ),
    columns=COLUMNS,
    exported=EXPORTED,
    rows=DISCREPANCIES,
    may_choose=True,
    chosen_by=Permission.RECONCILE,
    chosen_while=(DiscrepancyStatus.OPEN,),
)


@dataclass(frozen=True)
class Settled:
    """What became of one of several."""

    discrepancy: Discrepancy
    agrees: bool
    words: str


@blueprint.app_context_processor
def _words() -> dict[str, object]:
    return {"discrepancy_kinds": KINDS, "discrepancy_differs": differing, "discrepancy_ending": ending}


@blueprint.get("/reconciliation")
@requires(Permission.READ)
def index() -> AnyResponse:
    """What differs, the open ones first of all."""
    if not request.args:
        return redirect(url_for(".index", status="open"), 303)
    return LIST.answer("drift/index.html")


@blueprint.get("/reconciliation/state")
@requires(Permission.READ)
def state() -> str:
    """How far the comparing has come: a part of the list's page."""
    return render_template("drift/_state.html")


@blueprint.app_template_global()
def comparing() -> dict[str, object]:
    """What the state tells: the last comparison that was asked for, and how far the quiet one is."""
    with reading() as session:
        return {"asked": last_comparison(session), "quiet": place_of(session)}


@blueprint.post("/reconciliation/comparisons")
@requires(Permission.RECONCILE)
def compare() -> AnyResponse:
    """Compare everything now; the page says how far it has come."""
    ask_for_comparison(actor())
    return go_to(url_for(".index", status="open"))


@blueprint.get("/reconciliation/<discrepancy_id>")
@requires(Permission.READ)
def show(discrepancy_id: str) -> Response:
    """One discrepancy: the three words side by side, what it means, what settles it, and what was before."""
    found = get_discrepancy(discrepancy_id)
    with reading() as session:
        payment = session.get(Payment, found.payment_id) if found.payment_id else None
        same = select(Discrepancy).where(Discrepancy.subject == found.subject, Discrepancy.id != found.id)
        before = session.scalars(
            same.where(Discrepancy.status != DiscrepancyStatus.SUSPECTED).order_by(Discrepancy.first_seen_at.desc())
        ).all()
    ways = ways_of(found) if current_user.may(Permission.RECONCILE) else ()
    return render(
        "drift/show.html",
        "drift/_show.html",
        one=found,
        words=KINDS[found.kind],
        payment=payment,
        before=before,
        ways=ways,
        form=KeyedForm(),
    )


def _carry_out(discrepancy_id: str, act: Callable[[Discrepancy], bool], done: str) -> AnyResponse:
    """`act` gives whether all agree then; a trouble is said on the page."""
    try:
        agrees = act(get_discrepancy(discrepancy_id))
    except (RuleBroken, GatewayUnavailable, GatewayRefused) as trouble:
        flash(_said(trouble), "bad")
    else:
        if agrees:
            flash(done)
        else:
            flash("It was done, and something differs still: see below.", "ask")
    return go_to(url_for(".show", discrepancy_id=discrepancy_id))


def _said(trouble: RuleBroken | GatewayUnavailable | GatewayRefused) -> str:
    if isinstance(trouble, RuleBroken):
        return trouble.detail
    return f"The gateway could not be asked, so nothing was changed. {trouble}"


@blueprint.post("/reconciliation/<discrepancy_id>/pull")
@requires(Permission.RECONCILE)
def pull_one(discrepancy_id: str) -> AnyResponse:
    """Ask the gateway and record what it says."""
    return _carry_out(discrepancy_id, lambda one: pull(one, actor()), "Pulled: all three agree.")


@blueprint.post("/reconciliation/<discrepancy_id>/replay")
@requires(Permission.RECONCILE)
def replay_one(discrepancy_id: str) -> AnyResponse:
    """Apply the stored events again."""
    return _carry_out(discrepancy_id, lambda one: replay(one, actor()), "Replayed: all three agree.")


def _dialog(name: str, form: KeyedForm, one: Discrepancy, status: int = 200, plan: Plan | None = None) -> Response:
    fragment = f"drift/_{name}.html"
    return render(
        "drift/dialog.html",
        fragment,
        status,
        inside=fragment,
        in_dialog=wants_fragment(),
        form=form,
        one=one,
        plan=plan,
    )


@blueprint.get("/reconciliation/<discrepancy_id>/leave")
@requires(Permission.RECONCILE)
def leave_dialog(discrepancy_id: str) -> Response:
    """Leave it as it is: asks for the reason."""
    return _dialog("leave", ReasonForm(), get_discrepancy(discrepancy_id))


@blueprint.post("/reconciliation/<discrepancy_id>/leave")
@requires(Permission.RECONCILE)
def leave_one(discrepancy_id: str) -> AnyResponse:
    """Leave it as it is, with a reason."""
    one, form = get_discrepancy(discrepancy_id), ReasonForm()
    if not form.validate():
        return _dialog("leave", form, one, 422)
    try:
        leave(one, actor(), form.reason.data)
    except RuleBroken as broken:
        form.show(broken)
        return _dialog("leave", form, one, broken.status)
    flash("Left as it is, with your reason.")
    return go_to(url_for(".show", discrepancy_id=discrepancy_id))


@blueprint.get("/reconciliation/<discrepancy_id>/repair")
@requires(Permission.RECONCILE)
def repair_dialog(discrepancy_id: str) -> Response:
    """What will exactly be changed, before it is."""
    one = get_discrepancy(discrepancy_id)
    plan = plan_repair(one)
    return _dialog("repair", RepairForm(shown=plan.restored.fingerprint), one, plan=plan)


@blueprint.post("/reconciliation/<discrepancy_id>/repair")
@requires(Permission.RECONCILE)
def repair_one(discrepancy_id: str) -> AnyResponse:
    """Change what was shown, with a reason."""
    one, form = get_discrepancy(discrepancy_id), RepairForm()
    if not form.validate():
        return _dialog("repair", form, one, 422, plan_repair(one))
    try:
        agrees = repair(one, form.shown.data or "", actor(), form.reason.data)
    except RuleBroken as broken:
        plan = plan_repair(one)
        form.show(broken)
        form.shown.data = plan.restored.fingerprint
        return _dialog("repair", form, one, broken.status, plan)
    if agrees:
        flash("Repaired: all three agree.")
    else:
        flash("Our rows were set right, and something differs still: see below.", "ask")
    return go_to(url_for(".show", discrepancy_id=discrepancy_id))


@blueprint.post("/reconciliation/settling")
@requires(Permission.RECONCILE)
def settle_several() -> Response:
    """Replay or pull each of the chosen ones. Sent again, it does nothing again: what agrees has nothing to settle."""
    chosen = list(dict.fromkeys(request.form.getlist("discrepancy")))
    if len(chosen) > AT_ONCE:
        raise InvalidInput("/discrepancy", "too_many", f"Choose at most {AT_ONCE} at once.")
    return Response(render_template("drift/settled.html", done=[_settle(one) for one in chosen]))


def _settle(discrepancy_id: str) -> Settled:
    before = get_discrepancy(discrepancy_id)
    try:
        agrees = settle(discrepancy_id, actor(), "settled with others")
    except (RuleBroken, GatewayUnavailable, GatewayRefused, NotFound) as trouble:
        words = str(trouble) if isinstance(trouble, NotFound) else _said(trouble)
        return Settled(before, False, words)
    return Settled(before, agrees, "All three agree." if agrees else "Something differs still: open it.")
