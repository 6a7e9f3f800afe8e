"""The gateway's word differs from the order: nothing of it is believed, the order is held, and a person resolves it."""

from __future__ import annotations

import json
import secrets

import pytest

from tests.app.payments.desk import Desk
from tests.app.screens.visitor import Visitor
from tests.app.webhooks.test_receiver import Sender, forged_capture
from tests.clients import Json, both_agree

LOST: Json = {"type": "drop_before"}
SAID: dict[str, Json] = {
    "another amount": {"amount": 2999},
    "another currency": {"currency": "EUR"},
    "another reference": {"reference": "WEB-0000"},
    "real money": {"livemode": True},
    "more captured than there was": {"amount_captured": 5000},
    "another payment of ours": {"metadata": {"payment": "pay_00000000000000000000000000"}},
    "a status that nobody knows": {"status": "teleported"},
}


@pytest.fixture(scope="module")
def sender(desk: Desk) -> Sender:
    return Sender(desk.stack)


def say(sender: Sender, order: Json, **said: object) -> None:
    """A delivery, signed as it should be, that tells something else than the order."""
    event = json.loads(forged_capture(order)) | {"id": f"evt_{secrets.token_hex(8)}"}
    event["data"] |= said
    assert sender.deliver(event) == 204


def mismatch_of(order: Json) -> str:
    return f"/payments/{order['payments'][0]['id']}/mismatch"


@pytest.mark.parametrize("what", SAID)
def test_what_cannot_be_the_order_holds_it_until_a_person_has_resolved_it(
    desk: Desk, sender: Sender, what: str
) -> None:
    order = desk.service.order(desk.held())
    say(sender, order, **SAID[what])
    held = desk.service.order_when(order, "payment_unknown")
    for doing in ("captures", "shipments"):
        refused = desk.act(order, doing)
        assert refused.status_code == 409, refused.text
    assert desk.act(order, "captures").json()["code"] == "mismatch"
    (told,) = desk.account.payments(order)
    assert (told["status"], told["amount_captured"]) == ("authorized", 0)
    assert order["reference"] in desk.visitor.read("/notices?kind=mismatch").text
    words = held["payments"][0]["discrepancy"]
    for path in (f"/orders/{order['id']}", f"/payments/{held['payments'][0]['id']}", "/overview/needs/discrepancy"):
        assert words in desk.visitor.read(path).text, path

    at = mismatch_of(held)
    assert "Write why." in desk.decide(at, decision="keep").text
    assert "The payment stays held." in desk.decide(at, decision="keep", reason="The bank is asked first").text
    kept = desk.service.order(order)
    assert (kept["status"], kept["payments"][0]["discrepancy"]) == ("payment_unknown", words)
    assert "Kept held: The bank is asked first" in desk.visitor.read(f"/orders/{order['id']}").text

    assert "By now the gateway's word agrees with the order." in desk.visitor.read(at).text
    desk.decide(at, decision="believe", reason="Asked again, it agrees")
    released = desk.service.order_when(order, "authorized")
    assert released["payments"][0]["discrepancy"] is None
    assert desk.act(order, "captures").json()["status"] == "paid"
    both_agree(desk.service.order(order), desk.account.payments(order))
    assert desk.visitor.get(at).status_code == 409


def test_the_same_words_again_hold_and_tell_once(desk: Desk, sender: Sender) -> None:
    order = desk.service.order(desk.held())
    for _ in range(3):
        say(sender, order, amount=1)
    desk.service.order_when(order, "payment_unknown")
    listed = desk.visitor.read("/notices?kind=mismatch").text
    assert listed.count(f"Order {order['reference']} is held") == 1


def test_an_order_that_is_held_may_be_canceled(desk: Desk, sender: Sender) -> None:
    order = desk.service.order(desk.held())
    say(sender, order, amount=1)
    desk.service.order_when(order, "payment_unknown")
    assert desk.act(order, "cancel", reason="Never mind").json()["status"] == "canceled"
    (told,) = desk.account.payments(order)
    assert told["status"] == "voided"


@pytest.mark.parametrize("role", ["viewer", "operator", "developer"])
def test_resolving_takes_somebody_who_reconciles(desk: Desk, sender: Sender, role: str) -> None:
    order = desk.service.order(desk.held())
    say(sender, order, amount=1)
    visitor, at = Visitor(desk.stack, role), mismatch_of(order)
    page = visitor.read(f"/orders/{order['id']}")
    assert page.href("Resolve the mismatch") is None
    assert visitor.get(at).status_code == 403
    fields = {"csrf_token": page.fields["csrf_token"], "decision": "believe", "reason": "Mine"}
    assert visitor.post(at, fields).status_code == 403
    assert desk.service.order(order)["status"] == "payment_unknown"


DIFFERS: dict[str, tuple[Json, str | None]] = {
    "less": ({"amount": 1500}, None),
    "another reference": ({"reference": "WEB-9999"}, "That cannot be believed."),
    "more": ({"amount": 2500}, "more than the order's 19.99 USD. Void or refund it at the gateway."),
    "another currency": ({"currency": "EUR"}, "That cannot be believed."),
}
"""What the gateway really has, and why it is not believed even where a person says so."""


@pytest.mark.parametrize("how", DIFFERS)
def test_a_payment_that_is_another_at_the_gateway_is_believed_only_where_it_can_be(desk: Desk, how: str) -> None:
    there, refusal = DIFFERS[how]
    order = desk.service.place()
    desk.account.fault(LOST, operation="payment", reference=order["reference"], card="visa_frictionless")
    desk.service.pay(order, "visa_frictionless")
    made = desk.made_there(order, **there)
    held = desk.says(f"/orders/{order['id']}", "The gateway says what cannot be")
    assert "The gateway says" in held.text
    at = mismatch_of(desk.service.order(order))
    decided = desk.decide(at, decision="believe", reason="The customer agreed on the telephone")
    if refusal is None:
        believed = desk.service.order_when(order, "authorized", within=60)
        both_agree(believed, [desk.account.call("GET", f"/v1/payments/{made['id']}")])
        assert desk.act(order, "captures").json()["status"] == "paid"
        return
    assert refusal in decided.text
    assert desk.service.order(order)["status"] == "payment_unknown"
    assert desk.account.call("GET", f"/v1/payments/{made['id']}")["amount_captured"] == 0
