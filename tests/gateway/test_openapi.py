"""The OpenAPI document: valid, whole, and true to what is served; its page works under the strict policy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, get_args

import pytest
import requests
from openapi_spec_validator import validate
from playwright.sync_api import Page, expect

from sandbox_gateway.problems import KINDS
from sandbox_gateway.web import ROOMS
from sandbox_gateway.webhooks.endpoints import EventType
from tests.gateway.client import TIMEOUT, Json, document_of
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


@pytest.mark.parametrize(("takes", "is_zipped"), [("gzip, br", True), ("identity", False), ("gzip;q=0", False)])
def test_the_document_comes_compressed_to_whoever_takes_that(gateway: Gateway, takes: str, is_zipped: bool) -> None:
    answer = requests.get(f"{gateway.url}/openapi.json", headers={"Accept-Encoding": takes}, timeout=TIMEOUT)
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert (answer.headers.get("Content-Encoding") == "gzip") == is_zipped
    assert answer.json() == document_of(gateway.url)
    if is_zipped:
        assert int(answer.headers["Content-Length"]) < len(answer.content) / 8


def test_where_no_document_comes_the_page_says_so(gateway: Gateway, page: Page) -> None:
    page.route("**/openapi.json", lambda route: route.fulfill(status=503))
    page.goto(f"{gateway.url}/docs")
    expect(page.get_by_text("The OpenAPI document did not come (status 503).")).to_be_visible()


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
    assert set(document["webhooks"]) == set(get_args(EventType))
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


@pytest.fixture
def docs(gateway: Gateway, page: Page) -> Iterator[Page]:
    """The page; at the end nothing went wrong on it, and nothing came from elsewhere."""
    troubles: list[str] = []
    page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("request", lambda one: None if one.url.startswith(gateway.url) else troubles.append(one.url))
    page.goto(f"{gateway.url}/docs")
    page.get_by_role("navigation").get_by_role("link").first.wait_for()
    yield page
    assert troubles == []


def test_the_page_shows_every_operation_event_and_object_under_the_strict_policy(docs: Page, document: Json) -> None:
    operations = [operation for item in document["paths"].values() for operation in _operations(item)]
    ids = [operation["operationId"] for operation in operations]
    ids += [f"event/{type_}" for type_ in document["webhooks"]]
    ids += [f"object/{name}" for name in document["components"]["schemas"]]
    shown = docs.locator("nav a").evaluate_all("links => links.map(link => link.hash.slice(1))")
    assert sorted(shown) == sorted(ids)
    for id_ in ids:
        docs.evaluate("id => { location.hash = id }", id_)
        docs.wait_for_function("id => document.querySelector('nav [aria-current]')?.hash === '#' + id", arg=id_)
        assert docs.locator("main h1").count() == 1, id_


def test_a_link_leads_to_an_operation_with_its_curl_line_and_its_answers(gateway: Gateway, docs: Page) -> None:
    docs.goto(f"{gateway.url}/docs#createPayment")
    expect(docs.get_by_role("heading", name="Pay with a token")).to_be_visible()
    expect(docs.locator("pre.shell").first).to_contain_text(f"curl -s '{gateway.url}/v1/payments'")
    expect(docs.locator("pre.json").first).to_contain_text('"status": "authorized"')
    docs.get_by_text("customer", exact=True).first.locator("xpath=ancestor::div[1]").get_by_text("its members").click()
    expect(docs.get_by_text("email", exact=True)).to_be_visible()
    docs.get_by_role("link", name="Capture held money").last.click()
    expect(docs).to_have_url(re.compile("#capturePayment$"))


def test_the_keyboard_alone_finds_and_opens(docs: Page) -> None:
    docs.keyboard.press("/")
    docs.keyboard.type("snapshot restore")
    expect(docs.locator("nav a")).to_have_count(1)
    docs.keyboard.press("Enter")
    expect(docs.get_by_role("heading", level=1)).to_have_text("Bring a snapshot's state back")
    docs.keyboard.press("/")
    docs.keyboard.press("Escape")
    docs.keyboard.press("ArrowDown")
    expect(docs.locator("nav a").first).to_be_focused()


def test_the_page_fits_a_phone(gateway: Gateway, docs: Page) -> None:
    docs.set_viewport_size({"width": 360, "height": 740})
    for id_ in ("", "createPayment", "changeSettings", "object/Payment", "event/payment.captured"):
        docs.goto(f"{gateway.url}/docs#{id_}")
        assert docs.evaluate("document.documentElement.scrollWidth") <= 360, id_
    expect(docs.get_by_role("navigation")).to_be_hidden()
    docs.get_by_role("button", name="Contents").click()
    docs.get_by_role("link", name="Refund captured money").click()
    expect(docs.get_by_role("heading", level=1)).to_have_text("Refund captured money")
    expect(docs.get_by_role("navigation")).to_be_hidden()
