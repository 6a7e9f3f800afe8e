"""What the clients do: one payment's life at each of the gateways, or one bare request. Every answer is checked."""

from __future__ import annotations

import json
import secrets
import time
from urllib.parse import urlencode

from bench.gateway.connection import Connection, Json, WrongAnswer, checked
from bench.gateway.load import Client

AMOUNT, REFUNDED = 2599, 1000
CALLS, WRITES = 5, 4
"""Of one life: token, authorize, capture and partial refund are written down; then the payment is retrieved."""

_CARD = {"number": "4242424242424242", "exp_month": 12, "exp_year": 2090, "cvc": "123"}


def keyed(key: str) -> str:
    """The headers of somebody with this secret key."""
    return f"Authorization: Bearer {key}\r\n"


def new_key() -> str:
    return f"sk_test_{secrets.token_hex(12)}"


async def life(client: Client) -> None:
    """A payment at our gateway, an idempotency key on every POST, each sum checked."""
    token = await _post(client, "/v1/tokens", 201, {"card": _CARD, "amount": AMOUNT, "currency": "USD"})
    order = f"order-{client.unique()}-{secrets.token_hex(6)}"
    asked = {"token": token["id"], "amount": AMOUNT, "currency": "USD", "reference": order}
    payment = await _post(client, "/v1/payments", 201, asked)
    _expect(payment, status="authorized", amount=AMOUNT, amount_capturable=AMOUNT, reference=order)
    address = f"/v1/payments/{payment['id']}"
    captured = await _post(client, f"{address}/capture", 200, {})
    _expect(captured, status="captured", amount_captured=AMOUNT, amount_capturable=0, id=payment["id"])
    refund = await _post(client, f"{address}/refunds", 201, {"amount": REFUNDED})
    _expect(refund, status="succeeded", amount=REFUNDED, payment=payment["id"])
    begun = time.perf_counter()
    found = await client.connection.call("GET", address, 200)
    client.took.append(time.perf_counter() - begun)
    _expect(found, status="partially_refunded", amount_refunded=REFUNDED, amount_captured=AMOUNT, reference=order)
    if [one["id"] for one in found["refunds"]] != [refund["id"]]:
        raise WrongAnswer(f"the refund is missing: {found}")


async def _post(client: Client, path: str, status: int, body: Json) -> Json:
    begun = time.perf_counter()
    answer = await client.connection.call(
        "POST", path, status, body, f"Idempotency-Key: {client.number}-{secrets.token_hex(12)}\r\n"
    )
    client.took.append(time.perf_counter() - begun)
    return answer


async def example_life(client: Client) -> None:
    """The same calls at Prism, which keeps nothing and answers examples: only their form can be checked."""
    token = await _post(client, "/v1/tokens", 201, {"card": _CARD, "amount": AMOUNT, "currency": "USD"})
    asked = {"token": token["id"], "amount": AMOUNT, "currency": "USD", "reference": f"order-{client.unique()}"}
    payment = await _post(client, "/v1/payments", 201, asked)
    _expect(payment, object="payment")
    address = f"/v1/payments/{payment['id']}"
    _expect(await _post(client, f"{address}/capture", 200, {}), object="payment")
    _expect(await _post(client, f"{address}/refunds", 201, {"amount": 1}), object="refund")
    begun = time.perf_counter()
    found = await client.connection.call("GET", address, 200)
    client.took.append(time.perf_counter() - begun)
    _expect(found, object="payment")


async def localstripe_life(client: Client) -> None:
    """The same at localstripe, in Stripe's words."""
    card = {f"card[{name}]": value for name, value in _CARD.items()}
    method = await _form(client, "/v1/payment_methods", {"type": "card", **card})
    asked = {"amount": AMOUNT, "currency": "usd", "payment_method": method["id"], "capture_method": "manual"}
    intent = await _form(client, "/v1/payment_intents", {**asked, "confirm": "true"})
    _expect(intent, status="requires_capture", amount=AMOUNT)
    address = f"/v1/payment_intents/{intent['id']}"
    _expect(await _form(client, f"{address}/capture", {}), status="succeeded", amount=AMOUNT)
    refund = await _form(client, "/v1/refunds", {"payment_intent": intent["id"], "amount": REFUNDED})
    _expect(refund, status="succeeded", amount=REFUNDED)
    begun = time.perf_counter()
    found = await client.connection.call("GET", address, 200)
    client.took.append(time.perf_counter() - begun)
    _expect(found, status="succeeded", amount=AMOUNT)


async def _form(client: Client, path: str, body: Json) -> Json:
    begun = time.perf_counter()
    status, text = await client.connection.ask(
        "POST", path, urlencode(body).encode(), "Content-Type: application/x-www-form-urlencoded\r\n"
    )
    client.took.append(time.perf_counter() - begun)
    return checked(status, text, 200)


async def hello(client: Client) -> None:
    """One request whose answer is a few words."""
    begun = time.perf_counter()
    found = await client.connection.call("GET", "/", 200)
    client.took.append(time.perf_counter() - begun)
    _expect(found, hello="world")


def _expect(found: Json, **wanted: object) -> None:
    for name, value in wanted.items():
        if found.get(name) != value:
            raise WrongAnswer(f"{name} is {found.get(name)!r}, not {value!r}: {json.dumps(found)[:300]}")


def connections(port: int, count: int, *, key: str | None = None, one_account: bool = True) -> list[Connection]:
    """Connections of so many clients, all of one account or each of its own."""
    common = key or new_key()
    return [Connection(port, keyed(common if one_account else new_key())) for _ in range(count)]
