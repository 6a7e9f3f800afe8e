"""Shipments, over the API and by hand: nothing counts as shipped before its money was captured."""

from __future__ import annotations

import re
import secrets

from tests.app.payments.desk import Desk
from tests.app.screens.visitor import Read
from tests.clients import Json, both_agree


def on_shipment(desk: Desk) -> Json:
    """An order that is paid when it is shipped, its money held."""
    order = desk.service.place(capture_policy="on_shipment")
    assert desk.service.pay(order)["status"] == "authorized"
    return order


def shipments(desk: Desk, order: Json) -> list[str]:
    """The tracking numbers that the order's page shows, the newest first; none where there is none."""
    page = desk.visitor.read(f"/orders/{order['id']}").html
    panel = page.partition('id="shipments"')[2].partition("</section>")[0]
    return re.findall(r"<code>([^<]+)</code>|(?=No tracking number)", panel)


def test_what_is_held_is_captured_with_the_shipment(desk: Desk) -> None:
    order = on_shipment(desk)
    key = {"Idempotency-Key": secrets.token_hex(8)}
    for _ in range(2):  # asked twice under one key, it is one shipment
        answer = desk.service.call("POST", f"/orders/{order['id']}/shipments", {"tracking": "1Z999AA1"}, **key)
        assert answer.status_code == 200, answer.text
    shipped = answer.json()
    assert (shipped["status"], shipped["amount_captured"]) == ("paid", 1999)
    assert shipped["shipped_at"] is not None
    assert shipments(desk, order) == ["1Z999AA1"]
    both_agree(desk.service.order(order), desk.account.payments(order))


def test_parts_are_shipped_and_captured_one_after_the_other(desk: Desk) -> None:
    order = on_shipment(desk)
    assert desk.act(order, "shipments", amount=2000).json()["code"] == "amount_too_large"
    first = desk.act(order, "shipments", amount=500, tracking="ONE").json()
    assert (first["status"], first["amount_captured"]) == ("partially_captured", 500)
    second = desk.act(order, "shipments", amount=700, final=True).json()
    assert (second["status"], second["amount_captured"]) == ("paid", 1200)
    assert shipments(desk, order) == ["", "ONE"]
    both_agree(desk.service.order(order), desk.account.payments(order))


def test_by_hand_the_form_says_what_it_takes_and_does_it_once(desk: Desk) -> None:
    order = on_shipment(desk)
    at = f"/orders/{order['id']}"
    assert desk.visitor.read(at).href("Capture and ship") == f"{at}/ship"
    form = desk.visitor.read(f"{at}/ship")
    assert "Capture 19.99 USD and ship" in form.text
    for _ in range(2):
        sent = desk.visitor.post(f"{at}/shipments", form.fields | {"tracking": "HAND-1"})
        assert sent.status_code == 200
    assert "The order is shipped." in Read(sent.text).text
    assert shipments(desk, order) == ["HAND-1"]
    both_agree(desk.service.order_when(order, "paid"), desk.account.payments(order))


def test_an_order_that_was_captured_before_is_shipped_without_taking_anything(desk: Desk) -> None:
    order = desk.paid()
    at = f"/orders/{order['id']}"
    assert "Nothing is captured by this" in desk.visitor.read(f"{at}/ship").text
    refused = desk.act(order, "shipments", amount=100)
    assert (refused.status_code, refused.json()["code"]) == (409, "invalid_transition")
    assert desk.act(order, "shipments", tracking="LATER").json()["shipped_at"] is not None
    assert shipments(desk, order) == ["LATER"]
    assert len(desk.account.payments(order)[0]["captures"]) == 1


def test_nothing_is_shipped_before_its_money_is_taken(desk: Desk) -> None:
    for order in (desk.service.place(), desk.held(), desk.service.place(capture_policy="on_shipment")):
        refused = desk.act(order, "shipments")
        assert (refused.status_code, refused.json()["code"]) == (409, "invalid_transition"), refused.text
        assert "nothing is shipped before its money is captured" in refused.json()["detail"]
        assert desk.service.order(order)["shipped_at"] is None


def test_while_the_capture_is_unknown_nothing_counts_as_shipped(desk: Desk) -> None:
    order = on_shipment(desk)
    desk.account.fault({"type": "drop_after"}, times=2, operation="capture", reference=order["reference"])
    with desk.fault({"type": "webhook_drop"}):
        unknown = desk.act(order, "shipments", tracking="SLOW").json()
        assert (unknown["status"], unknown["shipped_at"]) == ("payment_unknown", None)
        settled = desk.service.order_when(order, "paid")
    assert settled["shipped_at"] is not None
    assert shipments(desk, order) == ["SLOW"]
    both_agree(settled, desk.account.payments(order))
