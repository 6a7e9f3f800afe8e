"""The one module over htmx-flask: whether a fragment is asked for, and where the page goes next."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, redirect, render_template
from htmx_flask import Htmx, request
from werkzeug.wrappers import Response as AnyResponse


def register_htmx(app: Flask) -> None:
    """Let requests know whether htmx sent them. (`Vary: HX-Request` is set for every answer, in app.security.)"""
    Htmx(app)


def wants_fragment() -> bool:
    """Whether htmx will put the answer into a standing page."""
    return bool(request.htmx) and not request.htmx.history_restore_request


def render(page: str, fragment: str, status: int = 200, **values: Any) -> Response:
    """The page, or only its fragment where htmx asks for it."""
    return Response(render_template(fragment if wants_fragment() else page, **values), status)


def go_to(url: str) -> AnyResponse:
    """After a change: the browser opens `url` by GET, whoever sent the form."""
    if wants_fragment():
        return Response(status=204, headers={"HX-Redirect": url})
    return redirect(url, 303)
