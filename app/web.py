"""The dashboard as a WSGI application: rooms' routes, the guard before them, and one place for errors."""

from __future__ import annotations

import re
import secrets
import time

import structlog
from flask import Flask, Response, g, request
from flask_login import LoginManager
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from app import db
from app.api.told import connect_messages
from app.audit import Origin, come_from
from app.checkout import links
from app.config import Settings
from app.folders import folder
from app.gateway import connect
from app.logs import configure_logs
from app.merchants.queries import ensure_default_merchant
from app.operators.sign_in import SIGNED_IN_AT_MOST, SignedIn, signed_in
from app.pages import register_pages
from app.policy.current import begin_with
from app.risk import scorer
from app.risk.scoring import ModelAtWork
from app.security import register_security
from app.troubles import register_troubles

log = structlog.get_logger("dashboard")

MAX_BODY_BYTES = 256 * 1024
_REQUEST_ID = re.compile(r"^[\w-]{1,64}$", re.ASCII)
WAITING = frozenset({"live.stream"})
"""Endpoints that only wait for news, which does not keep anybody signed in; nor does a request with X-Poll."""
QUIET = frozenset({"static", "assets.serve", "health.healthz"})
"""Endpoints that leave no line in the log."""

csrf = CSRFProtect()


def create_app(settings: Settings) -> Flask:
    """The whole dashboard. Databases are migrated beforehand (`counterfoil db upgrade`, or `up`)."""
    configure_logs()
    db.connect(settings.database_url, pool_size=settings.threads)
    connect(settings)
    links.connect(settings)
    connect_messages(settings)
    begin_with(settings.random_reviews)
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
    if settings.trusted_proxies:  # nobody else is believed about whose request it passes on
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    _register_requests(app)
    _register_sign_in(app)
    csrf.init_app(app)
    register_security(app, csrf)
    register_troubles(app)
    register_pages(app)
    # Last: what this imports on a thread parses code, and so do routes; Python before 3.11.8 cannot do both at once.
    scorer.use(ModelAtWork().start())
    return app


def _register_sign_in(app: Flask) -> None:
    manager = LoginManager(app)
    manager.session_protection = None  # addresses change; the session's own secret decides

    @manager.user_loader  # type: ignore[untyped-decorator]
    def load(session_token: str) -> SignedIn | None:
        if "without_database" in g:  # the page that says so does not ask it who is there
            return None
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
        come_from(Origin(address=request.remote_addr, request_id=g.request_id))

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
