"""The OpenAPI 3.1 document, made of the same declarations and models that serve."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from app.api.answers import Answer, ProblemOut
from app.api.examples import EXAMPLES
from app.api.fields import Query
from app.api.operations import OPERATIONS, Operation
from app.api.problems import PROBLEMS, page_name

Json = dict[str, Any]
Mode = Literal["validation", "serialization"]

_ALWAYS = (
    "unauthorized",
    "forbidden",
    "rate_limited",
    "validation_failed",
    "internal_error",
    "database_unavailable",
)
_WITH_BODY = (
    "malformed_json",
    "bad_request",
    "invalid_idempotency_key",
    "idempotency_in_progress",
    "idempotency_key_reused",
    "body_too_large",
    "unsupported_media_type",
)
_REQUEST_ID = {"description": "Finds the request in our log.", "schema": {"type": "string"}}
_LIMIT: Json = {
    "RateLimit-Policy": {
        "description": "How many calls (q) the token has in a window of so many seconds (w); absent without a limit.",
        "schema": {"type": "string"},
        "example": '"default";q=12000;w=60',
    },
    "RateLimit": {
        "description": "How many of them are left (r), and in how many seconds the next window begins (t).",
        "schema": {"type": "string"},
        "example": '"default";r=11999;t=42',
    },
}
_ORDER_ID: Json = {
    "name": "order_id",
    "in": "path",
    "required": True,
    "description": "The order's id.",
    "schema": {"type": "string", "pattern": "^ord_[0-9a-z]{26}$"},
}
_LINK_ID: Json = _ORDER_ID | {
    "name": "link_id",
    "description": "The pay link's id.",
    "schema": {"type": "string", "pattern": "^pln_[0-9a-z]{26}$"},
}
_APPROVAL_ID: Json = _ORDER_ID | {
    "name": "approval_id",
    "description": "The approval's id.",
    "schema": {"type": "string", "pattern": "^apr_[0-9a-z]{26}$"},
}
_DISPUTE_ID: Json = _ORDER_ID | {
    "name": "dispute_id",
    "description": "The dispute's id, which is the gateway's.",
    "schema": {"type": "string", "pattern": "^dp_[0-9a-z]{10,64}$"},
}
_CUSTOMER_ID: Json = _ORDER_ID | {
    "name": "customer_id",
    "description": "The customer's id.",
    "schema": {"type": "string", "pattern": "^cus_[0-9a-z]{26}$"},
}
_IN_PATH = {
    "{order_id}": _ORDER_ID,
    "{link_id}": _LINK_ID,
    "{approval_id}": _APPROVAL_ID,
    "{dispute_id}": _DISPUTE_ID,
    "{customer_id}": _CUSTOMER_ID,
}
_TAGS = {
    "/orders": ("Orders", "Orders and the money on them."),
    "/disputes": ("Disputes", "What cardholders contest, and the answer to it."),
    "/customers": ("Customers", "Who pays; merged when one person was taken for two, erased on request."),
}
"""By what an address begins with; all others are about orders."""
_KEY: Json = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "The same key with the same request is one act, for 24 hours; 1 to 255 visible ASCII characters.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": '^[!#-~][!-~]*$|^"[!-~]+"$'},
    "example": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
}


@cache
def document() -> Json:
    """The whole document."""
    schemas = _schemas()
    paths: dict[str, Json] = {}
    for called in OPERATIONS:
        paths.setdefault(f"/api{called.path}", {})[called.method.lower()] = _operation(called)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Counterfoil: the order service's API",
            "version": version("counterfoil"),
            "description": "Orders through their whole payment life: place, pay, capture, refund, cancel. Amounts are"
            " whole minor units, times are UTC. Every answer carries a Request-Id; every refusal is a problem"
            " (RFC 9457) whose type is the path of a page that explains it.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "tags": [{"name": name, "description": description} for name, description in _TAGS.values()],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "cf_…",
                    "description": "Made with `counterfoil api-token create NAME`.",
                }
            },
        },
    }


def _schemas() -> dict[str, Json]:
    wanted: list[tuple[type[BaseModel], Mode]] = [(ProblemOut, "validation")]  # members that do not apply are left out
    for called in OPERATIONS:
        wanted += [(told, "serialization") for told in (called.answer, called.later) if told is not None]
        if called.body is not None:
            wanted.append((called.body, "validation"))
    _, made = models_json_schema(list(dict.fromkeys(wanted)), ref_template="#/components/schemas/{model}")
    schemas: dict[str, Json] = made["$defs"]
    return schemas


def _ref(model: type[BaseModel]) -> Json:
    return {"$ref": f"#/components/schemas/{model.__name__}"}


def _operation(called: Operation) -> Json:
    told: Json = {
        "operationId": called.name,
        "summary": called.summary,
        "description": f"{called.description} Takes the permission `{called.permission}`.",
        "tags": [_TAGS.get("/" + called.path.split("/")[1], _TAGS["/orders"])[0]],
        "parameters": _parameters(called),
        "responses": {**_successes(called), **_refusals(called)},
    }
    if called.body is not None:
        shape = called.body.model_json_schema()
        told["requestBody"] = {
            "required": "required" in shape or "oneOf" in shape,
            "content": {
                "application/json": {
                    "schema": _ref(called.body),
                    "examples": {
                        f"example{number}": {"value": value} for number, value in enumerate(shape["examples"], 1)
                    },
                }
            },
        }
    return told


def _parameters(called: Operation) -> list[Json]:
    parameters: list[Json] = [told for name, told in _IN_PATH.items() if name in called.path]
    if called.query is not None:
        parameters += _query_parameters(called.query)
    if called.method == "POST":
        parameters.append(_KEY)
    return parameters


def _query_parameters(query: type[Query]) -> list[Json]:
    shape = query.model_json_schema(ref_template="#/components/schemas/{model}")
    parameters: list[Json] = []
    for name, schema in shape["properties"].items():
        told = {key: value for key, value in schema.items() if key not in ("title", "default", "anyOf", "description")}
        for choice in schema.get("anyOf", ()):
            if choice != {"type": "null"}:  # a parameter is left out, it cannot be null
                told |= choice
        parameter: Json = {"name": name, "in": "query", "schema": told}
        if "description" in schema:
            parameter["description"] = schema["description"]
        parameters.append(parameter)
    return parameters


def _successes(called: Operation) -> Json:
    told = {str(called.status): _success(called)}
    if called.later is not None:
        told["202"] = _success(called) | {
            "description": f"{called.summary}: asked for, and waiting for a second person",
            "content": _content(called.later),
        }
        told["202"]["headers"] = told["202"]["headers"] | {
            "Location": {"description": "The path of the approval.", "schema": {"type": "string"}}
        }
    return told


def _content(answer: type[Answer]) -> Json:
    return {"application/json": {"schema": _ref(answer), "examples": {"example": {"value": EXAMPLES[answer]}}}}


def _success(called: Operation) -> Json:
    headers: Json = {"Request-Id": _REQUEST_ID, **_LIMIT}
    if called.method == "POST":
        headers["Idempotent-Replayed"] = {
            "description": "true where this is the answer that was given before under the same key.",
            "schema": {"type": "string", "const": "true"},
        }
    if called.status == 201:
        headers["Location"] = {"description": "The path of the order.", "schema": {"type": "string"}}
    told: Json = {
        "description": called.summary,
        "headers": headers,
        "content": _content(called.answer),
    }
    if called.links:
        told["links"] = {
            name: {"operationId": name, "parameters": dict(parameters)} for name, parameters in called.links.items()
        }
    return told


def _refusals(called: Operation) -> Json:
    codes = [*_ALWAYS, *(_WITH_BODY if called.method == "POST" else ()), *called.problems]
    by_status: dict[int, list[str]] = {}
    for code in codes:
        by_status.setdefault(PROBLEMS[code].status, []).append(code)
    return {str(status): _refusal(status, by_status[status]) for status in sorted(by_status)}


def _refusal(status: int, codes: list[str]) -> Json:
    headers: Json = {"Request-Id": _REQUEST_ID}
    if status == 429:
        headers |= _LIMIT
    if status == 401:
        headers["WWW-Authenticate"] = {"schema": {"type": "string", "const": "Bearer"}}
    waits = {
        "idempotency_in_progress",
        "rate_limited",
        "gateway_unavailable",
        "gateway_outage",
        "database_unavailable",
    }
    if waits & set(codes):
        headers["Retry-After"] = {"description": "Seconds to wait.", "schema": {"type": "string"}}
    return {
        "description": ", ".join(f"`{code}`" for code in codes),
        "headers": headers,
        "content": {
            "application/problem+json": {
                "schema": _ref(ProblemOut),
                "examples": {code: {"value": _problem_example(code)} for code in codes},
            }
        },
    }


def _problem_example(code: str) -> Json:
    kind = PROBLEMS[code]
    example: Json = {
        "type": f"/api/problems/{page_name(code)}",
        "title": code.replace("_", " ").capitalize(),
        "status": kind.status,
        "detail": kind.explanation,
        "code": code,
        "request_id": "req_0f1e2d3c4b5a69788796a5b4",
    }
    if code == "validation_failed":
        detail = "Input should be greater than or equal to 1."
        example |= {
            "detail": f"/amount: {detail}",
            "param": "/amount",
            "errors": [{"pointer": "/amount", "code": "greater_than_equal", "detail": detail}],
        }
    if code == "invalid_transition":
        example |= {"current_status": "paid", "allowed_actions": ["refund"]}
    return example
