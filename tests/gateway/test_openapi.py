"""The OpenAPI document: valid, whole, and true to what is served; its page works under the strict policy."""

from __future__ import annotations

import re
from typing import Any, get_args

import pytest
import requests
from openapi_spec_validator import validate
from playwright.sync_api import Page

from sandbox_gateway.problems import KINDS
from sandbox_gateway.web import ROOMS
from sandbox_gateway.webhooks.endpoints import EventType
from tests.gateway.client import Json, document_of
from tests.stack import Gateway


@pytest.fixture
def document(gateway: Gateway) -> Json:
    return document_of(gateway.url)


def test_the_document_is_valid_openapi_3_1(document: Json) -> None:
    assert re.fullmatch(r"3\.1\.\d", document["openapi"])
    validate(document)


def test_every_route_is_in_the_document_with_all_that_it_takes_and_answers(document: Json) -> None:
    for route in (route for room in ROOMS for route in room):
        operation = document["paths"][re.sub(r"<(\w+)>", r"{\1}", route.path)][route.method.lower()]
        assert operation["security"]
        assert str(route.status) in operation["responses"]
        assert ("requestBody" in operation) == (route.body is not None)
        assert ("content" in operation["responses"][str(route.status)]) == (route.answer is not None)
        named = {parameter.get("name", "Idempotency-Key") for parameter in operation.get("parameters", [])}
        assert named >= set(re.findall(r"<(\w+)>", route.path))
        assert ("Idempotency-Key" in named) == route.takes_key
        for status in ("401", "500"):
            assert "application/problem+json" in operation["responses"][status]["content"]


def test_operation_ids_are_unique(document: Json) -> None:
    ids = [operation["operationId"] for item in document["paths"].values() for operation in _operations(item)]
    ids += [operation["operationId"] for item in document["webhooks"].values() for operation in _operations(item)]
    assert len(ids) == len(set(ids))


def _operations(item: Json) -> list[Json]:
    return [operation for name, operation in item.items() if name in ("get", "post", "patch", "delete")]


def test_every_reference_leads_somewhere(document: Json) -> None:
    def references(part: Any) -> list[str]:
        if isinstance(part, dict):
            own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
            return own + [found for value in part.values() for found in references(value)]
        if isinstance(part, list):
            return [found for value in part for found in references(value)]
        return []

    for reference in set(references(document)):
        place: Any = document
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]


def test_every_event_that_can_happen_is_a_webhook_of_the_document(document: Json) -> None:
    expected = {type_ for type_ in get_args(EventType) if type_.startswith(("payment.", "refund.", "endpoint."))}
    assert set(document["webhooks"]) == expected
    for type_, item in document["webhooks"].items():
        schema = item["post"]["requestBody"]["content"]["application/json"]["schema"]
        assert schema["properties"]["type"] == {"const": type_}


def test_every_code_is_a_value_of_the_problems_code(document: Json) -> None:
    assert set(document["components"]["schemas"]["Problem"]["properties"]["code"]["enum"]) == set(KINDS)


def test_request_schemas_refuse_unknown_members(document: Json) -> None:
    for item in document["paths"].values():
        for operation in _operations(item):
            content = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if content is not None:
                name = content["schema"]["$ref"].rpartition("/")[2]
                assert document["components"]["schemas"][name]["additionalProperties"] is False, name


def test_the_page_shows_every_operation_under_the_strict_policy(gateway: Gateway, page: Page) -> None:
    troubles: list[str] = []
    foreign: list[str] = []
    page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("request", lambda one: None if one.url.startswith((gateway.url, "data:")) else foreign.append(one.url))
    page.goto(f"{gateway.url}/docs")
    page.get_by_text("/v1/payments/{payment_id}/capture", exact=True).first.wait_for()
    assert page.locator(".opblock").count() >= sum(len(room) for room in ROOMS)
    assert troubles == []
    assert foreign == []


def test_the_files_of_the_page_are_those_and_no_others(gateway: Gateway) -> None:
    for path, status in (
        ("/docs/css/swagger-ui.css", 200),
        ("/docs/js/swagger-ui-bundle.js", 200),
        ("/docs/js/../../plugins.py", 404),
        ("/docs/../plugins.py", 404),
        ("/docs/plugins.py", 404),
    ):
        assert requests.get(gateway.url + path, timeout=10).status_code == status
