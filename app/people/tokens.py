"""API tokens: which there are, a new one that is shown once, and ending one."""

from __future__ import annotations

from flask import Blueprint, Response, flash, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from app.errors import RuleBroken
from app.htmx import go_to
from app.operators.guards import requires
from app.operators.models import Operator
from app.operators.people import list_operators
from app.operators.roles import Permission, Role
from app.operators.tokens import create_api_token, hindrance_of, is_within, list_api_tokens, revoke_as_operator
from app.people.forms import TokenForm

blueprint = Blueprint("tokens", __name__)


@blueprint.get("/settings/tokens")
@requires(Permission.DEVELOP)
def index() -> str:
    """Every token, by whom it was made, and whether it still works."""
    people = {one.id: one for one in list_operators()}
    tokens = [
        (one, owner.name if owner else "the terminal", hindrance_of(one, owner), is_within(Role(one.role), _me()))
        for one, owner in ((one, people.get(one.owner_id or "")) for one in list_api_tokens())
    ]
    return render_template("people/tokens.html", tokens=tokens)


@blueprint.get("/settings/tokens/new")
@requires(Permission.DEVELOP)
def new() -> AnyResponse:
    return _form_page(_form(), 200)


@blueprint.post("/settings/tokens")
@requires(Permission.DEVELOP)
def create() -> AnyResponse:
    """Make one; it is shown on the answer, this once."""
    form = _form()
    if not form.validate():
        return _form_page(form, 422)
    try:
        token = create_api_token(form.name.data, Role(form.role.data), _me())
    except RuleBroken as broken:
        form.show(broken)
        return _form_page(form, broken.status)
    return Response(render_template("people/token.html", name=form.name.data, role=form.role.data, token=token))


@blueprint.post("/settings/tokens/<token_id>/revocation")
@requires(Permission.DEVELOP)
def revoke(token_id: str) -> AnyResponse:
    """Let nobody in by it any more."""
    token = revoke_as_operator(token_id, _me())
    flash(f"{token.name} works no more.")
    return go_to(url_for(".index"))


def _me() -> Operator:
    operator: Operator = current_user.operator
    return operator


def _form() -> TokenForm:
    return TokenForm([role for role in Role if is_within(role, _me())])


def _form_page(form: TokenForm, status: int) -> AnyResponse:
    return Response(render_template("people/token_form.html", form=form), status)
