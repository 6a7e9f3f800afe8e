"""Accounts at work side by side, on as many processes as the database allows: nobody sees what is another's."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
import requests

from tests.gateway.client import TIMEOUT, Json
from tests.gateway.hooked import Hooked
from tests.gateway.receiver import Receiver, receiving
from tests.stack import Gateway

ROUNDS, SOAKED_ROUNDS = 8, 200
ID = re.compile(r"\b(?!req_)[a-z]{2,4}_[0-9a-z]{20,}\b")
LISTS = (
    "/v1/payments?limit=100",
    "/v1/events?limit=100",
    "/v1/webhook_deliveries?limit=100",
    "/v1/webhook_endpoints",
    "/v1/disputes?limit=100",
    "/v1/settlements",
    "/v1/payouts",
    "/_sandbox/faults",
    "/_sandbox/requests?limit=100",
    "/_sandbox/clock",
    "/_sandbox/snapshots",
)


@dataclass
class Shop:
    """One account and all that was ever shown to it. Its objects carry its mark."""

    account: Hooked
    receiver: Receiver
    mark: str
    shown: list[str] = field(default_factory=list)

    def ask(self, method: str, path: str, body: Json | None = None, key: str | None = None) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.account.key}"} | ({"Idempotency-Key": key} if key else {})
        url = self.account.gateway.url + path
        answer = requests.request(method, url, json=body, headers=headers, timeout=TIMEOUT)
        assert answer.status_code < 500, answer.text
        self.shown.append(answer.text)
        return answer

    def work(self, rounds: int) -> None:
        """The same calls under the same keys and references as everybody's, so that only the account tells apart."""
        for number in range(rounds):
            money = {"amount": 1000 + number, "currency": "USD"}
            card = ("visa_success", "visa_dispute_fraudulent", "visa_insufficient_funds")[number % 3]
            token = self.ask("POST", "/_sandbox/tokens", {"test_card": card, **money}, key=f"t{number}").json()
            payment = {**money, "token": token["id"], "reference": f"order-{number}", "metadata": {"shop": self.mark}}
            made = self.ask("POST", "/v1/payments", payment, key=f"p{number}").json()
            assert self.ask("POST", "/v1/payments", payment, key=f"p{number}").json() == made
            path = f"/v1/payments/{made['id']}"
            self.ask("POST", f"{path}/capture", {"amount": 600}, key=f"c{number}")
            self.ask("POST", f"{path}/refunds", {"amount": 10 + number}, key=f"r{number}")
            self.ask("POST", f"{path}/void", key=f"v{number}")
            self.ask("POST", "/_sandbox/clock", {"advance": "PT2H"})
            [listed] = self.ask("GET", f"/v1/payments?reference=order-{number}").json()["data"]
            assert listed["metadata"] == {"shop": self.mark}
            self.ask("GET", LISTS[number % len(LISTS)])

    def look(self) -> None:
        for path in LISTS:
            assert self.ask("GET", path).status_code == 200, path
        self.ask("GET", "/_sandbox/export")

    @property
    def ids(self) -> set[str]:
        told = [delivery.body.decode() for delivery in self.receiver.requests]
        return {found for text in [*self.shown, *told] for found in ID.findall(text)}


@pytest.fixture
def shops(start_gateway: Callable[..., Gateway], engine: str) -> Iterator[list[Shop]]:
    gateway = start_gateway(workers=2) if engine == "postgresql" else start_gateway()
    with receiving() as first, receiving() as second, receiving() as third:
        made = [
            Shop(Hooked(gateway), receiver, mark)
            for receiver, mark in ((first, "ann's"), (second, "bob's"), (third, "cy's"))
        ]
        for shop in made:
            shop.account.endpoint(shop.receiver)
        yield made
        for shop in made:
            shop.account.close()


def test_accounts_under_load_never_see_each_other(shops: list[Shop], request: pytest.FixtureRequest) -> None:
    rounds = SOAKED_ROUNDS if request.config.getoption("--soak") else ROUNDS
    with ThreadPoolExecutor(len(shops)) as at_once:
        list(at_once.map(lambda shop: shop.work(rounds), shops))
    for shop in shops:
        shop.account.drain()
        shop.look()

    for shop in shops:
        others = [one for one in shops if one is not shop]
        assert len(shop.ids) > rounds * 5
        assert not shop.ids & {found for other in others for found in other.ids}
        told = [delivery.body.decode() for delivery in shop.receiver.requests]
        for other in others:
            assert other.mark not in json.dumps(shop.shown + told)
    guess_ids(shops[0], shops[1])


def guess_ids(shop: Shop, other: Shop) -> None:
    """By the ids of another, and by ones that are nearly its own: 404, and nothing of what is behind them."""
    chance = random.Random(4)
    read = {
        "pay": ("/v1/payments/{}", "/v1/payments/{}/refunds", "/_sandbox/payments/{}/next"),
        "tok": ("/v1/tokens/{}",),
        "re": ("/v1/refunds/{}", "/_sandbox/refunds/{}/next"),
        "dp": ("/v1/disputes/{}", "/_sandbox/disputes/{}/next"),
        "evt": ("/v1/events/{}",),
        "we": ("/v1/webhook_endpoints/{}",),
        "wd": ("/v1/webhook_deliveries/{}",),
    }
    for prefix, paths in read.items():
        known = sorted(found for found in other.ids if found.startswith(f"{prefix}_"))
        own = sorted(found for found in shop.ids if found.startswith(f"{prefix}_"))
        assert known, prefix
        near = [f"{one[:-1]}{chance.choice('0123456789')}" for one in chance.sample(own, min(3, len(own)))]
        for guess in [*chance.sample(known, min(3, len(known))), *(one for one in near if one not in own)]:
            for path in paths:
                assert shop.ask("GET", path.format(guess)).status_code == 404, path.format(guess)
    stolen = next(found for found in sorted(other.ids) if found.startswith("pay_"))
    for action in ("capture", "void", "refunds"):
        assert shop.ask("POST", f"/v1/payments/{stolen}/{action}", {}).status_code == 404
