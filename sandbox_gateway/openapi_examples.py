"""Examples of the OpenAPI document: recorded answers of a gateway, which a test has it give again.

`examples.json` is written by that test's own story (`python -m tests.gateway.example_story`), never by hand.
"""

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from typing_extensions import TypedDict

from sandbox_gateway.problems import KINDS, Problem
from sandbox_gateway.test_cards import CARDS

FILE = Path(__file__).with_name("examples.json")
# A card's name stands for its number: those stand in the catalogue and nowhere else.
_CARD = re.compile(r"\{(\w+)\}")

_REQUEST_ID = "req_0aqk2tbc9o4mfb6u5p8d3h7r1s"


class Recorded(TypedDict):
    """By method and path, requests as `Example` has them; by type, one event each."""

    requests: dict[str, list[dict[str, Any]]]
    events: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Example:
    """One request and its answer. `arguments` are those of the path; `answer` is None where there is no body."""

    name: str
    summary: str
    path: str
    arguments: dict[str, str]
    request: Any
    status: int
    answer: Any

    @property
    def content_type(self) -> str:
        return "application/json" if self.status < 400 else "application/problem+json"

    @property
    def shown_request(self) -> dict[str, Any]:
        return {"summary": self.summary, "value": {} if self.request is None else self.request}

    @property
    def shown_answer(self) -> dict[str, Any]:
        return {"summary": self.summary, "value": self.answer}


def of(method: str, path: str) -> list[Example]:
    """The examples of a route, by its path as routes have it."""
    return [Example(**one) for one in _recorded()["requests"].get(f"{method} {path}", [])]


def of_events() -> dict[str, Any]:
    """One event of each type that the recorded story brought about."""
    return _recorded()["events"]


def of_problem(code: str) -> dict[str, Any]:
    """The least that an answer of this code says."""
    assert code in KINDS
    body: dict[str, Any] = json.loads(Problem(code).body(_REQUEST_ID))
    return body


@cache
def _recorded() -> Recorded:
    text = _CARD.sub(lambda found: CARDS[found[1]].number, FILE.read_text(encoding="utf-8"))
    recorded: Recorded = json.loads(text)
    return recorded
