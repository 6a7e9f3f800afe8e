"""One's own account: password, second factor, sessions."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, flash, render_template, url_for
from flask_login import current_user
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from app.db import reading
from app.errors import RuleBroken
from app.forms import KeyedForm
from app.htmx import go_to
from app.operators import account
from app.operators.browser import whence_of
from app.operators.guards import requires
from app.operators.limits import Whence
from app.operators.roles import Permission
from app.operators.second_factor import picture_of, secret_of
from app.operators.sign_in import SignedIn, standing_sessions
from app.people.forms import ChangePasswordForm, ConfirmForm, PasswordForm

blueprint = Blueprint("account", __name__)


@blueprint.get("/account")
@requires(Permission.READ)
def show() -> AnyResponse:
    return _page(200)


@blueprint.post("/account/password")
@requires(Permission.READ)
def change_password() -> AnyResponse:
    """A new password; every other session ends."""
    form = ChangePasswordForm()
    if not form.validate():
        return _page(422, password=form)
    try:
        account.change_password(_me(), form.current.data, form.password.data, _whence())
    except RuleBroken as broken:
        form.show(broken)
        return _page(broken.status, password=form)
    flash("The password is changed, and every other session has ended.")
    return go_to(url_for(".show"))


@blueprint.post("/account/second-factor/begin")
@requires(Permission.READ)
def begin() -> AnyResponse:
    """Make a secret for an authenticator app."""
    account.begin_second_factor(_me().operator.id)
    return go_to(url_for(".second_factor"))


@blueprint.get("/account/second-factor")
@requires(Permission.READ)
def second_factor() -> AnyResponse:
    """Set an authenticator app up; nothing counts before its first code."""
    if _me().operator.has_second_factor or _me().operator.totp_seed is None:
        return go_to(url_for(".show"))
    return _setup_page(ConfirmForm(), 200)


@blueprint.post("/account/second-factor")
@requires(Permission.READ)
def confirm() -> AnyResponse:
    """The app's first code: from now on one is asked for. Shows the recovery codes, once."""
    if _me().operator.has_second_factor or _me().operator.totp_seed is None:
        return go_to(url_for(".show"))
    form = ConfirmForm()
    if not form.validate():
        return _setup_page(form, 422)
    try:
        codes = account.confirm_second_factor(_me(), form.code.data, _key(), _whence())
    except RuleBroken as broken:
        form.show(broken)
        return _setup_page(form, broken.status)
    return Response(render_template("people/recovery_codes.html", codes=codes))


@blueprint.post("/account/second-factor/recovery-codes")
@requires(Permission.READ)
def renew_codes() -> AnyResponse:
    """Other recovery codes, shown once; takes the password. Those before work no more."""
    form = PasswordForm()
    if not form.validate():
        return _page(422, codes=form)
    try:
        codes = account.renew_recovery_codes(_me(), form.password.data, _whence())
    except RuleBroken as broken:
        form.show(broken)
        return _page(broken.status, codes=form)
    return Response(render_template("people/recovery_codes.html", codes=codes))


@blueprint.post("/account/second-factor/removal")
@requires(Permission.READ)
def remove() -> AnyResponse:
    """Take the second factor away; takes the password."""
    form = PasswordForm()
    if not form.validate():
        return _page(422, removal=form)
    try:
        account.remove_second_factor(_me(), form.password.data, _whence())
    except RuleBroken as broken:
        form.show(broken)
        return _page(broken.status, removal=form)
    flash("The second factor is gone: your password alone signs you in.")
    return go_to(url_for(".show"))


@blueprint.post("/account/sessions/<session_id>/end")
@requires(Permission.READ)
def end_session(session_id: str) -> AnyResponse:
    """End one of one's own sessions."""
    account.end_session(_me(), session_id)
    flash("The session has ended.")
    return go_to(url_for(".show"))


@blueprint.post("/account/sessions/end")
@requires(Permission.READ)
def end_others() -> AnyResponse:
    """End all of them but this one."""
    count = account.end_other_sessions(_me())
    flash(f"{count} other session{'s' if count != 1 else ''} ended.")
    return go_to(url_for(".show"))


def _me() -> SignedIn:
    me: SignedIn = current_user._get_current_object()  # noqa: SLF001 - how Flask-Login gives the operator itself
    return me


def _whence() -> Whence:
    return whence_of(_me().operator.email or "")


def _key() -> str:
    key: str = current_app.config["SETTINGS"].secret_key
    return key


def _page(status: int, **forms: KeyedForm) -> AnyResponse:
    me = _me()
    with reading() as session:
        sessions = standing_sessions(session, me.operator.id)
    standing: dict[str, KeyedForm] = {
        "password": ChangePasswordForm(formdata=None),
        "removal": PasswordForm(formdata=None),
        "codes": PasswordForm(formdata=None),
    }
    shown = standing | forms
    html = render_template(
        "people/account.html",
        me=me.operator,
        sessions=[(one, account.is_this(me, one)) for one in sessions],
        codes_left=account.codes_left(me.operator.id),
        forms=shown,
    )
    return Response(html, status)


def _setup_page(form: ConfirmForm, status: int) -> AnyResponse:
    operator = _me().operator
    html = render_template(
        "people/second_factor.html",
        form=form,
        picture=Markup(picture_of(operator, _key())),  # noqa: S704 - drawn by segno from our own text
        secret=secret_of(operator, _key()),
    )
    return Response(html, status)
