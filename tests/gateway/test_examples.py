"""The examples of the OpenAPI document are what a gateway answers: their story is lived again and compared."""

from __future__ import annotations

import json
from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator

from sandbox_gateway.openapi_examples import FILE, Recorded
from sandbox_gateway.web import ROOMS
from tests.gateway.client import Account, Json, document_of
from tests.gateway.example_story import Story, comparable
from tests.stack import Gateway


@pytest.fixture
def recorded() -> Recorded:
    found: Recorded = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def test_every_example_is_answered_as_it_says(account: Account, recorded: Recorded) -> None:
    """If an answer was changed on purpose: `python -m tests.gateway.example_story` writes the examples anew."""
    lived, written = comparable(Story(account).live()), comparable(recorded)
    for operation, examples in written["requests"].items():
        assert lived["requests"][operation] == examples, operation
    assert lived == written


def test_every_operation_has_an_example_and_one_that_succeeds(recorded: Recorded) -> None:
    for route in (route for room in ROOMS for route in room):
        examples = recorded["requests"].get(f"{route.method} {route.path}", [])
        assert route.status in {example["status"] for example in examples}, f"{route.method} {route.path}"
        names = [example["name"] for example in examples]
        assert len(names) == len(set(names))


def test_every_example_in_the_document_fits_its_schema(gateway: Gateway) -> None:
    document = document_of(gateway.url)
    checked = 0
    for content in _contents(document["paths"]) + _contents(document["webhooks"]):
        validator = OAS31Validator(content["schema"] | {"components": document["components"]})
        for name, example in content.get("examples", {}).items():
            assert list(validator.iter_errors(example["value"])) == [], name
            checked += 1
    assert checked > 400


def _contents(part: Any) -> list[Json]:
    """Every media type that has a schema."""
    if isinstance(part, list):
        return [found for one in part for found in _contents(one)]
    if not isinstance(part, dict):
        return []
    own = [media for media in part["content"].values() if "schema" in media] if "content" in part else []
    return own + [found for name, value in part.items() if name != "content" for found in _contents(value)]
