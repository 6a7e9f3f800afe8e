"""What the tests of payments do again and again: lose answers, put a policy in force, send a page's form."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests

from tests.app.screens.visitor import Read, Visitor
from tests.clients import GatewayAccount, Json, OrderService
from tests.stack import Stack, until

SETTLED_BY_LOOKING = "The answer never came, but the gateway's own word shows that it was done."


@dataclass
class Desk:
    """An operator, an order service and the gateway's account, on one installation."""

    stack: Stack
    service: OrderService
    account: GatewayAccount
    visitor: Visitor

    def held(self, amount: int = 1999, **more: str) -> Json:
        """An order for which money is held."""
        order = self.service.place(amount, **more)
        self.service.pay(order)
        return order

    def paid(self, amount: int = 1999) -> Json:
        """An order whose money was taken."""
        order = self.service.place(amount)
        self.service.pay(order, capture=True)
        return order

    def act(self, order: Json, doing: str, **body: object) -> requests.Response:
        """Ask for something to be done to the order, as the order service does."""
        return self.service.call("POST", f"/orders/{order['id']}/{doing}", dict(body))

    def attempt(self, order: Json) -> Json:
        """What was asked of the gateway last for the order's newest payment."""
        return dict(self.service.order(order)["payments"][0]["attempts"][-1])

    def attempt_page(self, order: Json) -> str:
        """Where the page about it is."""
        return f"/attempts/{self.attempt(order)['id']}"

    def says(self, path: str, words: str, *, within: float = 30) -> Read:
        """The page, once it says so."""

        def read() -> Read | None:
            page = self.visitor.read(path)
            return page if words in page.text else None

        return until(read, what=f"{path} to say {words!r}", within=within)

    def decide(self, path: str, **written: str) -> Read:
        """Send the form at an address to that address."""
        answer = self.visitor.send(path, path, **written)
        return Read(answer.text)

    def made_there(self, order: Json, *, amount: int | None = None, **other: object) -> Json:
        """A payment that the gateway has for the newest of ours, though no answer of it ever reached us."""
        (ours, *_) = self.service.order(order)["payments"]
        body: Json = {
            "amount": amount or order["amount"],
            "currency": order["currency"],
            "reference": order["reference"],
            "metadata": {"order": order["id"], "payment": ours["id"]},
        } | other
        return self._made(body)

    def made_elsewhere(self, order: Json) -> Json:
        """A payment that somebody else made at the gateway under the order's reference."""
        return self._made({"amount": 5, "currency": "EUR", "reference": order["reference"]})

    def _made(self, body: Json) -> Json:
        card = {"test_card": "visa_success", "amount": body["amount"], "currency": body["currency"]}
        token = self.account.call("POST", "/_sandbox/tokens", card)
        return self.account.call("POST", "/v1/payments", body | {"token": token["id"]})

    def mend(self) -> None:
        """Take every fault away, and wait until nothing is held back any more because so many answers were lost."""
        self.account.no_faults()
        self.service.order_when(self.held(), "authorized")

    @contextmanager
    def fault(self, effect: Json, **match: Any) -> Iterator[None]:
        """A fault for as long as the block runs."""
        rule = self.account.fault(effect, **match)
        try:
            yield
        finally:
            self.account.call("DELETE", f"/_sandbox/faults/{rule['id']}")

    @contextmanager
    def policy(self, **choices: str) -> Iterator[None]:
        """Other choices for as long as the block runs."""
        at = "/settings/policy"
        before = {name: self.visitor.read(at).fields[name] for name in choices}
        for chosen in (choices, before):
            answer = self.visitor.send(at, at, reason="As the test has it", **chosen)
            assert answer.status_code == 200, answer.text
            if chosen is choices:
                yield
