"""Signing in and out in the browser."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from flask_login import current_user, login_user, logout_user
from werkzeug.wrappers import Response

from app.operators.guards import public
from app.operators.sign_in import link_works, sign_out, use_sign_in_link

blueprint = Blueprint("operators", __name__)


@blueprint.get("/sign-in")
@public
def sign_in() -> str:
    """How to get in: there is no password, a link comes from the terminal."""
    return render_template("operators/sign_in.html")


@blueprint.get("/sign-in/link/<token>")
@public
def sign_in_link(token: str) -> tuple[str, int]:
    """A page with a button; looking at it, as mail scanners do, uses nothing up."""
    works = link_works(token)
    return render_template("operators/sign_in_link.html", token=token, works=works), 200 if works else 410


@blueprint.post("/sign-in/link/<token>")
@public
def use_link(token: str) -> Response:
    login_user(use_sign_in_link(token))
    return redirect(url_for("overview.show"), 303)


@blueprint.post("/sign-out")
@public
def end_session() -> Response:
    if current_user.is_authenticated:
        sign_out(current_user.get_id())
        logout_user()
    return redirect(url_for("operators.sign_in"), 303)
