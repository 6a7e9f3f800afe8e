"""Signing in and out in the browser: by password and code, or by a link that works once."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, Response, current_app, flash, redirect, render_template, session, url_for
from flask_login import current_user, login_user, logout_user
from werkzeug.wrappers import Response as AnyResponse

from app.clock import wall_now
from app.errors import RuleBroken
from app.operators.account import set_password_by_link
from app.operators.browser import remember, whence_of
from app.operators.forms import CodeForm, NewPasswordForm, SignInForm
from app.operators.guards import public
from app.operators.models import Purpose
from app.operators.password_sign_in import NeedsCode, sign_in_by_code, sign_in_by_password
from app.operators.sign_in import SignedIn, holder_of, sign_out, use_sign_in_link

blueprint = Blueprint("operators", __name__)

_HALF = "half_signed_in"
_CODE_WITHIN = timedelta(minutes=5)


@blueprint.get("/sign-in")
@public
def sign_in() -> str:
    """The form; a link from the terminal does as well."""
    return render_template("operators/sign_in.html", form=SignInForm())


@blueprint.post("/sign-in")
@public
def by_password() -> AnyResponse:
    form = SignInForm()
    if not form.validate():
        return _again("operators/sign_in.html", form, 422)
    try:
        found = sign_in_by_password(form.email.data, form.password.data, whence_of(form.email.data))
    except RuleBroken as refused:
        form.show(refused)
        return _again("operators/sign_in.html", form, refused.status)
    if isinstance(found, NeedsCode):
        session[_HALF] = [found.operator_id, form.email.data, wall_now().timestamp()]
        return redirect(url_for(".code"), 303)
    return _enter(found)


@blueprint.get("/sign-in/code")
@public
def code() -> AnyResponse:
    """The second step, after the password was right."""
    if _half() is None:
        return redirect(url_for(".sign_in"), 303)
    return _again("operators/code.html", CodeForm(), 200)


@blueprint.post("/sign-in/code")
@public
def by_code() -> AnyResponse:
    half, form = _half(), CodeForm()
    if half is None:
        flash("That took too long: begin again.", "ask")
        return redirect(url_for(".sign_in"), 303)
    if not form.validate():
        return _again("operators/code.html", form, 422)
    operator_id, email = half
    key = current_app.config["SETTINGS"].secret_key
    try:
        found = sign_in_by_code(operator_id, form.code.data, key, whence_of(email))
    except RuleBroken as refused:
        form.show(refused)
        return _again("operators/code.html", form, refused.status)
    return _enter(found)


@blueprint.get("/sign-in/link/<token>")
@public
def sign_in_link(token: str) -> tuple[str, int]:
    """A page with a button; looking at it, as mail scanners do, uses nothing up."""
    works = holder_of(token, Purpose.SIGN_IN) is not None
    return render_template("operators/sign_in_link.html", token=token, works=works), 200 if works else 410


@blueprint.post("/sign-in/link/<token>")
@public
def use_link(token: str) -> AnyResponse:
    return _enter(use_sign_in_link(token, whence_of("")))


@blueprint.get("/sign-in/password/<token>")
@public
def password_link(token: str) -> AnyResponse:
    """Set a password by the link of an invitation; looking uses nothing up."""
    return _password_page(token, NewPasswordForm(), 200)


@blueprint.post("/sign-in/password/<token>")
@public
def set_password(token: str) -> AnyResponse:
    form = NewPasswordForm()
    if not form.validate():
        return _password_page(token, form, 422)
    try:
        set_password_by_link(token, form.password.data)
    except RuleBroken as refused:
        form.show(refused)
        return _password_page(token, form, refused.status)
    flash("The password is set: sign in with it.")
    return redirect(url_for(".sign_in"), 303)


@blueprint.post("/sign-out")
@public
def end_session() -> AnyResponse:
    _leave()
    return redirect(url_for("operators.sign_in"), 303)


def _leave() -> None:
    if current_user.is_authenticated:
        sign_out(current_user.get_id())
        logout_user()


def _enter(found: SignedIn) -> AnyResponse:
    """In a session of its own: nothing of what the browser's cookie held before goes on."""
    _leave()
    session.clear()
    login_user(found)
    response = redirect(url_for("overview.show"), 303)
    remember(response, found.operator.email)
    return response


def _half() -> tuple[str, str] | None:
    """Whose password was right a moment ago, and the address they wrote."""
    operator_id, email, at = session.get(_HALF) or ("", "", 0.0)
    if not operator_id or wall_now().timestamp() - at > _CODE_WITHIN.total_seconds():
        return None
    return operator_id, email


def _password_page(token: str, form: NewPasswordForm, status: int) -> AnyResponse:
    holder = holder_of(token, Purpose.PASSWORD)
    html = render_template("operators/password_link.html", form=form, token=token, holder=holder)
    return Response(html, status if holder else 410)


def _again(template: str, form: SignInForm | CodeForm, status: int) -> AnyResponse:
    answer = Response(render_template(template, form=form), status)
    if status == 429:
        answer.headers["Retry-After"] = "900"
    return answer
