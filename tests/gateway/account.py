"""One account at a running gateway, as a test speaks to it."""

from __future__ import annotations

from typing import Any

import requests

from tests.gateway.receiver import Receiver
from tests.stack import Gateway

Json = dict[str, Any]
_TIMEOUT = 70


class Account:
    """Calls with the account's secret key. `ok` makes a call that must succeed and returns its body."""

    def __init__(self, gateway: Gateway, key: str) -> None:
        self.gateway = gateway
        self.key = key

    def call(self, method: str, path: str, body: Json | None = None, **headers: str) -> requests.Response:
        """The answer, whatever it is; the connection is the call's own."""
        sent = {"Authorization": f"Bearer {self.key}"} | {
            name.replace("_", "-"): text for name, text in headers.items()
        }
        return requests.request(method, self.gateway.url + path, json=body, headers=sent, timeout=_TIMEOUT)

    def ok(self, method: str, path: str, body: Json | None = None) -> Json:
        answer = self.call(method, path, body)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
        found: Json = answer.json() if answer.content else {}
        return found

    def problem(self, method: str, path: str, body: Json | None = None) -> Json:
        """The problem document of a call that must fail."""
        answer = self.call(method, path, body)
        assert answer.status_code >= 400, answer.text
        assert answer.headers["Content-Type"] == "application/problem+json"
        found: Json = answer.json()
        assert found["status"] == answer.status_code
        return found

    def endpoint(self, receiver: Receiver, **settings: Any) -> Json:
        """A webhook endpoint at the receiver, with its secret."""
        return self.ok("POST", "/v1/webhook_endpoints", {"url": receiver.url, **settings})

    def pay(self, amount: int = 1999, card: str = "visa_success", **more: Any) -> Json:
        money = {"amount": amount, "currency": "USD"}
        token = self.ok("POST", "/_sandbox/tokens", {"test_card": card, **money})
        return self.ok("POST", "/v1/payments", {"token": token["id"], **money, **more})

    def drain(self, timeout: int = 30) -> Json:
        """Wait for all deliveries that are due."""
        state = self.ok("POST", "/_sandbox/drain", {"timeout": timeout})
        assert state["drained"], state
        return state

    def freeze(self) -> str:
        """Stop the clock; the time it shows."""
        now: str = self.ok("POST", "/_sandbox/clock", {"mode": "frozen"})["now"]
        return now

    def advance(self, duration: str) -> Json:
        return self.ok("POST", "/_sandbox/clock", {"advance": duration})

    def deliveries(self, **filters: str) -> list[Json]:
        """The delivery log, oldest first."""
        query = "&".join(f"{name}={value}" for name, value in {"limit": "100", **filters}.items())
        found: list[Json] = self.ok("GET", f"/v1/webhook_deliveries?{query}")["data"]
        return found[::-1]

    def events(self) -> list[Json]:
        """All events, oldest first."""
        found: list[Json] = self.ok("GET", "/v1/events?limit=100")["data"]
        return found[::-1]
