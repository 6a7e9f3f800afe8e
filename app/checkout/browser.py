"""What is known of the customer's browser: its address, the id it was given, its agent, its session, its languages."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import timedelta

from flask import Response, after_this_request, current_app, request, session

from app.languages import Language, best_language, language_of
from app.orders.models import Order

_DEVICE = re.compile(r"^[\w-]{22}$", re.ASCII)
_KEPT_FOR = timedelta(days=180)
_SESSION, _LANGUAGE = "checkout", "language"


@dataclass(frozen=True)
class Browser:
    """`session_hash` stands for a secret that only this browser's session holds; the device's id is no secret."""

    ip: str
    device_id: str
    user_agent: str
    accept_language: str
    session_hash: str

    @property
    def context(self) -> dict[str, str]:
        """As an order keeps it."""
        known = {
            "ip": self.ip,
            "device_id": self.device_id,
            "user_agent": self.user_agent,
            "accept_language": self.accept_language,
        }
        return {name: value for name, value in known.items() if value}


def hash_of(secret: str) -> str:
    """What is stored of a random secret of 128 bits or more."""
    return hashlib.sha256(secret.encode()).hexdigest()


def this_browser() -> Browser:
    """The browser behind this request; from now on it has an id and a session."""
    secret = session.setdefault(_SESSION, secrets.token_urlsafe(24))
    return Browser(
        ip=(request.remote_addr or "")[:45],
        device_id=_device_id(),
        user_agent=request.headers.get("User-Agent", "")[:500],
        accept_language=request.headers.get("Accept-Language", "")[:200],
        session_hash=hash_of(secret),
    )


def _device_id() -> str:
    secure = bool(current_app.config["SESSION_COOKIE_SECURE"])
    name = "__Host-counterfoil_device" if secure else "counterfoil_device"
    given = request.cookies.get(name, "")
    device_id = given if _DEVICE.fullmatch(given) else secrets.token_urlsafe(16)

    @after_this_request
    def keep(response: Response) -> Response:
        response.set_cookie(name, device_id, max_age=_KEPT_FOR, secure=secure, httponly=True, samesite="Lax")
        return response

    return device_id


def chosen_language(order: Order | None = None) -> Language:
    """What the customer chose on the page, else what the order says, else what the browser prefers."""
    asked = request.args.get(_LANGUAGE)
    if asked is not None:
        session[_LANGUAGE] = language_of(asked[:20]).code
    accepted = best_language(request.accept_languages.values())
    known = order.customer_locale if order is not None else None
    usual = language_of(known) if known else accepted
    code = session.get(_LANGUAGE, usual.code)
    # The region's way of writing numbers stays, as long as it is one of the language's.
    return next((one for one in (usual, accepted) if one.code == code), language_of(code))
