"""The dispute desk: the queue, one dispute, its evidence, the two final acts, and the files."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from urllib.parse import quote

from flask import Blueprint, Response, flash, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from app.db import reading
from app.disputes import queries
from app.disputes.actions import actions_for
from app.disputes.evidence import MOST_CHARACTERS_TOGETHER, known_facts, save_evidence
from app.disputes.files import MOST_BYTES, MOST_BYTES_TOGETHER
from app.disputes.forms import ConfirmForm, evidence_form, names_of
from app.disputes.lists import LIST
from app.disputes.models import Dispute
from app.disputes.moves import make_move, moves_of
from app.disputes.queries import get_dispute
from app.disputes.reasons import field_of, network_words, reason_of
from app.disputes.respond import accept_dispute, submit_evidence
from app.disputes.sync import WARNINGS, sync_dispute
from app.disputes.told import acts_of
from app.errors import GatewayUnavailable, InvalidInput, RuleBroken
from app.filters import account_now
from app.forms import KeyedForm
from app.htmx import go_to, render, wants_fragment
from app.operators.guards import requires, takes_up_to
from app.operators.roles import Permission
from app.security import actor

blueprint = Blueprint("disputes", __name__)

_ROOM_FOR_TEXTS = 256 * 1024


@blueprint.app_template_global()
def time_left(until: datetime) -> str:
    """`3 days 4 hours`, `5 hours`, `12 minutes`; nothing once it is over. By the account's clock."""
    seconds = int((until - account_now()).total_seconds())
    if seconds <= 0:
        return ""
    days, hours = seconds // 86400, seconds % 86400 // 3600
    if days:
        return f"{_so_many(days, 'day')} {_so_many(hours, 'hour')}" if hours else _so_many(days, "day")
    return _so_many(hours, "hour") if hours else _so_many(max(1, seconds // 60), "minute")


@blueprint.app_template_global()
def is_soon(until: datetime) -> bool:
    """Whether operators have been warned that so little time is left."""
    return until - account_now() < max(WARNINGS)


def _so_many(number: int, unit: str) -> str:
    return f"{number} {unit}{'' if number == 1 else 's'}"


@blueprint.app_template_global()
def dispute_standing() -> queries.Standing:
    """How it stands with all chargebacks, for the head of the queue."""
    with reading() as session:
        return queries.standing(session)


@blueprint.get("/disputes")
@requires(Permission.READ)
def index() -> AnyResponse:
    """Disputes by filter, the most pressing first, as a page or as a file."""
    return LIST.answer("disputes/index.html")


@blueprint.get("/disputes/<dispute_id>")
@requires(Permission.READ)
def show(dispute_id: str) -> Response:
    """One dispute: what the cardholder says, what it costs, what wins, what was sent; 204 while nothing is new."""
    dispute = get_dispute(dispute_id)
    with reading() as session:
        before, after = queries.rounds_of(session, dispute)
        beside = [one for one in queries.disputes_of(session, [dispute.payment_id]) if one.id != dispute.id]
        acts = acts_of(session, dispute)
    version = f"{dispute.version}-{acts[0].id if acts else 0}-{sum(len(act.entries) for act in acts)}-{len(acts)}"
    if wants_fragment() and request.headers.get("X-Seen") == version:
        return Response(status=204)
    return render(
        "disputes/show.html",
        "disputes/_show.html",
        dispute=dispute,
        order=dispute.order,
        payment=dispute.payment,
        reason=reason_of(dispute.reason),
        network_words=network_words(dispute.payment.card_network, dispute.network_reason_code),
        before=before,
        after=after,
        beside=[one for one in beside if one not in (before, after)],
        acts=acts,
        version=version,
        actions=actions_for(dispute, current_user.may),
        field_of=field_of,
        wanted={field_of(name).label: name not in dispute.missing for name in dispute.required},
        moves=moves_of(dispute) if current_user.may(Permission.DEVELOP) else (),
    )


@blueprint.get("/disputes/<dispute_id>/evidence")
@requires(Permission.DISPUTE)
def evidence(dispute_id: str) -> Response:
    """The form in which evidence is gathered; what the order says already stands in it."""
    dispute = get_dispute(dispute_id)
    dispute.check_editable()
    return _show_evidence(dispute)


@blueprint.post("/disputes/<dispute_id>/evidence")
@requires(Permission.DISPUTE)
@takes_up_to(MOST_BYTES_TOGETHER + MOST_BYTES + _ROOM_FOR_TEXTS)
def gather(dispute_id: str) -> AnyResponse:
    """Save what is written and attached; nothing goes to the bank."""
    dispute = get_dispute(dispute_id)
    form = evidence_form(dispute, {})
    if not form.validate():
        return _show_evidence(dispute, form, 422)
    removed = request.form.getlist("remove")
    try:
        saved = save_evidence(dispute_id, form.texts(), actor(), attached=form.attached(), removed=removed)
    except RuleBroken as broken:
        if not isinstance(broken, InvalidInput):
            raise
        form.show(broken)
        return _show_evidence(dispute, form, broken.status)
    if request.form.get("then") == "submit":
        return go_to(url_for(".submit_dialog", dispute_id=saved.id))
    flash("Evidence saved. Nothing has gone to the bank yet.")
    return go_to(url_for(".evidence", dispute_id=saved.id))


def _show_evidence(dispute: Dispute, form: KeyedForm | None = None, status: int = 200) -> Response:
    known = known_facts(dispute.order, dispute.payment)
    required, helpful, others = names_of(dispute)
    prefilled = [name for name in (*required, *helpful) if name in known] if dispute.draft is None else []
    values = {name: known[name] for name in prefilled} | dispute.evidence
    return render(
        "disputes/evidence.html",
        "disputes/evidence.html",
        status,
        form=form or evidence_form(dispute, values),
        dispute=dispute,
        order=dispute.order,
        payment=dispute.payment,
        reason=reason_of(dispute.reason),
        required=required,
        helpful=helpful,
        others=others,
        prefilled=[name for name in prefilled if name not in dispute.evidence] if form is None else [],
        most_together=MOST_CHARACTERS_TOGETHER,
        field_of=field_of,
    )


@blueprint.get("/disputes/<dispute_id>/submit")
@requires(Permission.DISPUTE)
def submit_dialog(dispute_id: str) -> Response:
    return _confirm("submit", dispute_id)


@blueprint.post("/disputes/<dispute_id>/submission")
@requires(Permission.DISPUTE)
def submit(dispute_id: str) -> AnyResponse:
    """Send the evidence as it is saved."""
    return _carry_out("submit", dispute_id, lambda key: submit_evidence(dispute_id, actor(), request_key=key))


@blueprint.get("/disputes/<dispute_id>/accept")
@requires(Permission.DISPUTE)
def accept_dialog(dispute_id: str) -> Response:
    return _confirm("accept", dispute_id)


@blueprint.post("/disputes/<dispute_id>/acceptance")
@requires(Permission.DISPUTE)
def accept(dispute_id: str) -> AnyResponse:
    """Give in."""
    return _carry_out("accept", dispute_id, lambda key: accept_dispute(dispute_id, actor(), request_key=key))


def _confirm(name: str, dispute_id: str, form: KeyedForm | None = None, status: int = 200) -> Response:
    dispute = get_dispute(dispute_id)
    if form is None:
        dispute.check_idle()
        if name not in dispute.allowed_actions():
            raise dispute.refusal("this cannot be done now")
    fragment = f"disputes/_{name}.html"
    return render(
        "disputes/dialog.html",
        fragment,
        status,
        inside=fragment,
        in_dialog=wants_fragment(),
        form=form or ConfirmForm(),
        dispute=dispute,
        order=dispute.order,
        payment=dispute.payment,
        field_of=field_of,
    )


def _carry_out(name: str, dispute_id: str, act: Callable[[str], Dispute]) -> AnyResponse:
    form = ConfirmForm()
    if not form.validate():
        return _confirm(name, dispute_id, form, 422)
    try:
        done = act(form.key_of(actor()))
    except RuleBroken as broken:
        form.show(broken)
        return _confirm(name, dispute_id, form, broken.status)
    if done.open_attempt_now() is None:
        flash({"submit": "The evidence is with the bank.", "accept": "The dispute is accepted."}[name])
    return go_to(url_for(".show", dispute_id=dispute_id))


@blueprint.post("/disputes/<dispute_id>/sync")
@requires(Permission.DISPUTE)
def ask_again(dispute_id: str) -> AnyResponse:
    """Ask the gateway what the dispute is now."""
    try:
        sync_dispute(dispute_id, actor(), cause="asked on the dispute's page")
    except GatewayUnavailable:
        flash("The gateway does not answer. What comes of it is told as soon as it does.", "ask")
    return go_to(url_for(".show", dispute_id=dispute_id))


@blueprint.post("/disputes/<dispute_id>/moves")
@requires(Permission.DEVELOP)
def move(dispute_id: str) -> AnyResponse:
    """Have issuer or cardholder do what they could do now."""
    try:
        make_move(dispute_id, request.form.get("action", "")[:80], actor())
    except RuleBroken as broken:
        flash(broken.detail, "bad")
    except GatewayUnavailable:
        flash("The gateway does not answer. Whether it happened is told as soon as it does.", "ask")
    return go_to(url_for(".show", dispute_id=dispute_id))


@blueprint.get("/disputes/<dispute_id>/files/<file_id>")
@requires(Permission.READ)
def download(dispute_id: str, file_id: str) -> Response:
    """One attached file, to be saved and never shown as a page of ours."""
    found = queries.get_file(dispute_id, file_id)
    answer = Response(found.content, content_type=found.content_type)
    plain = found.name.encode("ascii", "replace").decode().replace("?", "_")
    answer.headers["Content-Disposition"] = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(found.name)}"
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer
