"""What is known of the browser that signs in: where it is, and whether it signed in to this account before."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

from flask import current_app, request
from itsdangerous import BadSignature, URLSafeTimedSerializer
from werkzeug.wrappers import Response

from app.operators.limits import Whence

_KNOWN_SECONDS = 90 * 24 * 3600
_ACCOUNTS_AT_MOST = 5


def whence_of(email: str) -> Whence:
    """Where the request comes from, as one to this account."""
    known = _read()
    device = known["device"] if _mark(email) in known["accounts"] else None
    return Whence(request.remote_addr or "unknown", request.headers.get("User-Agent", ""), device)


def remember(response: Response, email: str | None) -> None:
    """Let this browser be known as one that has signed in to the account. It opens nothing by itself."""
    if email is None:
        return
    known = _read()
    others = [one for one in known["accounts"] if one != _mark(email)]
    told = {"device": known["device"] or secrets.token_hex(16), "accounts": [_mark(email), *others][:_ACCOUNTS_AT_MOST]}
    secure: bool = current_app.config["SESSION_COOKIE_SECURE"]
    response.set_cookie(
        _name(), _signer().dumps(told), max_age=_KNOWN_SECONDS, httponly=True, samesite="Lax", secure=secure, path="/"
    )


def _read() -> dict[str, Any]:
    try:
        found: dict[str, Any] = _signer().loads(request.cookies.get(_name(), ""), max_age=_KNOWN_SECONDS)
    except BadSignature:
        return {"device": None, "accounts": []}
    return found


def _name() -> str:
    return "__Host-counterfoil_browser" if current_app.config["SESSION_COOKIE_SECURE"] else "counterfoil_browser"


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="known-browser")


def _mark(email: str) -> str:
    return hashlib.sha256(email.strip().lower().encode()).hexdigest()[:16]
