"""One place where errors become pages, fragments or problem+json, each with the request id that finds the log line."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import structlog
from flask import Flask, Response, g, jsonify, render_template, request
from flask_wtf.csrf import CSRFError
from gunicorn.http.errors import ParseException
from sqlalchemy.exc import InterfaceError, OperationalError
from werkzeug.exceptions import BadRequest, HTTPException

from app.errors import GatewayRefused, GatewayUnavailable, NotFound, RuleBroken, TooOften
from app.security import is_api

log = structlog.get_logger("dashboard")


def problem(status: int, code: str, detail: str, *, headers: dict[str, str] | None = None, **extra: Any) -> Response:
    """RFC 9457 `application/problem+json`; `type` is a path of the API's documentation."""
    body = {
        "type": f"/api/problems/{code.replace('_', '-')}",
        "title": code.replace("_", " ").capitalize(),
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": g.request_id,
        **{name: value for name, value in extra.items() if value is not None},
    }
    response = jsonify(body)
    response.status_code = status
    response.content_type = "application/problem+json"
    response.headers.update(headers or {})
    return response


def _page(status: int, heading: str, detail: str, todo: str, **extra: Any) -> Response:
    template = "_error.html" if request.headers.get("HX-Request") else "error.html"
    html = render_template(
        template, status=status, heading=heading, detail=detail, todo=todo, request_id=g.request_id, **extra
    )
    return Response(html, status)


def _answer(status: int, code: str, heading: str, detail: str, todo: str, **extra: Any) -> Response:
    if is_api():
        return problem(status, code, detail, **extra)
    return _page(status, heading, detail, todo, **extra)


_CODES = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "body_too_large",
    415: "unsupported_media_type",
    429: "rate_limited",
}
_PAGES = {
    400: ("That could not be read", "What the browser sent was not what this page asks for."),
    403: ("That is not for your role", "Your role does not allow this."),
    404: ("There is no such page", "Nothing is at this address."),
    405: ("That cannot be opened", "This address takes what a form sends; there is no page to be read here."),
    413: ("That is too large", "More was sent than is taken."),
    429: ("That was too often", "Too much was asked for in a short time."),
}
"""Heading and explanation for people, where the error brought no words of its own."""
_REFUSED = {409: "That is not possible now", 429: "That was too often"}
"""Headings of what a rule forbids."""
_NEXT_STEPS = {
    400: "Go back, reload the page, and send it again.",
    401: "Sign in, then try again.",
    403: "Ask somebody whose role allows it.",
    404: "Check the address, or search for the id.",
    405: "Begin at the page that holds the form.",
    413: "Send less.",
    429: "Wait a moment, then try again.",
}


def register_troubles(app: Flask) -> None:
    """Install the handlers of the four families, of HTTP's own errors, and of what nobody expected."""

    @app.errorhandler(RuleBroken)
    def rule_broken(error: RuleBroken) -> Response:
        errors = [{"pointer": one.pointer, "code": one.code, "detail": one.detail} for one in error.errors]
        code = error.code
        if is_api() and errors:
            code = "validation_failed"
        return _answer(
            error.status,
            code,
            _REFUSED.get(error.status, "That cannot be taken as it is"),
            error.detail,
            "Nothing was changed. Go back to see what may be done.",
            current_status=error.current_status,
            allowed_actions=error.allowed_actions,
            param=errors[0]["pointer"] if errors else None,
            errors=errors or None,
            headers={"Retry-After": str(error.wait_seconds)} if is_api() and isinstance(error, TooOften) else None,
        )

    @app.errorhandler(NotFound)
    def not_found(error: NotFound) -> Response:
        return _answer(404, "not_found", "There is no such thing", str(error), _NEXT_STEPS[404])

    @app.errorhandler(GatewayUnavailable)
    def unavailable(error: GatewayUnavailable) -> Response:
        log.warning("gateway unavailable", reason=str(error))
        return _answer(
            503,
            "gateway_unavailable",
            "The gateway does not answer",
            f"{error} Nothing was begun, so nothing was charged.",
            "Wait a moment and try again.",
            headers={"Retry-After": "5"} if is_api() else None,
        )

    @app.errorhandler(GatewayRefused)
    def refused(error: GatewayRefused) -> Response:
        log.warning("gateway refused", code=error.code, detail=error.detail, gateway_request_id=error.request_id)
        return _answer(
            502,
            "gateway_refused",
            "The gateway refused our request",
            f"It says: {error.detail} ({error.code}). Nothing was changed.",
            "Check the gateway's key and address in the settings.",
        )

    @app.errorhandler(CSRFError)
    def forged(error: CSRFError) -> Response:
        return _page(403, "The form is no longer valid", str(error.description), "Reload the page and send it again.")

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Response:
        status = error.code or 500
        phrase = HTTPStatus(status).phrase
        heading, words = _PAGES.get(status, (phrase, phrase))
        if status == 413 and request.max_content_length:
            words = (
                f"More was sent than is taken here: at most {_size(request.max_content_length)}. None of it is kept."
            )
        is_canned = error.description in (None, type(error).description)
        headers = {name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")}
        if status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        answer = _answer(
            status,
            _CODES.get(status, "error"),
            heading,
            words if is_canned and not is_api() else error.description or phrase,
            _NEXT_STEPS.get(status, "Go back."),
        )
        answer.headers.update(headers)
        return answer

    @app.errorhandler(ParseException)
    def unreadable(error: ParseException) -> Response:
        """The server itself finds a body's chunks to be none, while we read it."""
        log.warning("a body that cannot be read", reason=str(error))
        answer = http(BadRequest("The body could not be read to its end."))
        answer.headers["Connection"] = "close"  # where the next request would begin is not known
        return answer

    @app.errorhandler(OperationalError)
    @app.errorhandler(InterfaceError)
    def without_database(error: OperationalError | InterfaceError) -> Response:
        """Locked for too long, full, or gone: nobody's mistake, and over some time."""
        log.error("the database does not do it", error=type(error).__name__, exc_info=error)
        g.without_database = True
        return _answer(
            503,
            "database_unavailable",
            "The database does not answer",
            "What you asked for may not have been done. What had been begun is settled by itself once it answers.",
            "Wait a moment and look again before you repeat it.",
            headers={"Retry-After": "5"} if is_api() else None,
        )

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> Response:
        log.error("unexpected", error=type(error).__name__, exc_info=error)
        return _answer(
            500,
            "internal_error",
            "Something went wrong here",
            "It is our fault, not yours, and it is in the log.",
            "Try again; if it happens again, give somebody the request id below.",
        )


def _size(most_bytes: int) -> str:
    mega = most_bytes // 1024**2
    return f"{mega} MB" if mega else f"{most_bytes // 1024} KB"
