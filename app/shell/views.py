"""What the frame's own small forms change: how pages look, and whether the tour is shown."""

from __future__ import annotations

import re

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from app.errors import InvalidInput
from app.operators.guards import requires
from app.operators.roles import Permission
from app.shell.look import keep
from app.shell.tour import set_dismissed

blueprint = Blueprint("shell", __name__)

_OWN_PATH = re.compile(r"^/(?![/\\])[\x21-\x7e]*$", re.ASCII)
"""A page of this site: no other host, nothing that a browser would read as one."""


def _back() -> str:
    path = request.form.get("back", "")
    return path if _OWN_PATH.match(path) and "\\" not in path else url_for("overview.show")


@blueprint.get("/todo")
@requires(Permission.READ)
def show_todos() -> str:
    """The part of the navigation that says what needs a person; `here` is the page that it stands on."""
    return render_template("shell/_todo.html", here=request.args.get("here", ""))


@blueprint.post("/look")
@requires(Permission.READ)
def set_look() -> AnyResponse:
    """Keep a theme or a density for this browser, and go back."""
    response = redirect(_back(), 303)
    wanted = {name: request.form.get(name) for name in ("theme", "density")}
    if not keep(response, **wanted, secure=current_app.config["SESSION_COOKIE_SECURE"]):
        raise InvalidInput("/theme", "unknown_look", "Choose system, light or dark; comfortable or compact.")
    return response


@blueprint.post("/tour")
@requires(Permission.READ)
def set_tour() -> AnyResponse:
    """Put the tour away for good, or (`shown=yes`) show it again."""
    set_dismissed(current_user.operator, dismissed=request.form.get("shown") != "yes")
    return redirect(url_for("overview.show"), 303)
