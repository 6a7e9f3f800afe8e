"""The gateway's application: every room's routes under one set of conventions. `routes.py` tells how to add one."""

import re
import time
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any

import structlog
from flask import Flask, Response, current_app, g, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.sansio.utils import get_current_url

from sandbox_gateway import (
    account_routes,
    card_routes,
    challenge,
    clock,
    events,
    export,
    idempotency,
    metrics,
    openapi,
    pages,
    refunds,
    sandbox,
    server,
    snapshots,
    tokens,
)
from sandbox_gateway.accounts import Accounts
from sandbox_gateway.bodies import read_json, read_query, validate
from sandbox_gateway.config import Config
from sandbox_gateway.disputes import routes as disputes
from sandbox_gateway.faults import routes as faults
from sandbox_gateway.faults.plan import Dropped
from sandbox_gateway.faults.wire import spoil
from sandbox_gateway.fields import NoMembers
from sandbox_gateway.ids import make_request_id
from sandbox_gateway.payments import routes as payments
from sandbox_gateway.pipeline import PROBLEM_JSON, Asked, Pipeline, Reply
from sandbox_gateway.problems import Problem
from sandbox_gateway.request_log import routes as request_log
from sandbox_gateway.request_log.draft import Draft
from sandbox_gateway.request_log.masking import mask_address, mask_text
from sandbox_gateway.request_log.recorder import Recorder
from sandbox_gateway.routes import Gateway, Route
from sandbox_gateway.settlements import routes as settlements
from sandbox_gateway.storage import Store
from sandbox_gateway.test_cards import has_test_number
from sandbox_gateway.webhooks import endpoints, replay
from sandbox_gateway.webhooks import log as delivery_log

log = structlog.get_logger()

ROOMS: list[list[Route]] = [
    account_routes.ROUTES,
    tokens.ROUTES,
    payments.ROUTES,
    refunds.ROUTES,
    disputes.ROUTES,
    settlements.ROUTES,
    card_routes.ROUTES,
    sandbox.ROUTES,
    snapshots.ROUTES,
    clock.ROUTES,
    faults.ROUTES,
    request_log.ROUTES,
    events.ROUTES,
    endpoints.ROUTES,
    replay.ROUTES,
    delivery_log.ROUTES,
]

# The one address that a browser of any origin may call: the card goes from there straight to the gateway.
_OPEN_TO_BROWSERS = "/v1/tokens"

# On every answer that does not have its own.
_EVERYWHERE = (
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
)

_REQUEST_ID = re.compile(r"[\w-]{1,64}", re.ASCII)
_PATH_ARGUMENT = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)
_ROUTE_ARGUMENT = re.compile(r"<(\w+)>")


def create_app(config: Config, store: Store) -> Flask:
    """The WSGI application. What it is made of is in `extensions["gateway"]`."""
    accounts = Accounts(store, config.pepper)
    gateway = Gateway(config, store, accounts, Recorder(store, accounts))
    app = Flask("sandbox_gateway", static_url_path="/assets")
    app.extensions["gateway"] = gateway
    app.url_map.merge_slashes = False  # it would answer with an HTML redirect
    app.url_map.strict_slashes = True

    routes = [route for room in ROOMS for route in room]
    pipeline = Pipeline(gateway)
    for route in routes:
        app.add_url_rule(
            route.path,
            endpoint=f"{route.method} {route.path}",
            view_func=partial(_serve, gateway, pipeline, route),
            methods=[route.method],
            provide_automatic_options=False,
        )
    app.add_url_rule(
        _OPEN_TO_BROWSERS,
        endpoint=f"OPTIONS {_OPEN_TO_BROWSERS}",
        view_func=_preflight,
        methods=["OPTIONS"],
        provide_automatic_options=False,
    )
    challenge.add_to(app, gateway)
    metrics.add_to(app, gateway)
    export.add_to(app, gateway)
    openapi.add_to(app, routes)
    pages.add_to(app, gateway)

    def finish(response: Response) -> Response:
        _finish(response)
        if g.draft is not None and request.path != request_log.PATH:
            g.draft.leaves(response.status_code)
            gateway.recorder.finish(g.draft)
        return response

    app.before_request(_begin)
    app.after_request(finish)
    app.register_error_handler(Exception, _on_error)
    return app


def _serve(gateway: Gateway, pipeline: Pipeline, route: Route, **path: str) -> Response:
    caller = gateway.accounts.authenticate(request.headers.get("Authorization"))
    g.account_id = caller.account_id
    if route.csv is not None and request.accept_mimetypes.best_match(["application/json", "text/csv"]) == "text/csv":
        route = replace(route, handler=route.csv)
    draft = g.draft = _draft(caller.account_id, route.operation)
    if caller.kind == "publishable" and not route.publishable:
        raise Problem("publishable_key")
    for value in path.values():
        if not _PATH_ARGUMENT.fullmatch(value):
            raise Problem("not_found")

    arguments: dict[str, Any] = dict(path)
    body: dict[str, Any] = {}
    if route.method in ("POST", "PATCH"):
        body = read_json(request)
        draft.asks(path, body)
    query = read_query(route.query, request.args)
    if query is not None:
        arguments["query"] = query
    if route.body is not None:
        arguments["body"] = validate(route.body, body)
    elif body:
        validate(NoMembers, body)

    key = idempotency.read_key(request.headers.get("Idempotency-Key")) if route.takes_key else None
    if route.takes_key:
        draft.comes_under(key)
    asked = Asked(
        route=route,
        account_id=caller.account_id,
        base_url=_base_url(request.scheme, request.host),
        request_id=g.request_id,
        arguments=arguments,
        draft=draft,
        key=key,
        content=idempotency.content_of(route.method, request.path, body) if key is not None else "",
    )
    reply = pipeline.run(asked)
    response = _respond(reply, gateway.store)
    if reply.spoiling is not None:
        spoil(response, reply.spoiling, request.environ)
    return response


@lru_cache(maxsize=256)
def _base_url(scheme: str, host: str) -> str:
    return get_current_url(scheme, host).rstrip("/")


def _draft(account_id: int, operation: str | None) -> Draft:
    address = mask_address(request.path, request.query_string.decode("latin-1"))
    return Draft(account_id, mask_text(g.request_id), request.method, address, operation)


def _draft_of_unknown() -> Draft | None:
    """For a request to no address that there is, if it comes with a key."""
    gateway: Gateway = current_app.extensions["gateway"]
    try:
        caller = gateway.accounts.authenticate(request.headers.get("Authorization"))
    except Problem:
        return None
    return _draft(caller.account_id, None)


def _respond(reply: Reply, store: Store) -> Response:
    body = reply.body if reply.stream is None else reply.stream(store.read)
    response = Response(body, status=reply.status, headers=dict(reply.headers))
    if body is None:
        del response.headers["Content-Type"]
    else:
        response.headers["Content-Type"] = reply.content_type
    if reply.location is not None:
        response.headers["Location"] = reply.location
    if reply.replayed:
        response.headers["Idempotent-Replayed"] = "true"
    return response


def _begin() -> None:
    given = request.headers.get("X-Request-Id", "")
    # The id comes into logs, where no card number may be, however it came to be one.
    kept = _REQUEST_ID.fullmatch(given) and not has_test_number(given)
    g.request_id = given if kept else make_request_id()
    g.account_id = None
    g.draft = None
    g.started = time.perf_counter()


def _finish(response: Response) -> None:
    # All at once: each look for one of them goes through all of them.
    there = {name for name, _ in response.headers}
    response.headers.extend([("Request-Id", g.request_id), *(one for one in _EVERYWHERE if one[0] not in there)])
    if request.path == _OPEN_TO_BROWSERS:
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Access-Control-Expose-Headers"] = "Request-Id, Idempotent-Replayed, Location, Retry-After"

    seconds = time.perf_counter() - g.started
    rule = _shown_rule(request.url_rule.rule) if request.url_rule is not None else "none"
    metrics.count_request(request.method, rule, response.status_code, seconds)
    log.info(
        "request",
        method=request.method,
        route=rule,
        status=response.status_code,
        ms=round(seconds * 1000, 1),
        request_id=g.request_id,
        account=g.account_id,
    )


@lru_cache(maxsize=256)
def _shown_rule(rule: str) -> str:
    return _ROUTE_ARGUMENT.sub(r"{\1}", rule)


def _preflight() -> Response:
    response = Response(status=204)
    response.headers["Access-Control-Allow-Methods"] = "POST"
    response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type, Idempotency-Key, X-Request-Id"
    response.headers["Access-Control-Max-Age"] = "600"
    return response


def _on_error(error: Exception) -> Response:
    if isinstance(error, Dropped):
        server.wait_for_hangup(request.environ, error.stall_ms / 1000)
        server.drop_connection(request.environ)
        return Response(status=500)
    problem = _problem_of(error)
    if g.draft is None and isinstance(error, HTTPException):
        g.draft = _draft_of_unknown()
    if g.draft is not None:
        g.draft.meets(problem)
    response = Response(problem.body(g.request_id), status=problem.status, headers=problem.headers)
    response.headers["Content-Type"] = PROBLEM_JSON
    return response


def _problem_of(error: Exception) -> Problem:
    if isinstance(error, Problem):
        return error
    if isinstance(error, MethodNotAllowed):
        allowed = ", ".join(sorted(error.valid_methods or ()))
        return Problem("method_not_allowed", f"Here the methods are: {allowed}.", headers={"Allow": allowed})
    if isinstance(error, HTTPException):
        codes = {404: "not_found", 413: "body_too_large"}
        if error.code is not None and error.code < 500:
            return Problem(codes.get(error.code, "malformed_request"))
    log.error("request_failed", request_id=g.request_id, exc_info=error)
    return Problem("internal_error")
