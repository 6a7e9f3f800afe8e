"""A customer with a pay link and a browser without scripts: opens the page, sends a card's token."""

from __future__ import annotations

import json
import random
import re
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from tests.app.screens.visitor import Read
from tests.clients import TIMEOUT, GatewayAccount, Json


class _From(HTTPAdapter):
    """Connections of an address of one's own, as customers have: all of 127/8 leads here."""

    def __init__(self, address: str) -> None:
        self._address = address
        super().__init__()

    def init_poolmanager(self, *places: Any, **options: Any) -> None:
        """As the adapter does, from that address."""
        super().init_poolmanager(*places, **options, source_address=(self._address, 0))


class Customer:
    """One browser with its cookies and its address."""

    def __init__(self, account: GatewayAccount, link: Json, languages: str = "en", **headers: str) -> None:
        self.account = account
        self.url: str = link["url"]
        self.address = f"127.{random.randint(1, 250)}.{random.randint(1, 250)}.{random.randint(1, 250)}"
        self.session = requests.Session()
        self.session.mount("http://", _From(self.address))
        self.session.headers.update({"Accept-Language": languages, **headers})

    def open(self, path: str = "", **headers: str) -> requests.Response:
        """The page, or what lies below it."""
        return self.session.get(self.url + path, headers=headers, timeout=TIMEOUT, allow_redirects=False)

    def read(self, path: str = "") -> Read:
        """The same, which must open."""
        answer = self.open(path)
        assert answer.status_code == 200, answer.text
        return Read(answer.text)

    def token(self, order: Json, card: str, **other: Any) -> str:
        """What the browser gets of the gateway for a card."""
        body = {"test_card": card, "amount": order["amount"], "currency": order["currency"]} | other
        return str(self.account.call("POST", "/_sandbox/tokens", body)["id"])

    def form(self, token: str) -> dict[str, str]:
        """The page's form, with the card's token in it."""
        return self.read().fields | {"token": token}

    def send(self, form: dict[str, str], to: str = "/payments", **headers: str) -> requests.Response:
        """Send a form; where the answer leads is not followed."""
        return self.session.post(self.url + to, data=form, headers=headers, timeout=TIMEOUT, allow_redirects=False)

    def pay(self, order: Json, card: str) -> requests.Response:
        """Open the page and pay with a card of the catalogue."""
        return self.send(self.form(self.token(order, card)))

    def decide(self, challenge: str, decision: str) -> str:
        """Press a button of the bank's page; where it sends the browser back to."""
        answer = self.session.post(challenge, data={"decision": decision}, timeout=TIMEOUT, allow_redirects=False)
        assert answer.status_code == 303, answer.text
        return str(answer.headers["Location"])

    def way_back(self, order: Json) -> str:
        """Where the bank's page leads to in the end, which only the gateway and this browser are told."""
        asked = self.account.call("GET", f"/_sandbox/requests?reference={order['reference']}")["data"]
        bodies = [json.loads(one["request_body"]) for one in asked if one["path"] == "/v1/payments"]
        return str(bodies[0]["return_url"])

    def come_back(self, address: str) -> requests.Response:
        """Open the way back; where it leads is not followed."""
        return self.session.get(address, timeout=TIMEOUT, allow_redirects=False)


def is_page_of(answer: requests.Response, customer: Customer) -> bool:
    """Whether the answer leads to the customer's page."""
    return answer.status_code == 303 and answer.headers["Location"] == urlsplit(customer.url).path


def times_told(page: Read, words: str) -> int:
    """How many acts of an order's timeline begin like this."""
    return len(re.findall(rf'class="event-what">\s*<span>{re.escape(words)}', page.html))
