"""A whole life with known card numbers, mishaps included; then nothing that was written down may show any of them."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
import requests

from sandbox_gateway.test_cards import CARDS
from tests.gateway.client import TIMEOUT, Json
from tests.gateway.hooked import Hooked
from tests.gateway.proofs.traces import traces_of, written_by
from tests.gateway.receiver import Receiver
from tests.stack import Gateway

# Security codes: right ones, and one that is so wrong that it is found wherever it stands.
CVC, CVC_OF_FOUR, WRONG_CVC = "739", "7391", "9173046528"
NUMBERS = [card.number for card in CARDS.values()]
# Passes the check digit, and is in no catalogue.
FOREIGN = "4556737586899855"
NUMBER = "4242424242424242"


@pytest.fixture
def account(start_gateway: Callable[..., Gateway]) -> Iterator[Hooked]:
    made = Hooked(start_gateway())
    yield made
    made.close()


def details(name: str, **other: Any) -> Json:
    card = CARDS[name]
    cvc = CVC_OF_FOUR if card.network == "amex" else CVC
    return {"number": card.number, "exp_month": 12, "exp_year": 2090, "cvc": cvc, "name": f"Ann {name}"} | other


def asking(card: Json, **other: Any) -> Json:
    return {"card": card, "amount": 1999, "currency": "USD"} | other


def pay_with_every_card(account: Hooked) -> None:
    """In three ways of writing a number; each also wrongly, under other keys."""
    for place, (name, card) in enumerate(CARDS.items()):
        separator = ("", " ", "-")[place % 3]
        written = separator.join(re.findall(".{1,4}", card.number))
        answer = account.ask("POST", "/v1/tokens", asking(details(name, number=written)), key=f"pay-{name}")
        wrong = {"amount": "x"} if place % 2 else {"card": details(name, cvc=WRONG_CVC)}
        account.ask("POST", "/v1/tokens", asking(details(name)) | wrong, key=f"wrong-{name}")
        if answer.status_code == 201:
            token = answer.json()["id"]
            payment = account.ask(
                "POST", "/v1/payments", {"token": token, "amount": 1999, "currency": "USD", "capture": True}
            )
            account.act(payment.json()["id"], "refund", {"amount": 100})


def put_the_number_where_it_does_not_belong(account: Hooked) -> None:
    spaced = "4242 4242 4242 4242"
    for body in (
        asking(details("visa_success", exp_month=NUMBER)),
        asking(details("visa_success", cvc=NUMBER)),
        asking(details("visa_success", pan=NUMBER)),
        asking({NUMBER: spaced, "number": int(NUMBER)}),
        asking(details("visa_success", number=[NUMBER, WRONG_CVC])),
        asking(details("visa_success", number=FOREIGN, cvc=WRONG_CVC)),
        asking(details("visa_success", number=NUMBER[:-1] + "1")),
        asking(details("visa_success"), card_number=NUMBER, cvc=WRONG_CVC),
        {"token": NUMBER, "amount": 1999, "currency": "USD"},
        {"token": spaced, "amount": NUMBER, "currency": NUMBER},
    ):
        path = "/v1/payments" if "token" in body else "/v1/tokens"
        assert account.ask("POST", path, body).status_code == 422
    for path in (
        f"/v1/payments/{NUMBER}",
        f"/v1/tokens/{NUMBER}?cvc={WRONG_CVC}",
        f"/v1/payments?reference={quote(spaced)}",
        f"/v1/payments?reference={spaced.replace(' ', '+')}",
        f"/v1/payments?{NUMBER}=1&cvc={WRONG_CVC}",
        f"/v1/events?cursor={NUMBER}",
        f"/{NUMBER}/nothing/here",
    ):
        account.ask("GET", path)
    for headers in (
        {"X-Request-Id": NUMBER},
        {"X-Request-Id": "4242-4242-4242-4242"},
        {"User-Agent": f"shop {NUMBER} {WRONG_CVC}"},
        {"Referer": f"http://shop.example/?card={NUMBER}&cvc={WRONG_CVC}"},
        {"Cookie": f"card={NUMBER}"},
        {"Authorization": f"Bearer {NUMBER}"},
    ):
        account.ask("GET", "/v1/account", headers=headers)
    for key in (NUMBER, '"order-4242-4242-4242-4242"'):
        account.refused(400, "invalid_idempotency_key", "POST", "/v1/tokens", asking(details("visa_success")), key=key)


def send_what_is_no_json(account: Hooked) -> None:
    whole = b'{"card": {"number": "4242424242424242", "cvc": "9173046528"}, "amount": 1999, "currency": "USD"'
    for kind, content in (
        ("application/json", whole),
        ("application/json", whole + b', "amount": 1}'),
        ("application/json", whole[:-1] + b'"\xff"}'),
        ("application/json", whole + b"," + b" " * 300_000 + b"}"),
        ("text/plain", whole + b"}"),
        ("application/x-www-form-urlencoded", b"number=4242+4242+4242+4242&cvc=9173046528"),
    ):
        answer = account.ask("POST", "/v1/tokens", headers={"Content-Type": kind}, data=content)
        assert answer.status_code in (400, 413, 415)


def suffer_faults(account: Hooked) -> None:
    for effect in (
        {"type": "status", "status": 500, "at": "after"},
        {"type": "status", "status": 503, "at": "before"},
        {"type": "drop_after"},
        {"type": "drop_before"},
        {"type": "truncated"},
        {"type": "malformed"},
    ):
        account.fault(effect, operation="token", times=1)
        key = f"fault-{effect['type']}-{effect.get('at')}"
        for _ in range(2):
            try:
                requests.post(
                    f"{account.gateway.url}/v1/tokens",
                    json=asking(details("visa_success")),
                    headers={"Authorization": f"Bearer {account.key}", "Idempotency-Key": key},
                    timeout=TIMEOUT,
                )
            except requests.RequestException:
                continue


def test_no_number_and_no_security_code_is_ever_written_down(account: Hooked, receiver: Receiver) -> None:
    account.endpoint(receiver)
    account.call("GET", "/_sandbox/cards")
    suffer_faults(account)
    pay_with_every_card(account)
    put_the_number_where_it_does_not_belong(account)
    send_what_is_no_json(account)
    account.call("POST", "/_sandbox/snapshots", {"name": "all"})
    account.clock(advance="P20D")
    account.drain()

    answers = {
        path: requests.get(
            account.gateway.url + path, headers={"Authorization": f"Bearer {account.key}"}, timeout=TIMEOUT
        ).text
        for path in ("/v1/events?limit=100", "/_sandbox/requests?limit=100", "/_sandbox/export", "/metrics")
    }
    webhooks = {"webhooks": "\n".join(str(delivery) for delivery in receiver.requests)}
    places = written_by(account.gateway) | answers | webhooks
    assert any("visa_success" in text for text in places.values())
    assert "payment.captured" in places["webhooks"]
    assert '"first"' in places["/_sandbox/requests?limit=100"]
    assert traces_of([*NUMBERS, FOREIGN, WRONG_CVC], places) == []
    for name, text in places.items():
        assert not re.search(rf"(?i)(cvc|cvv|code)\W{{1,8}}{CVC}1?\W", text), name


def ways_of_writing(number: str) -> Iterator[str]:
    groups = re.findall(".{1,4}", number)
    for text in (number, " ".join(groups), "-".join(groups), ".".join(groups)):
        yield text
        yield quote(text)
        yield text.replace(" ", "+")
        yield "".join(f"%{byte:02X}" for byte in text.encode())
        yield "".join(f"\\u{byte:04x}" for byte in text.encode())
        yield text.encode().hex()
        for before in ("", "x", "xy"):
            yield base64.b64encode(f"{before}{text}".encode()).decode()
            yield base64.urlsafe_b64encode(f'{before}"{text}"ÿ?'.encode()).decode()


@pytest.mark.parametrize("number", [FOREIGN, WRONG_CVC, "36227206271667", "378282246310005", "6205500000000000004"])
def test_the_search_knows_every_way_of_writing_a_number(number: str) -> None:
    for written in ways_of_writing(number):
        assert traces_of([number], {"there": f'{{"a": "{written}"}}'}) == [("there", number)], written
    assert traces_of([number], {"there": f"{number[:6]}******{number[-4:]} {number[1:]} {number[:-1]}"}) == []


def test_the_search_finds_what_was_written_down(account: Hooked) -> None:
    """A merchant's own words are kept as they are, so a number among them is found."""
    encoded = base64.b64encode(f"the number is {NUMBER}, is it not".encode()).decode()
    account.pay(description=FOREIGN, metadata={"note": encoded})
    assert {number for _, number in traces_of([*NUMBERS, FOREIGN], written_by(account.gateway))} == {FOREIGN, NUMBER}
