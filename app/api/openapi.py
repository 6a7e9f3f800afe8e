"""The OpenAPI 3.1 document, made of the same declarations and models that serve."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from app.api.answers import ProblemOut
from app.api.examples import EXAMPLES
from app.api.fields import Query
from app.api.operations import OPERATIONS, Operation
from app.api.problems import PROBLEMS, page_name

Json = dict[str, Any]
Mode = Literal["validation", "serialization"]

_ALWAYS = ("unauthorized", "forbidden", "validation_failed", "internal_error")
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
_ORDER_ID = {
    "name": "order_id",
    "in": "path",
    "required": True,
    "description": "The order's id.",
    "schema": {"type": "string", "pattern": "^ord_[0-9a-z]{26}$"},
}
_KEY = {
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
        "tags": [{"name": "Orders", "description": "Orders and the money on them."}],
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
        wanted.append((called.answer, "serialization"))
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
        "tags": ["Orders"],
        "parameters": _parameters(called),
        "responses": {str(called.status): _success(called), **_refusals(called)},
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
    parameters: list[Json] = [_ORDER_ID] if "{order_id}" in called.path else []
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


def _success(called: Operation) -> Json:
    headers: Json = {"Request-Id": _REQUEST_ID}
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
        "content": {
            "application/json": {
                "schema": _ref(called.answer),
                "examples": {"example": {"value": EXAMPLES[called.answer]}},
            }
        },
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
    if status == 401:
        headers["WWW-Authenticate"] = {"schema": {"type": "string", "const": "Bearer"}}
    if "idempotency_in_progress" in codes or "gateway_unavailable" in codes:
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
