"""How the API's addresses are declared, and what happens to each request between the guard and its answer.

Adding one:

    @operation("POST", "/orders/{order_id}/captures", "Capture", permission=Permission.TAKE_PAYMENTS, body=CaptureIn,
               answer=OrderOut, problems=("invalid_transition",))
    def capture(call: Call, order_id: str, body: CaptureIn) -> Answered: ...

The function gets `call`, the parts of the path, and `body` or `query` where there are models. It raises the app's
errors to refuse. It may run again after a crash: verbs get `call.request_key`, which makes that one act.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from flask import Response, current_app, request

from app.api import idempotency
from app.api.answers import Answer
from app.api.asked import NoQuery
from app.api.bodies import read_json, read_query, validate
from app.api.fields import Body, Query
from app.api.idempotency import Claim, Kept
from app.config import Settings
from app.crash import crash_point
from app.operators.roles import Permission
from app.security import actor
from app.timeline import Actor

_LEASE_AT_LEAST = timedelta(seconds=60)
_CALLS_AT_MOST = 3
"""A request makes no more calls on the gateway than this, one after the other."""


@dataclass(frozen=True)
class Call:
    """Who asks; and what the verbs know the request by, None where the caller gave no idempotency key."""

    actor: Actor
    request_key: str | None = None


@dataclass(frozen=True)
class Answered:
    """What goes back with the operation's status, or with 202 where it is `later`'s; `location` is a path."""

    body: Answer
    location: str | None = None


@dataclass(frozen=True)
class Operation:
    """One method at one path, as it is served and as the OpenAPI document tells it.

    `later` is what goes back with 202, where it is not done yet.
    `problems` are codes beside those that every operation can answer. `links` name operations that take a part of
    this one's answer: `{operation: {parameter: expression}}`.
    """

    method: str
    path: str
    summary: str
    run: Callable[..., Answered]
    permission: Permission
    answer: type[Answer]
    status: int = 200
    later: type[Answer] | None = None
    body: type[Body] | None = None
    query: type[Query] | None = None
    problems: tuple[str, ...] = ()
    links: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The function's name; the operation's id."""
        return self.run.__name__

    @property
    def description(self) -> str:
        """The function's docstring."""
        return " ".join((self.run.__doc__ or "").split())


OPERATIONS: list[Operation] = []
"""Every address, in the order in which the document shows them."""

Handler = Callable[..., Answered]


def operation(method: str, path: str, summary: str, **told: Any) -> Callable[[Handler], Handler]:
    """Declare a function as an operation; keywords are `Operation`'s."""

    def declare(function: Handler) -> Handler:
        OPERATIONS.append(Operation(method, path, summary, function, **told))
        return function

    return declare


def respond(called: Operation, path: Mapping[str, str]) -> Response:
    """The answer to the request that Flask has routed to this operation."""
    query = read_query(called.query or NoQuery, request.args)
    arguments: dict[str, Any] = dict(path) if called.query is None else {**path, "query": query}
    if called.method == "GET":
        return _response(_kept(called, called.run(Call(actor()), **arguments)))
    content = read_json(request)
    if called.body is not None:
        arguments["body"] = validate(called.body, content)
    key = idempotency.read_key(request.headers.get("Idempotency-Key"))
    if key is None:
        return _response(_kept(called, called.run(Call(actor()), **arguments)))
    return _once(called, arguments, content, key)


def _once(called: Operation, arguments: Mapping[str, Any], content: Any, key: str) -> Response:
    settings: Settings = current_app.config["SETTINGS"]
    who = actor()
    assert who.id is not None, "who comes through this door has a token"
    fingerprint = idempotency.fingerprint_of(settings.secret_key, request.method, request.path, content)
    lease = max(_LEASE_AT_LEAST, timedelta(seconds=_CALLS_AT_MOST * settings.gateway_timeout_seconds + 30))
    mine = idempotency.claim(who.id, key, fingerprint, lease)
    if isinstance(mine, Kept):
        return _response(mine, replayed=True)
    return _done(called, arguments, mine, who)


def _done(called: Operation, arguments: Mapping[str, Any], mine: Claim, who: Actor) -> Response:
    try:
        answer = _kept(called, called.run(Call(who, mine.request_key), **arguments))
    except Exception as error:  # noqa: BLE001 - the app's handlers make an answer of each, and log what is unexpected
        refusal = current_app.make_response(current_app.handle_user_exception(error))
        status, code = refusal.status_code, (refusal.get_json(silent=True) or {}).get("code")
        if idempotency.is_kept(status, code):
            idempotency.keep(mine, Kept(status, refusal.content_type, None, refusal.get_data(as_text=True)))
        else:
            idempotency.let_go(mine, may_have_begun=status >= 500)
        return refusal
    crash_point("api.before_keep")
    idempotency.keep(mine, answer)
    return _response(answer)


def _kept(called: Operation, answered: Answered) -> Kept:
    status = 202 if called.later is not None and isinstance(answered.body, called.later) else called.status
    return Kept(status, "application/json", answered.location, answered.body.model_dump_json())


def _response(answer: Kept, *, replayed: bool = False) -> Response:
    response = Response(answer.body, answer.status, content_type=answer.content_type)
    if answer.location is not None:
        response.headers["Location"] = answer.location
        response.autocorrect_location_header = False
    if replayed:
        response.headers["Idempotent-Replayed"] = "true"
    return response
