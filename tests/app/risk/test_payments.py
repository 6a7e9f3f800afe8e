"""What rules make of payments: blocked, held for a person, confirmed by the cardholder, or only noted."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

import pytest

from tests.app.risk.desk import RiskDesk
from tests.clients import GatewayAccount, Json, OrderService, both_agree
from tests.stack import until


@pytest.fixture
def device() -> str:
    """A device that nobody else has."""
    return f"device-{secrets.token_hex(6)}"


def from_device(device: str) -> Json:
    return {"context": {"ip": "203.0.113.9", "ip_country": "US", "device_id": device}}


def test_a_blocked_payment_never_reaches_the_gateway(
    desk: RiskDesk, service: OrderService, account: GatewayAccount, device: str
) -> None:
    rule = desk.rule(f'device.id = "{device}"', "block", name=f"No {device}")
    order = service.place(**from_device(device))
    payment = service.pay(order)
    assert (payment["status"], payment["gateway_id"], payment["attempts"]) == ("blocked", None, [])
    assert f"No {device}" in payment["failure"]
    risk = payment["risk"]
    assert (risk["decision"], risk["why"]) == ("block", f"Rule “No {device}”")
    assert [(one["name"], one["version"], one["mode"]) for one in risk["rules"]] == [(f"No {device}", 1, "active")]
    assert account.payments(order) == []
    order = service.order(order)
    assert (order["status"], order["allowed_actions"]) == ("declined", ["pay", "cancel"])
    page = desk.visitor.read(f"/orders/{order['id']}").text
    assert "Blocked by our own rules" in page
    assert desk.save(rule, name=f"No {device}", condition="amount < 0.01 USD", mode="retired").ok
    assert service.pay(order)["status"] == "authorized"
    assert service.order(order)["status"] == "authorized"


def test_a_repeated_request_is_blocked_once(desk: RiskDesk, service: OrderService, device: str) -> None:
    desk.rule(f'device.id = "{device}"', "block")
    order = service.place(**from_device(device))
    key, path = {"Idempotency-Key": secrets.token_hex(8)}, f"/orders/{order['id']}/payments"
    first, second = (service.call("POST", path, {"test_card": "visa_success"}, **key) for _ in range(2))
    assert (first.status_code, first.json()) == (second.status_code, second.json())
    assert len(service.order(order)["payments"]) == 1


def test_card_testing_from_one_device_climbs_to_block(desk: RiskDesk, service: OrderService, device: str) -> None:
    desk.rule(f'device.cards[1h] >= 3 and device.declines[1h] >= 2 and device.id = "{device}"', "block")
    cards = ("visa_insufficient_funds", "visa_generic_decline", "mastercard_success")
    tries = [service.pay(service.place(100, **from_device(device)), card) for card in cards]
    assert [one["status"] for one in tries] == ["declined", "declined", "blocked"]
    assert [one["risk"]["decision"] for one in tries] == ["accept", "accept", "block"]


def test_a_reviewed_payment_is_approved_and_captured(
    desk: RiskDesk, service: OrderService, account: GatewayAccount, device: str
) -> None:
    desk.rule(f'device.id = "{device}"', "review", name=f"Look at {device}")
    order = service.place(4200, capture_policy="automatic", **from_device(device))
    payment = service.pay(order)
    assert (payment["status"], payment["amount_capturable"], payment["amount_captured"]) == ("in_review", 4200, 0)
    held = service.order(order)
    assert (held["status"], held["allowed_actions"]) == ("in_review", ["cancel"])
    refused = service.call("POST", f"/orders/{order['id']}/captures", {})
    assert (refused.status_code, refused.json()["code"]) == (409, "invalid_transition")
    assert "in review" in refused.json()["detail"]
    queue = desk.visitor.read("/reviews").text
    assert order["reference"] in queue
    assert f"Look at {device}" in queue
    review = desk.review_of(payment["id"])
    assert desk.visitor.get(f"/search?q={review.rpartition('/')[2]}").url == review
    assert desk.decides(payment["id"], "approve").ok
    paid = service.order_when(order, "paid")
    assert paid["amount_captured"] == 4200
    both_agree(paid, account.payments(order))
    again = desk.visitor.send("/reviews", desk.review_of(payment["id"]), verdict="decline", reason="too late")
    assert again.status_code == 409
    assert "approved" in again.text


def test_a_declined_review_voids_the_hold(
    desk: RiskDesk, service: OrderService, account: GatewayAccount, device: str
) -> None:
    condition = f'device.id = "{device}"'
    desk.rule(condition, "review")
    order = service.place(4200, capture_policy="automatic", **from_device(device))
    payment = service.pay(order)
    assert desk.decides(payment["id"], "fraud").ok
    canceled = service.order_when(order, "canceled")
    assert canceled["cancel_reason"] == "as the test says"
    assert [one["status"] for one in account.payments(order)] == ["voided"]
    assert desk.tries(condition)["Right, of what it hits"] == "100 %"


def test_a_review_that_was_voided_elsewhere_is_over(desk: RiskDesk, service: OrderService, device: str) -> None:
    desk.rule(f'device.id = "{device}"', "review")
    order = service.place(**from_device(device))
    payment = service.pay(order)
    assert service.call("POST", f"/orders/{order['id']}/cancel", {}).ok
    assert service.order_when(order, "canceled")["payments"][0]["status"] == "voided"
    assert "Ended by itself" in desk.visitor.read(desk.review_of(payment["id"])).text


def test_nobody_decides_and_the_deadline_does(
    desk: RiskDesk, service: OrderService, account: GatewayAccount, device: str
) -> None:
    desk.rule(f'device.id = "{device}"', "review")
    order = service.place(**from_device(device), capture_policy="automatic")
    assert service.pay(order)["status"] == "in_review"
    account.clock(advance="P1DT1H")
    assert service.order_when(order, "paid")["payments"][0]["status"] == "captured"


def test_a_rule_asks_for_3d_secure(desk: RiskDesk, service: OrderService, device: str) -> None:
    order = service.place(**from_device(device))
    assert service.pay(order)["authentication"] is None
    desk.rule(f'device.id = "{device}"', "three_ds")
    payment = service.pay(service.place(**from_device(device)))
    assert (payment["status"], payment["authentication"]["outcome"]) == ("authorized", "frictionless")


def test_allow_goes_before_block(desk: RiskDesk, service: OrderService, device: str) -> None:
    desk.rule(f'device.id = "{device}"', "block")
    desk.rule(f'device.id = "{device}" and amount < 50.00 USD', "allow")
    assert service.pay(service.place(4999, **from_device(device)))["status"] == "authorized"
    assert service.pay(service.place(5000, **from_device(device)))["status"] == "blocked"


def test_a_rule_in_shadow_only_notes(desk: RiskDesk, service: OrderService, device: str) -> None:
    desk.rule(f'device.id = "{device}"', "block", mode="shadow")
    payment = service.pay(service.place(**from_device(device)))
    assert payment["status"] == "authorized"
    risk = payment["risk"]
    assert (risk["decision"], [one["mode"] for one in risk["rules"]]) == ("accept", ["shadow"])


def test_a_listed_value_is_off_its_list_in_time(
    desk: RiskDesk, service: OrderService, account: GatewayAccount, device: str
) -> None:
    name = f"devices_{secrets.token_hex(4)}".translate(str.maketrans("0123456789", "ghijklmnop"))
    assert desk.visitor.send("/risk/lists", "/risk/lists", name=name, words="devices that cost us money").ok
    now = datetime.fromisoformat(account.clock()["now"])
    expires = (now + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M")
    put = desk.visitor.send(
        f"/risk/lists/{name}", f"/risk/lists/{name}", values=device.upper(), note="stolen", expires=expires
    )
    assert "1 new on" in put.text
    desk.rule(f"device.id in @{name}", "block")
    assert service.pay(service.place(**from_device(device)))["status"] == "blocked"
    account.clock(advance="PT3H")
    until(  # the app has read the clock
        lambda: service.pay(service.place(**from_device(device)))["status"] == "authorized",
        what="the entry to expire",
    )


@pytest.mark.parametrize("how", ["dispute", "refund"])
def test_what_turned_out_to_be_fraud_is_learned(
    desk: RiskDesk, service: OrderService, account: GatewayAccount, device: str, how: str
) -> None:
    card = "visa_dispute_fraudulent" if how == "dispute" else "visa_success"
    condition = f'device.id = "{device}"'
    order = service.place(**from_device(device))
    service.pay(order, card, capture=True)
    service.order_when(order, "paid")
    assert desk.tries(condition)["Right, of what it hits"] == "0 %"
    if how == "dispute":
        account.clock(advance="PT2H")
        service.order_when(order, "paid")
    else:
        assert service.call("POST", f"/orders/{order['id']}/refunds", {"reason": "fraudulent"}).ok
    until(lambda: desk.tries(condition)["Right, of what it hits"] == "100 %", what="the label to arrive")
