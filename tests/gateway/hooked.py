"""What tests of webhooks do with an account beside paying."""

from __future__ import annotations

from typing import Any

from tests.gateway.client import Account, Json
from tests.gateway.receiver import Receiver


class Hooked(Account):
    """An account with endpoints, deliveries, and a clock that is stopped to see when retries come."""

    def problem(self, method: str, path: str, body: Json | None = None) -> Json:
        """The problem document of a request that must fail."""
        answer = self.ask(method, path, body)
        assert answer.status_code >= 400, answer.text
        assert answer.headers["Content-Type"] == "application/problem+json"
        found: Json = answer.json()
        return found

    def endpoint(self, receiver: Receiver, **settings: Any) -> Json:
        """A webhook endpoint at the receiver, with its secret."""
        return self.call("POST", "/v1/webhook_endpoints", {"url": receiver.url, **settings})

    def drain(self, timeout: int = 25) -> Json:
        """Wait for all deliveries that are due."""
        state = self.call("POST", "/_sandbox/drain", {"timeout": timeout})
        assert state["drained"], state
        return state

    def stop_clock(self) -> str:
        """Let the clock stand still; the time it shows."""
        return str(self.clock(mode="frozen")["now"])

    def deliveries(self, **filters: str) -> list[Json]:
        """The delivery log, oldest first."""
        query = "&".join(f"{name}={value}" for name, value in {"limit": "100", **filters}.items())
        found: list[Json] = self.call("GET", f"/v1/webhook_deliveries?{query}")["data"]
        return found[::-1]
