"""A client of the gateway that checks every answer against the gateway's own OpenAPI document."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import requests
from jsonschema_rs import Draft202012Validator

from tests.stack import Gateway

Json = dict[str, Any]
TIMEOUT = 30
CARD = {"number": "4242424242424242", "exp_month": 12, "exp_year": 2090, "cvc": "123"}


class Account:
    """One account of a running gateway, by its secret key."""

    def __init__(self, gateway: Gateway, key: str | None = None) -> None:
        self.gateway = gateway
        self.key = key or gateway.new_key()
        self._session = requests.Session()
        self._session.trust_env = False

    def close(self) -> None:
        self._session.close()

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        key: str | None = None,
        headers: Mapping[str, str | None] | None = None,
        **options: Any,
    ) -> requests.Response:
        """One request, whatever comes of it; the answer has been found to be as the document says."""
        sent: dict[str, str | None] = {"Authorization": f"Bearer {self.key}"}
        if key is not None:
            sent["Idempotency-Key"] = key
        answer = self._session.request(
            method,
            self.gateway.url + path,
            json=body,
            headers={name: value for name, value in (sent | dict(headers or {})).items() if value is not None},
            timeout=TIMEOUT,
            allow_redirects=False,
            **options,
        )
        check_answer(self.gateway, method, path, answer)
        return answer

    def call(self, method: str, path: str, body: object = None, **options: Any) -> Json:
        """One request that must succeed; its body."""
        answer = self.ask(method, path, body, **options)
        assert answer.ok, answer.text
        return dict(answer.json()) if answer.content else {}

    def refused(self, status: int, code: str, method: str, path: str, body: object = None, **options: Any) -> Json:
        """One request that must be refused with this status and code; the problem."""
        answer = self.ask(method, path, body, **options)
        assert answer.headers["Content-Type"] == "application/problem+json", answer.text
        problem: Json = answer.json()
        assert (answer.status_code, problem["code"]) == (status, code), problem
        return problem

    def token(self, test_card: str = "visa_success", amount: int = 1999, currency: str = "USD") -> str:
        made = self.call("POST", "/_sandbox/tokens", {"test_card": test_card, "amount": amount, "currency": currency})
        return str(made["id"])

    def pay(self, test_card: str = "visa_success", amount: int = 1999, currency: str = "USD", **more: Any) -> Json:
        """A new payment with a token of its own."""
        token = self.token(test_card, amount, currency)
        return self.call("POST", "/v1/payments", {"token": token, "amount": amount, "currency": currency, **more})

    def payment(self, payment_id: str) -> Json:
        return self.call("GET", f"/v1/payments/{payment_id}")

    def act(self, payment_id: str, action: str, body: Json | None = None, **options: Any) -> requests.Response:
        """capture, void or refund; whatever comes of it."""
        last = "refunds" if action == "refund" else action
        return self.ask("POST", f"/v1/payments/{payment_id}/{last}", body or {}, **options)

    def moves(self, kind: str, object_id: str) -> list[str]:
        """What the outside world could do to a payment, refund, dispute or payout now."""
        return [move["action"] for move in self.call("GET", f"/_sandbox/{kind}/{object_id}/next")["data"]]

    def move(self, kind: str, object_id: str, action: str) -> Json:
        """Let one such thing happen; the object after it."""
        return self.call("POST", f"/_sandbox/{kind}/{object_id}/next", {"action": action})

    def clock(self, **move: Any) -> Json:
        return self.call("POST", "/_sandbox/clock", move)

    def freeze(self, at: str = "2026-03-02T12:00:00Z") -> None:
        self.clock(mode="frozen", to=at)

    def events(self, *, object_id: str | None = None) -> list[Json]:
        """All events, the oldest first; of one object if its id is given. Each is as the document says."""
        found: list[Json] = []
        cursor = ""
        while True:
            page = self.call("GET", f"/v1/events?limit=100{cursor}")
            for event in page["data"]:
                check_event(self.gateway, event)
            found.extend(page["data"])
            if not page["has_more"]:
                return [event for event in reversed(found) if object_id in (None, event["data"]["id"])]
            cursor = f"&cursor={page['next_cursor']}"

    def fault(self, effect: Json, *, times: int | None = None, seed: object = None, **match: Any) -> Json:
        body = {"match": match, "effect": effect, "times": times, "seed": seed}
        return self.call("POST", "/_sandbox/faults", {name: value for name, value in body.items() if value is not None})


@cache
def document_of(url: str) -> Json:
    answer = requests.get(f"{url}/openapi.json", timeout=TIMEOUT)
    assert answer.status_code == 200
    return dict(answer.json())


def check_answer(gateway: Gateway, method: str, path: str, answer: requests.Response) -> None:
    """AssertionError unless the document foresees this answer, in status, content type and schema."""
    assert answer.headers["Request-Id"]
    operation = _operation(gateway.url, method, path.partition("?")[0])
    if operation is None:
        # Where there is no such operation there is a problem, and its schema is the same everywhere.
        _check(gateway.url, "#/components/schemas/Problem", answer)
        return
    described = operation["responses"].get(str(answer.status_code))
    assert described is not None, f"{method} {path} answered {answer.status_code}: {answer.text}"
    content = described.get("content")
    if content is None:
        assert not answer.content
        return
    kind = answer.headers["Content-Type"].partition(";")[0]
    assert kind in content, (kind, path)
    if kind.endswith("json"):
        _check(gateway.url, content[kind]["schema"]["$ref"], answer)


def check_event(gateway: Gateway, event: Json) -> None:
    """ValidationError unless the document foresees this event, its object whole."""
    _event_validator(gateway.url, event["type"]).validate(event)


def _check(url: str, reference: str, answer: requests.Response) -> None:
    _validator(url, reference).validate(answer.json())


@cache
def _validator(url: str, reference: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": reference, "components": document_of(url)["components"]})


@cache
def _event_validator(url: str, type_: str) -> Draft202012Validator:
    document = document_of(url)
    sent = document["webhooks"][type_]["post"]["requestBody"]["content"]["application/json"]["schema"]
    return Draft202012Validator({**sent, "components": document["components"]})


@cache
def _operation(url: str, method: str, path: str) -> Json | None:
    for template, item in document_of(url)["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
            found: Json | None = item.get(method.lower())
            return found
    return None
