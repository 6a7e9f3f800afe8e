"""The dashboard as a WSGI application: rooms' routes, the guard before them, and one place for errors."""

from __future__ import annotations

import re
import secrets
import time
from pathlib import Path

import structlog
from flask import Flask, Response, g, request
from flask_login import LoginManager
from flask_wtf.csrf import CSRFProtect

from app import db
from app.config import Settings
from app.gateway import connect
from app.logs import configure_logs
from app.merchants.queries import ensure_default_merchant
from app.operators.sign_in import SIGNED_IN_AT_MOST, SignedIn, signed_in
from app.pages import register_pages
from app.security import register_security
from app.troubles import register_troubles

log = structlog.get_logger("dashboard")

MAX_BODY_BYTES = 256 * 1024
_REQUEST_ID = re.compile(r"^[\w-]{1,64}$", re.ASCII)
WAITING = frozenset({"live.stream"})
"""Endpoints that only wait for news, which does not keep anybody signed in; nor does a request with X-Poll."""
QUIET = frozenset({"static", "assets.serve", "health.healthz"})
"""Endpoints that leave no line in the log."""
_HERE = Path(__file__).resolve().parent

csrf = CSRFProtect()


def folder(name: str) -> Path:
    """`templates`, `static` or `migrations`: inside the installed package, or beside it in a checkout."""
    installed = _HERE / f"_{name}"
    return installed if installed.is_dir() else _HERE.parent / name


def create_app(settings: Settings) -> Flask:
    """The whole dashboard. Databases are migrated beforehand (`counterfoil db upgrade`, or `up`)."""
    configure_logs()
    db.connect(settings.database_url, pool_size=settings.threads)
    connect(settings)
    with db.transaction() as session:
        ensure_default_merchant(session)

    app = Flask(__name__, template_folder=str(folder("templates")), static_folder=str(folder("static")))
    served_over_https = settings.public_url.startswith("https://")
    app.config.update(
        SETTINGS=settings,
        SECRET_KEY=settings.secret_key,
        MAX_CONTENT_LENGTH=MAX_BODY_BYTES,
        SESSION_COOKIE_NAME="__Host-counterfoil" if served_over_https else f"counterfoil_{settings.port}",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=served_over_https,
        PERMANENT_SESSION_LIFETIME=SIGNED_IN_AT_MOST,
        WTF_CSRF_TIME_LIMIT=None,  # the token lives as long as the session
        WTF_CSRF_SSL_STRICT=False,  # Sec-Fetch-Site and Origin are checked for every form instead
        WTF_CSRF_CHECK_DEFAULT=False,  # app.security calls it, after it has told forms from the API
        BOOTSTRAP_SERVE_LOCAL=True,
    )
    _register_requests(app)
    _register_sign_in(app)
    csrf.init_app(app)
    register_security(app, csrf)
    register_troubles(app)
    register_pages(app)
    return app


def _register_sign_in(app: Flask) -> None:
    manager = LoginManager(app)
    manager.session_protection = None  # addresses change; the session's own secret decides

    @manager.user_loader  # type: ignore[untyped-decorator]
    def load(session_token: str) -> SignedIn | None:
        waits = bool(request.headers.get("X-Poll")) or request.endpoint in WAITING
        return signed_in(session_token, counts_as_activity=not waits)


def _register_requests(app: Flask) -> None:
    @app.before_request
    def begin() -> None:
        g.started = time.monotonic()
        given = request.headers.get("X-Request-Id", "")
        g.request_id = given if _REQUEST_ID.match(given) else f"req_{secrets.token_hex(12)}"
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=g.request_id)

    @app.after_request
    def end(response: Response) -> Response:
        response.headers["Request-Id"] = g.request_id
        if request.endpoint not in QUIET:
            log.info(
                "request",
                method=request.method,
                route=request.url_rule.rule if request.url_rule else None,
                status=response.status_code,
                ms=round((time.monotonic() - g.started) * 1000, 1),
            )
        return response
