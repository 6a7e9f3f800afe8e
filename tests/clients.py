"""What other systems see of a running stack: the order service's API, and the gateway's own word on the same money."""

from __future__ import annotations

import secrets
import threading
from typing import Any

import requests

from tests.stack import Stack, until

Json = dict[str, Any]
TIMEOUT = 30


_here = threading.local()


def request(method: str, url: str, **more: Any) -> requests.Response:
    """One request on a connection of its own, without a look at the machine's proxies and `.netrc` for each."""
    if not hasattr(_here, "session"):
        _here.session = requests.Session()
        _here.session.trust_env = False
        _here.session.headers["Connection"] = "close"
    answer: requests.Response = _here.session.request(method, url, timeout=TIMEOUT, **more)
    return answer


_tokens: dict[tuple[str, str], str] = {}


def _token(stack: Stack, role: str) -> str:
    known = (stack.database_url, role)
    if known not in _tokens:
        _tokens[known] = stack.api_token(role)
    return _tokens[known]


class OrderService:
    """A client of `/api`, as an order service would write it."""

    def __init__(self, stack: Stack, role: str = "operator") -> None:
        self.stack = stack
        self.authorization = f"Bearer {_token(stack, role)}"
        self._headers = {"Authorization": self.authorization}

    def call(self, method: str, path: str, body: Json | None = None, **headers: str) -> requests.Response:
        """One call; the connection is its own."""
        url = f"{self.stack.dashboard_url}/api{path}"
        return request(method, url, json=body, headers=self._headers | headers)

    def place(self, amount: int = 1999, currency: str = "USD", **more: Any) -> Json:
        """A new order with a reference of its own."""
        body = {
            "reference": f"T-{secrets.token_hex(6)}",
            "amount": amount,
            "currency": currency,
            "customer": {"email": "ann@example.com", "name": "Ann Example"},
        }
        answer = self.call("POST", "/orders", body | more)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def pay(self, order: Json, test_card: str = "visa_success", **more: Any) -> Json:
        """The payment that comes of a card of the catalogue."""
        answer = self.call("POST", f"/orders/{order['id']}/payments", {"test_card": test_card, **more})
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def pay_link(self, order: Json, **more: Any) -> Json:
        """A new link with which the customer may pay."""
        answer = self.call("POST", f"/orders/{order['id']}/pay_links", more)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def order(self, order: Json) -> Json:
        """The order as it is now."""
        answer = self.call("GET", f"/orders/{order['id']}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def order_when(self, order: Json, *statuses: str, within: float = 30) -> Json:
        """The order, once it has one of the statuses and nothing about it is open."""

        def arrived() -> Json | None:
            now = self.order(order)
            settled = all(attempt["closed_at"] for payment in now["payments"] for attempt in payment["attempts"])
            return now if now["status"] in statuses and settled else None

        return until(arrived, what=f"order {order['id']} to be {' or '.join(statuses)}", within=within)


class GatewayAccount:
    """The gateway's `/v1` and `/_sandbox`, on the account that the stack's app uses."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self._headers = {"Authorization": f"Bearer {stack.secret_key}"}

    def call(self, method: str, path: str, body: Json | None = None) -> Json:
        """One call that must succeed."""
        answer = request(method, self.stack.gateway_url + path, json=body, headers=self._headers)
        assert answer.ok, answer.text
        return dict(answer.json()) if answer.content else {}

    def payments(self, order: Json) -> list[Json]:
        """Every payment that the gateway has for the order."""
        return list(self.call("GET", f"/v1/payments?limit=100&reference={order['reference']}")["data"])

    def fault(self, effect: Json, *, times: int | None = None, **match: Any) -> Json:
        """Install a fault; its rule and counters."""
        body: Json = {"match": match, "effect": effect}
        return self.call("POST", "/_sandbox/faults", body if times is None else body | {"times": times})

    def no_faults(self) -> None:
        """Take every fault away."""
        self.call("DELETE", "/_sandbox/faults")

    def clock(self, **move: Any) -> Json:
        """Move the account's clock, or read it."""
        return self.call("POST" if move else "GET", "/_sandbox/clock", move or None)


def both_agree(order: Json, told: list[Json]) -> None:
    """Assert that the order and the gateway tell of the same money, and that only one payment moved any."""
    moved = [payment for payment in told if payment["amount_captured"] or payment["amount_capturable"]]
    assert len(moved) <= 1, f"money moved twice: {moved}"
    ours = {one["gateway_id"]: one for one in order["payments"] if one["status"] != "blocked"}  # never asked for
    assert set(ours) == {payment["id"] for payment in told}
    for payment in told:
        if ours[payment["id"]]["status"] == "in_review":  # which is our own word for a hold that a person looks at
            ours[payment["id"]]["status"] = "authorized"
        for name in ("status", "amount", "currency", "amount_captured", "amount_refunded", "amount_capturable"):
            assert ours[payment["id"]][name] == payment[name], name
    assert order["amount_captured"] == sum(payment["amount_captured"] for payment in told)
    assert order["amount_refunded"] == sum(payment["amount_refunded"] for payment in told)
