"""The operators' page: everybody, an invitation, and one of them with what may be done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, current_app, flash, render_template, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.db import reading
from app.errors import RuleBroken
from app.forms import KeyedForm
from app.htmx import go_to
from app.operators import people
from app.operators.guards import requires
from app.operators.models import Operator
from app.operators.roles import Permission, Role
from app.operators.sign_in import standing_sessions
from app.people.forms import InviteForm, RoleForm, WhyForm
from app.security import actor

blueprint = Blueprint("people", __name__)


@blueprint.get("/settings/operators")
@requires(Permission.MANAGE)
def index() -> str:
    return render_template("people/operators.html", operators=people.list_operators())


@blueprint.get("/settings/operators/new")
@requires(Permission.MANAGE)
def new() -> str:
    return render_template("people/invite.html", form=InviteForm(role=Role.OPERATOR.value))


@blueprint.post("/settings/operators")
@requires(Permission.MANAGE)
def invite() -> AnyResponse:
    """Invite somebody; the link for their password is shown once."""
    form = InviteForm()
    if form.validate():
        try:
            operator, path = people.invite_operator(form.name.data, form.email.data, Role(form.role.data), actor())
        except RuleBroken as broken:
            form.show(broken)
        else:
            return _link_page(operator, path)
    return Response(render_template("people/invite.html", form=form), 422)


@blueprint.get("/settings/operators/<operator_id>")
@requires(Permission.MANAGE)
def show(operator_id: str) -> AnyResponse:
    return _page(people.get_operator(operator_id), 200)


@blueprint.post("/settings/operators/<operator_id>/role")
@requires(Permission.MANAGE)
def change_role(operator_id: str) -> AnyResponse:
    """Another role from now on; they sign in anew."""
    operator = people.get_operator(operator_id)
    form = RoleForm(operator.role)

    def act(reason: str) -> str:
        role = Role(form.role.data)
        people.change_role(operator_id, role, reason, actor())
        return f"{operator.name} is {role.value} from now on, and signs in anew."

    return _act(operator, "role", form, act)


@blueprint.post("/settings/operators/<operator_id>/password-link")
@requires(Permission.MANAGE)
def password_link(operator_id: str) -> AnyResponse:
    """A new link by which they set a password; shown once."""
    operator, form = people.get_operator(operator_id), WhyForm()
    if not form.validate():
        return _page(operator, 422, why=form)
    try:
        return _link_page(*people.renew_password_link(operator_id, form.reason.data, actor()))
    except RuleBroken as broken:
        form.show(broken)
        return _page(operator, broken.status, why=form)


@blueprint.post("/settings/operators/<operator_id>/suspension")
@requires(Permission.MANAGE)
def suspend(operator_id: str) -> AnyResponse:
    """Let them in no more."""
    return _done(operator_id, people.suspend_operator, "{} is suspended; every session has ended.")


@blueprint.post("/settings/operators/<operator_id>/reinstatement")
@requires(Permission.MANAGE)
def reinstate(operator_id: str) -> AnyResponse:
    """Let them in again."""
    return _done(operator_id, people.reinstate_operator, "{} may sign in again.")


@blueprint.post("/settings/operators/<operator_id>/second-factor/reset")
@requires(Permission.MANAGE)
def reset(operator_id: str) -> AnyResponse:
    """Take their second factor away."""
    return _done(operator_id, people.reset_second_factor, "{} signs in by password alone until a new app is set up.")


def _done(operator_id: str, verb: Callable[..., Operator], said: str) -> AnyResponse:
    operator = people.get_operator(operator_id)

    def act(reason: str) -> str:
        verb(operator_id, reason, actor())
        return said.format(operator.name)

    return _act(operator, "why", WhyForm(), act)


def _act(operator: Operator, name: str, form: WhyForm, act: Callable[[str], str]) -> AnyResponse:
    if not form.validate():
        return _page(operator, 422, **{name: form})
    try:
        flash(act(form.reason.data))
    except RuleBroken as broken:
        form.show(broken)
        return _page(operator, broken.status, **{name: form})
    return go_to(url_for(".show", operator_id=operator.id))


def _page(operator: Operator, status: int, **forms: KeyedForm) -> AnyResponse:
    with reading() as session:
        sessions = standing_sessions(session, operator.id)
    shown: dict[str, Any] = {"role": RoleForm(operator.role, formdata=None), "why": WhyForm(formdata=None)}
    html = render_template(
        "people/operator.html",
        person=operator,
        sessions=sessions,
        is_me=operator.id == actor().id,
        forms=shown | forms,
    )
    return Response(html, status)


def _link_page(operator: Operator, path: str) -> AnyResponse:
    url = current_app.config["SETTINGS"].public_url + path
    return Response(render_template("people/password_link.html", person=operator, url=url))
