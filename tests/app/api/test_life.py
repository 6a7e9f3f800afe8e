"""An order's whole life over the API: the sums and statuses on each step, and the gateway's agreement."""

from __future__ import annotations

import re
from typing import Any

import pytest
import requests

from tests.clients import GatewayAccount, Json, OrderService, both_agree

UTC = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")


def act(service: OrderService, order: Json, action: str, body: Json | None = None, status: int = 200) -> Json:
    """The answer to an action on the order, which must have this status."""
    answer = service.call("POST", f"/orders/{order['id']}/{action}", body or {})
    assert answer.status_code == status, answer.text
    return dict(answer.json())


def sums(order: Json) -> tuple[str, int, int, int]:
    return order["status"], order["amount_authorized"], order["amount_captured"], order["amount_refunded"]


def test_an_order_carries_all_that_was_given(service: OrderService) -> None:
    given: Json = {
        "customer": {"email": "Bo.Lund@Example.com", "name": "Bo Lund", "locale": "da-DK"},
        "items": [
            {"name": "Mug", "quantity": 2, "unit_amount": 1500, "merchant": None, "category": "kitchen"},
            {"name": "Card", "quantity": 1, "unit_amount": 0, "merchant": None, "category": None},
        ],
        "capture_policy": "automatic",
        "context": {"ip": "203.0.113.7", "ip_country": "dk", "device_id": "d-1", "user_agent": "Shop/2"},
        "metadata": {"channel": "web", "note": "ünïcödé 🧾"},
    }
    placed = service.place(3000, "dkk", **given)
    assert sums(placed) == ("awaiting_payment", 0, 0, 0)
    assert (placed["object"], placed["version"], placed["currency"], placed["amount"]) == ("order", 1, "DKK", 3000)
    assert placed["customer"]["id"].startswith("cus_")
    assert placed["customer"] == given["customer"] | {"id": placed["customer"]["id"]}
    assert placed["context"] == given["context"] | {"ip_country": "DK"}
    assert {name: placed[name] for name in ("items", "capture_policy", "metadata")} == {
        name: given[name] for name in ("items", "capture_policy", "metadata")
    }
    assert placed["merchant"].startswith("mer_")
    assert (placed["payments"], placed["disputed"], placed["allowed_actions"]) == ([], False, ["pay", "cancel"])
    assert UTC.match(placed["created_at"])
    assert service.order(placed) == placed


def test_a_created_order_is_found_at_its_location(service: OrderService) -> None:
    body = {
        "reference": "at its location",
        "amount": 1,
        "currency": "JPY",
        "customer": {"email": "ann@example.com", "name": "Ann"},
    }
    answer = service.call("POST", "/orders", body, **{"X-Request-Id": "mine-17"})
    assert answer.status_code == 201
    assert answer.headers["Request-Id"] == "mine-17"
    assert answer.headers["Location"] == f"/api/orders/{answer.json()['id']}"
    found = service.call("GET", answer.headers["Location"].removeprefix("/api"))
    assert found.json() == answer.json()


def test_an_order_is_captured_in_parts_and_refunded_in_parts(service: OrderService, account: GatewayAccount) -> None:
    order = service.place(4999)
    payment = service.pay(order)
    assert (payment["status"], payment["amount_capturable"]) == ("authorized", 4999)
    assert (payment["risk"]["decision"], payment["risk"]["rules"]) == ("accept", [])
    assert (payment["card"]["network"], payment["card"]["last4"]) == ("visa", "4242")
    assert sums(service.order(order)) == ("authorized", 4999, 0, 0)
    assert service.order(order)["allowed_actions"] == ["capture", "cancel"]
    part = act(service, order, "captures", {"amount": 1999})
    assert sums(part) == ("partially_captured", 4999, 1999, 0)
    assert part["allowed_actions"] == ["capture", "refund"]
    rest = act(service, order, "captures", {"amount": 2000, "final": True})
    assert sums(rest) == ("paid", 3999, 3999, 0)
    back = act(service, order, "refunds", {"amount": 999, "reason": "duplicate", "note": "counted twice"}, 201)
    assert sums(back) == ("partially_refunded", 3999, 3999, 999)
    done = act(service, order, "refunds", status=201)
    assert sums(done) == ("refunded", 3999, 3999, 3999)
    assert done["allowed_actions"] == []
    (whole,) = done["payments"]
    assert [capture["amount"] for capture in whole["captures"]] == [1999, 2000]
    assert [(refund["amount"], refund["status"], refund["reason"], refund["note"]) for refund in whole["refunds"]] == [
        (999, "succeeded", "duplicate", "counted twice"),
        (3000, "succeeded", "requested_by_customer", None),
    ]
    assert [(attempt["operation"], attempt["status"]) for attempt in whole["attempts"]] == [
        ("authorize", "confirmed"),
        ("capture", "confirmed"),
        ("capture", "confirmed"),
        ("refund", "confirmed"),
        ("refund", "confirmed"),
    ]
    both_agree(done, account.payments(order))


def test_a_declined_order_is_paid_with_another_card(service: OrderService, account: GatewayAccount) -> None:
    order = service.place()
    declined = service.pay(order, "visa_insufficient_funds")
    assert (declined["status"], declined["decline"]["code"], declined["decline"]["kind"]) == (
        "declined",
        "insufficient_funds",
        "soft",
    )
    after = service.order(order)
    assert (sums(after), after["allowed_actions"]) == (("declined", 0, 0, 0), ["pay", "cancel"])
    assert service.pay(order, "mastercard_success", capture=True)["status"] == "captured"
    paid = service.order(order)
    assert sums(paid) == ("paid", 1999, 1999, 0)
    assert [payment["status"] for payment in paid["payments"]] == ["captured", "declined"]
    both_agree(paid, account.payments(order))


@pytest.mark.parametrize(
    ("policy", "asked", "outcome"),
    [
        ("manual", {}, "authorized"),
        ("manual", {"capture": True}, "paid"),
        ("automatic", {}, "paid"),
        ("automatic", {"capture": False}, "authorized"),
    ],
)
def test_the_payment_overrules_the_capture_policy(
    service: OrderService, policy: str, asked: dict[str, Any], outcome: str
) -> None:
    order = service.place(capture_policy=policy)
    service.pay(order, **asked)
    assert service.order(order)["status"] == outcome


@pytest.mark.parametrize(
    ("decision", "outcome"), [("approve", "authorized"), ("fail", "declined"), ("cancel", "declined")]
)
def test_a_challenge_decides_the_order(
    service: OrderService, account: GatewayAccount, decision: str, outcome: str
) -> None:
    order = service.place()
    asked = service.pay(order, "visa_challenge", return_url="http://127.0.0.1:9/paid?by={payment}")
    assert (asked["status"], asked["next_action"]["type"]) == ("requires_action", "redirect_to_url")
    waiting = service.order(order)
    assert (waiting["status"], waiting["allowed_actions"]) == ("awaiting_authentication", ["cancel"])
    done = requests.post(asked["next_action"]["url"], data={"decision": decision}, timeout=30, allow_redirects=False)
    assert asked["id"] in done.headers["Location"]
    both_agree(service.order_when(order, outcome), account.payments(order))


@pytest.mark.parametrize(
    ("card", "status"),
    [("visa_success", "voided"), ("visa_challenge", "voided"), ("visa_generic_decline", "declined"), (None, None)],
)
def test_canceling_releases_what_is_held_first(
    service: OrderService, account: GatewayAccount, card: str | None, status: str | None
) -> None:
    order = service.place()
    if card is not None:
        service.pay(order, card)
    canceled = act(service, order, "cancel", {"reason": "Out of stock"})
    assert sums(canceled) == ("canceled", 0, 0, 0)
    assert (canceled["cancel_reason"], canceled["allowed_actions"]) == ("Out of stock", [])
    assert [payment["status"] for payment in canceled["payments"]] == ([status] if status else [])
    both_agree(canceled, account.payments(order))
    act(service, order, "cancel", status=409)


def test_a_token_of_the_customers_browser_pays(service: OrderService, account: GatewayAccount) -> None:
    order = service.place(2500, "EUR")
    token = account.call("POST", "/_sandbox/tokens", {"test_card": "amex_success", "amount": 2500, "currency": "EUR"})
    answer = act(service, order, "payments", {"token": token["id"], "capture": True}, 201)
    assert (answer["status"], answer["card"]["network"]) == ("captured", "amex")
    both_agree(service.order(order), account.payments(order))


@pytest.mark.parametrize(
    ("currency", "amount"), [("JPY", 500), ("KWD", 1234), ("CLF", 12345), ("USD", 999_999_999_999)]
)
def test_amounts_are_minor_units_of_any_currency(
    service: OrderService, account: GatewayAccount, currency: str, amount: int
) -> None:
    order = service.place(amount, currency)
    service.pay(order, capture=True)
    paid = service.order(order)
    assert sums(paid) == ("paid", amount, amount, 0)
    both_agree(paid, account.payments(order))
