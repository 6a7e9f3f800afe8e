"""What stands before every route: who may use it, whether the request is the page's own, and what a page may load."""

from __future__ import annotations

from urllib.parse import urlsplit

import structlog
from flask import Flask, Response, current_app, g, redirect, request, url_for
from flask_login import current_user
from flask_wtf.csrf import CSRFProtect
from werkzeug.exceptions import Forbidden, Unauthorized
from werkzeug.wrappers import Response as AnyResponse

from app.audit import Origin, come_from
from app.errors import TooOften
from app.operators.call_limits import CallLimit
from app.operators.guards import PUBLIC, guard_of, room_of
from app.operators.roles import Permission, may
from app.operators.tokens import find_api_token
from app.timeline import Actor

log = structlog.get_logger("security")

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
WITHOUT_FORM = ("/api/", "/webhooks/gateway")
"""Doors that no browser's cookie opens, so that no other site can use them through one."""


def is_api() -> bool:
    """Whether the request came to the order service's door."""
    return request.path.startswith("/api/") or request.path == "/api"


def actor() -> Actor:
    """Who is behind this request; only where a guard has let somebody in."""
    found: Actor = g.actor
    return found


def gateway_origin() -> str:
    """Scheme, host and port of the gateway, as a CSP source."""
    parts = urlsplit(current_app.config["SETTINGS"].gateway_url)
    return f"{parts.scheme}://{parts.netloc}"


def allow_gateway(*directives: str) -> None:
    """Let this page's `connect-src` (the card form) or `form-action` (a form that ends at 3-D Secure) reach it."""
    g.gateway_directives = directives


def allow_own_frames() -> None:
    """Let this page show another of ours in a frame; that one has to allow it too."""
    g.shows_frames = True


def register_security(app: Flask, csrf: CSRFProtect) -> None:
    """Install the guard before, and the headers after, every request."""
    calls = CallLimit(app.config["SETTINGS"].api_calls)

    @app.before_request
    def guard() -> AnyResponse | None:
        if request.endpoint is None or request.url_rule is None:
            return None  # 404 and 405 come from the router
        wanted = _guard_of_endpoint(app)
        if wanted is None:
            log.error("a route without a guard", endpoint=request.endpoint)
            raise Forbidden("This page has no rule for who may see it, so nobody may.")
        room = room_of(app.view_functions[request.endpoint])
        if room is not None and current_user.is_authenticated:
            request.max_content_length = room
        if request.method not in SAFE and not request.path.startswith(WITHOUT_FORM):
            _check_same_origin(app)
            csrf.protect()
        if wanted == PUBLIC:
            return None
        assert isinstance(wanted, Permission)
        if is_api():
            _let_in_token(wanted, calls)
            return None
        return _let_in_operator(wanted)

    @app.after_request
    def headers(response: Response) -> Response:
        directives = {
            "default-src": "'none'",
            "script-src": "'self'",
            "style-src": "'self'",
            "img-src": "'self' data:",
            "font-src": "'self'",
            "connect-src": "'self'",
            "form-action": "'self'",
            "frame-ancestors": "'none'",
            "base-uri": "'none'",
        }
        for directive in getattr(g, "gateway_directives", ()):
            directives[directive] += f" {gateway_origin()}"
        if getattr(g, "shows_frames", False):
            directives["frame-src"] = "'self'"
        policy = "; ".join(f"{name} {value}" for name, value in directives.items())
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "same-origin"
        response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
        response.headers.setdefault("X-Frame-Options", "DENY")
        if app.config["SESSION_COOKIE_SECURE"]:
            response.headers["Strict-Transport-Security"] = "max-age=31536000"
        response.headers.setdefault("Cache-Control", "no-store")
        response.vary.add("HX-Request")
        if "allowance" in g:
            response.headers.update(g.allowance.headers())
        return response


def _guard_of_endpoint(app: Flask) -> Permission | str | None:
    if request.endpoint == "static" or (request.endpoint or "").endswith(".static"):
        return PUBLIC
    return guard_of(app.view_functions[request.endpoint or ""])


def _check_same_origin(app: Flask) -> None:
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    own = {f"{request.scheme}://{request.host}", _origin(app.config["SETTINGS"].public_url)}
    if site not in (None, "same-origin", "none") or (origin is not None and origin not in own):
        raise Forbidden("The form was sent from another site. Open the page here and send it again.")


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _let_in_token(wanted: Permission, calls: CallLimit) -> None:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    token = find_api_token(secret.strip()) if scheme.lower() == "bearer" and secret else None
    if token is None:
        raise Unauthorized("Send Authorization: Bearer cf_… ; make a token with `counterfoil api-token create NAME`.")
    allowance = calls.count(token.id)
    if allowance is not None:
        g.allowance = allowance
        if allowance.left < 0:
            raise TooOften(
                f"The token {token.name} may call {allowance.most} times a minute (COUNTERFOIL_API_CALLS)."
                f" Nothing was done. Wait {allowance.seconds} s, then send the request again.",
                allowance.wait,
            )
    if not may(token.role, wanted):
        raise Forbidden(f"The token's role, {token.role}, may not do this; it takes the permission {wanted.value}.")
    come_from(Origin(token.role, request.remote_addr, g.request_id))
    g.api_token = token
    g.actor = token.actor


def _let_in_operator(wanted: Permission) -> AnyResponse | None:
    if not current_user.is_authenticated:
        target = url_for("operators.sign_in")
        if request.headers.get("HX-Request"):
            return Response(status=401, headers={"HX-Redirect": target})
        if request.headers.get("Accept") == "text/event-stream":
            return Response(status=401)
        return redirect(target, 303)
    if not current_user.may(wanted):
        raise Forbidden(
            f"Your role, {current_user.role.value}, may not do this; it takes the permission {wanted.value}."
        )
    come_from(Origin(current_user.role.value, request.remote_addr, g.request_id))
    g.actor = current_user.actor
    return None
