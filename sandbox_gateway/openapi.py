"""The OpenAPI 3.1 document, made of the very models that check requests and type answers."""

import gzip
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Annotated, Any, NotRequired, get_args

from flask import Flask, Response, request
from pydantic import Field, TypeAdapter
from typing_extensions import TypedDict

from sandbox_gateway import export, openapi_examples
from sandbox_gateway.openapi_links import links_of
from sandbox_gateway.openapi_names import TAGS, operation_id
from sandbox_gateway.problems import KINDS
from sandbox_gateway.routes import Route
from sandbox_gateway.webhooks.endpoints import EventType

VERSION = "1.0.0"

Schema = dict[str, Any]

_ABOUT = """A payment gateway for tests: stateful, honest, and steerable under `/_sandbox`.

Amounts are whole numbers in the currency's minor unit. Times are RFC 3339 in UTC, from the account's clock. Every
well-formed secret key (`sk_test_` and 8 to 64 letters and digits) opens its own isolated account on first use.
Errors are RFC 9457 problems."""

_TEMPLATE = "#/components/schemas/{model}"
_ARGUMENT = re.compile(r"<(?:path:)?(\w+)>")

# Visible characters: bare, or in double quotes with what is special in them escaped.
_KEY_PATTERN = r"""^([\x21\x23-\x7e][\x21-\x7e]*|"([\x21\x23-\x5b\x5d-\x7e]|\\["\\])+")$"""

# What events are about whose types do not begin with the name of the object.
_OBJECTS = {"endpoint": "webhook_endpoint"}
_SIGNATURE = {
    "webhook-id": "The event's id, the same at every try: drop what was seen before.",
    "webhook-timestamp": "Of this sending, in Unix seconds by the wall clock.",
    "webhook-signature": "`v1,` and HMAC-SHA256 of id, timestamp and body, as Standard Webhooks says; one per secret.",
}

_EVERYWHERE = ("unauthorized", "live_key_refused", "rate_limited", "internal_error")
_OF_FAULTS = ("bad_gateway", "unavailable")
_OF_BODIES = ("malformed_json", "body_too_large", "unsupported_media_type", "validation_failed")
_OF_KEYS = (
    "invalid_idempotency_key",
    "idempotency_key_missing",
    "idempotency_in_progress",
    "idempotency_key_reused",
)


class ErrorItem(TypedDict):
    pointer: Annotated[str, Field(description="JSON pointer of the member, in the body or among the query parameters.")]
    code: str
    detail: str


class ProblemBody(TypedDict):
    """An error, as RFC 9457 has it. Further members belong to single codes."""

    type: Annotated[str, Field(description="Path of a page about this kind of problem.")]
    title: str
    status: int
    detail: str
    code: Annotated[str, Field(json_schema_extra={"enum": list(KINDS)})]
    request_id: str
    param: NotRequired[Annotated[str, Field(description="JSON pointer of the first member that is wrong.")]]
    errors: NotRequired[list[ErrorItem]]
    current_status: NotRequired[str]
    allowed_actions: NotRequired[list[str]]
    amount_capturable: NotRequired[int]
    amount_refundable: NotRequired[int]
    fault: NotRequired[Annotated[str, Field(description="The fault rule that asked for this answer.")]]


def add_to(app: Flask, routes: Sequence[Route]) -> None:
    @cache
    def text() -> str:
        # Made when first asked for: most gateways are never asked.
        return json.dumps(make_document(routes), ensure_ascii=False)

    @cache
    def zipped() -> bytes:
        return gzip.compress(text().encode(), mtime=0)

    def document() -> Response:
        takes_zipped = request.accept_encodings["gzip"] > 0
        response = Response(zipped() if takes_zipped else text(), content_type="application/json")
        response.vary.add("Accept-Encoding")
        if takes_zipped:
            response.content_encoding = "gzip"
        return response

    app.add_url_rule("/openapi.json", "openapi", document, methods=["GET"], provide_automatic_options=False)


def make_document(routes: Sequence[Route]) -> Schema:
    """The whole document as plain objects and arrays."""
    schemas = _Schemas(routes)
    paths: dict[str, Schema] = {}
    for route in routes:
        paths.setdefault(_ARGUMENT.sub(r"{\1}", route.path), {})[route.method.lower()] = _operation(
            route, routes, schemas
        )
    paths |= _open_paths(schemas)
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "Counterfoil sandbox gateway",
            "version": VERSION,
            "description": _ABOUT,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": about} for name, about in TAGS.items()],
        "paths": paths,
        "webhooks": _webhooks(schemas),
        "components": {
            "schemas": schemas.components,
            "securitySchemes": {
                "secretKey": {"type": "http", "scheme": "bearer", "description": "sk_test_…, from a server."},
                "publishableKey": {"type": "http", "scheme": "bearer", "description": "pk_test_…, from a browser."},
            },
            "parameters": {
                "IdempotencyKey": {
                    "name": "Idempotency-Key",
                    "in": "header",
                    "description": "The same key with the same request answers the same for 24 hours, once done.",
                    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": _KEY_PATTERN},
                }
            },
            "headers": {
                "RequestId": {"description": "Finds the request in the log.", "schema": {"type": "string"}},
                "Location": {"description": "Where the new object is.", "schema": {"type": "string"}},
                "IdempotentReplayed": {
                    "description": "Sent, as true, with an answer that was given before under the same key.",
                    "schema": {"type": "string", "const": "true"},
                },
            },
        },
    }


class _Schemas:
    """Every model's schema once, under components; elsewhere references."""

    def __init__(self, routes: Sequence[Route]) -> None:
        models: list[Any] = [ProblemBody]
        models.extend(model for route in routes for model in (route.body, route.answer) if model is not None)
        distinct = {id(model): model for model in models}
        # Requests are described as they must be sent; for answers, which have no defaults, it makes no difference.
        found, shared = TypeAdapter.json_schemas(
            [(key, "validation", TypeAdapter(model)) for key, model in distinct.items()],
            ref_template=_TEMPLATE,
        )
        self.components: dict[str, Schema] = {
            _short(name): _tidy(schema) for name, schema in sorted(shared["$defs"].items())
        }
        self._refs = {key: _tidy(schema) for (key, _), schema in found.items()}
        for key, schema in self._refs.items():
            if "$ref" not in schema:
                name = _short(distinct[key].__name__)
                self.components[name] = schema
                self._refs[key] = {"$ref": _TEMPLATE.format(model=name)}

        for route in routes:
            if route.method == "PATCH":
                self._take_defaults_out(self._refs[id(route.body)]["$ref"].rpartition("/")[2])

    def _take_defaults_out(self, name: str) -> None:
        """What is left out of a change stays as it is; a generated client would send the defaults instead."""
        for member in self.components[name]["properties"].values():
            if "default" in member:
                default = json.dumps(member.pop("default"))
                member["description"] = " ".join((member.get("description", ""), f"At first: {default}.")).strip()

    def ref(self, model: Any) -> Schema:
        ref: Schema = self._refs[id(model)]
        return ref

    def of_object(self, kind: str) -> Schema:
        """The schema whose `object` is of this kind."""
        [name] = [
            name
            for name, schema in self.components.items()
            if schema.get("properties", {}).get("object", {}).get("const") == kind
        ]
        return {"$ref": _TEMPLATE.format(model=name)}

    def is_required(self, model: Any) -> bool:
        """Whether a body has members that must be there."""
        name = self.ref(model)["$ref"].rpartition("/")[2]
        return bool(self.components[name].get("required"))


def _short(name: str) -> str:
    """`Page_PaymentBody_` is a PaymentPage, `PaymentBody` a Payment."""
    if name.startswith("Page_"):
        return _short(name.removeprefix("Page_").removesuffix("_")) + "Page"
    return name.removesuffix("Body")


def _query_parameters(model: Any) -> Iterable[Schema]:
    for name, schema in _tidy(TypeAdapter(model).json_schema())["properties"].items():
        described: Schema = dict(schema)
        description = described.pop("description", "")
        choices = described.pop("anyOf", None)
        if choices is not None:
            # A parameter that is not there is not null.
            described.pop("default", None)
            described.update(next(choice for choice in choices if choice != {"type": "null"}))
            description = described.pop("description", description)
        yield {"name": name, "in": "query", "description": description, "schema": described}


def _tidy(schema: Any) -> Any:
    """Without titles made of member names, with short names, without defaults that the schema refuses or that are whole
    objects, which client generators do not take."""
    if isinstance(schema, list):
        return [_tidy(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    tidied: Schema = {}
    for name, value in schema.items():
        if name == "properties":
            tidied[name] = {member: _tidy(one) for member, one in value.items()}
        elif name == "$ref":
            tidied[name] = _TEMPLATE.format(model=_short(value.rpartition("/")[2]))
        elif name == "mapping":
            tidied[name] = {kind: _tidy({"$ref": one})["$ref"] for kind, one in value.items()}
        elif name != "title" and not (name == "default" and (value is None or isinstance(value, dict))):
            tidied[name] = _tidy(value)
    if "patternProperties" in tidied:
        # Names of another pattern are refused; pydantic does not say so.
        tidied.setdefault("additionalProperties", False)
    return tidied


def _operation(route: Route, routes: Sequence[Route], schemas: _Schemas) -> Schema:
    examples = openapi_examples.of(route.method, route.path)
    parameters: list[Schema] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "maxLength": 64}}
        for name in _ARGUMENT.findall(route.path)
    ]
    for parameter in parameters:
        for example in examples[:1]:
            parameter["example"] = example.arguments[parameter["name"]]
    if route.query is not None:
        parameters.extend(_query_parameters(route.query))
    if route.takes_key:
        parameters.append({"$ref": "#/components/parameters/IdempotencyKey"})
    operation: Schema = {
        "operationId": operation_id(route),
        "summary": route.summary,
        "tags": [route.tag],
        "security": [{"secretKey": []}, *([{"publishableKey": []}] if route.publishable else [])],
        "responses": {str(route.status): _success(route, routes, schemas), **_problems(_codes(route), schemas)},
    }
    for example in examples:
        if example.answer is not None:
            described = operation["responses"][str(example.status)]["content"]
            described[example.content_type].setdefault("examples", {})[example.name] = example.shown_answer
    if route.description:
        operation["description"] = route.description
    if parameters:
        operation["parameters"] = parameters
    if route.body is not None:
        operation["requestBody"] = {
            "required": schemas.is_required(route.body),
            "content": {"application/json": {"schema": schemas.ref(route.body)}},
        }
        if examples:
            given = {example.name: example.shown_request for example in examples}
            operation["requestBody"]["content"]["application/json"]["examples"] = given
    return operation


def _success(route: Route, routes: Sequence[Route], schemas: _Schemas) -> Schema:
    headers = {"Request-Id": {"$ref": "#/components/headers/RequestId"}}
    if route.status == 201:
        headers["Location"] = {"$ref": "#/components/headers/Location"}
    if route.takes_key:
        headers["Idempotent-Replayed"] = {"$ref": "#/components/headers/IdempotentReplayed"}
    answer: Schema = {"description": "Done." if route.answer is None else route.summary + ".", "headers": headers}
    if route.answer is not None:
        schema = schemas.ref(route.answer)
        answer["content"] = {"application/json": {"schema": schema}}
        links = links_of(route, routes, schema, schemas.components, operation_id)
        if links:
            answer["links"] = links
    if route.csv is not None:
        answer["content"]["text/csv"] = {"schema": {"type": "string"}}
    return answer


def _codes(route: Route) -> list[str]:
    codes = [*_EVERYWHERE, *route.problems]
    if not route.publishable:
        codes.append("publishable_key")
    if "<" in route.path:
        codes.append("not_found")
    if route.is_published:
        codes.extend(_OF_FAULTS)
    codes.extend(_OF_BODIES if route.method in ("POST", "PATCH") else ["validation_failed"])
    if route.takes_key:
        codes.extend(_OF_KEYS)
    return codes


def _problems(codes: Iterable[str], schemas: _Schemas) -> Schema:
    by_status: dict[int, list[str]] = {}
    for code in dict.fromkeys(codes):
        by_status.setdefault(KINDS[code].status, []).append(code)
    return {
        str(status): {
            "description": "; ".join(f"`{code}`: {KINDS[code].title}" for code in listed) + ".",
            "headers": {"Request-Id": {"$ref": "#/components/headers/RequestId"}},
            "content": {
                "application/problem+json": {
                    "schema": schemas.ref(ProblemBody),
                    "examples": {code: {"value": openapi_examples.of_problem(code)} for code in listed},
                }
            },
        }
        for status, listed in sorted(by_status.items())
    }


def _open_paths(schemas: _Schemas) -> Schema:
    ok = {"type": "object", "required": ["status"], "properties": {"status": {"const": "ok"}}}

    def get(name: str, summary: str, content_type: str, schema: Schema, codes: Sequence[str] = ()) -> Schema:
        return {
            "get": {
                "operationId": name,
                "summary": summary,
                "tags": ["Health"],
                "security": [],
                "responses": {
                    "200": {"description": f"{summary}.", "content": {content_type: {"schema": schema}}},
                    **_problems((*codes, "internal_error"), schemas),
                },
            }
        }

    return {
        "/healthz": get("healthz", "Whether the process answers", "application/json", ok),
        "/readyz": get("readyz", "Whether the database answers", "application/json", ok, ("unavailable",)),
        "/metrics": get("metrics", "Figures for Prometheus", "text/plain", {"type": "string"}),
        "/challenge/{secret}": _challenge(schemas),
        export.PATH: _export(schemas),
    }


def _export(schemas: _Schemas) -> Schema:
    return {
        "get": {
            "operationId": "exportAccount",
            "summary": "Everything of the account as JSON lines",
            "description": "One object to a line, as a GET of it answers, in the order in which they were made.",
            "tags": ["Simulation"],
            "security": [{"secretKey": []}],
            "responses": {
                "200": {"description": "The lines.", "content": {export.CONTENT_TYPE: {"schema": {"type": "string"}}}},
                **_problems((*_EVERYWHERE, "publishable_key", "validation_failed"), schemas),
            },
        }
    }


def _challenge(schemas: _Schemas) -> Schema:
    page = {"text/html": {"schema": {"type": "string"}}}
    gone = _problems(("not_found", "gone", "internal_error"), schemas)
    common: Schema = {"tags": ["Payments"], "security": []}
    decision = {
        "type": "object",
        "required": ["decision"],
        "properties": {"decision": {"enum": ["approve", "fail", "cancel"]}},
    }
    return {
        "parameters": [{"name": "secret", "in": "path", "required": True, "schema": {"type": "string"}}],
        "get": {
            **common,
            "operationId": "showChallenge",
            "summary": "The issuer's 3-D Secure page, for the customer's browser",
            "responses": {"200": {"description": "The page.", "content": page}, **gone},
        },
        "post": {
            **common,
            "operationId": "decideChallenge",
            "summary": "The customer's one decision",
            "requestBody": {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": decision}}},
            "responses": {
                "200": {"description": "Done, where there is no return_url.", "content": page},
                "303": {"description": "On to return_url, with `payment` added to its query."},
                **_problems(("not_found", "gone", "body_too_large", "validation_failed", "internal_error"), schemas),
            },
        },
    }


def _webhooks(schemas: _Schemas) -> Schema:
    told = openapi_examples.of_events()
    webhooks = {}
    for type_ in get_args(EventType):
        subject = type_.partition(".")[0]
        webhooks[type_] = _webhook(type_, schemas.of_object(_OBJECTS.get(subject, subject)), told)
    return webhooks


def _webhook(type_: str, data: Schema, told: Mapping[str, Any]) -> Schema:
    text = {"type": "string"}
    content: Schema = {
        "schema": {
            "type": "object",
            "required": ["id", "type", "timestamp", "data"],
            "properties": {
                "id": text,
                "type": {"const": type_},
                "timestamp": {"type": "string", "format": "date-time"},
                "data": data,
            },
        }
    }
    if type_ in told:
        content["examples"] = {"sent": {"value": told[type_]}}
    return {
        "post": {
            "operationId": "on" + "".join(word.capitalize() for word in re.split(r"[._]", type_)),
            "summary": type_,
            "tags": ["Events"],
            "security": [],
            "parameters": [
                {"name": name, "in": "header", "required": True, "description": about, "schema": text}
                for name, about in _SIGNATURE.items()
            ],
            "requestBody": {"required": True, "content": {"application/json": content}},
            "responses": {"2XX": {"description": "Taken. Anything else is tried again."}},
        }
    }
