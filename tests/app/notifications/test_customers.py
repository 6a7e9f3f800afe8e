"""Customers: found, shown with what they paid, and shown their own payments."""

from __future__ import annotations

import re

import requests

from tests.app.notifications.test_mail import somebody
from tests.app.screens.visitor import Visitor
from tests.clients import TIMEOUT, OrderService
from tests.mailbox import Mailbox
from tests.stack import Stack


def test_a_customer_is_found_with_what_their_orders_came_to(telling: Stack, service: OrderService) -> None:
    who = somebody("Zoe Zebra")
    visitor = Visitor(telling, "viewer")
    order = service.place(3000, "EUR", **who)
    service.pay(order, capture=True)
    service.call("POST", f"/orders/{order['id']}/refunds", {"amount": 1000})
    service.place(500, "JPY", **who)
    email = who["customer"]["email"]
    assert order["customer"]["id"] in visitor.get(f"/customers?q={email}").text
    page = visitor.get(f"/customers/{order['customer']['id']}").text
    words = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    assert "Kept EUR 1 30.00 10.00 20.00 EUR JPY 1 0 0 0 JPY" in words
    assert visitor.get("/customers/cus_00000000000000").status_code == 404


def test_a_customer_sees_their_own_payments_in_their_language_and_nobody_else_s(
    telling: Stack, service: OrderService, box: Mailbox
) -> None:
    who, other = somebody(locale="de-DE"), somebody()
    order = service.place(123450, "EUR", **who)
    service.pay(order, capture=True)
    foreign = service.place(**other)
    (letter,) = box.wait_for(who["customer"]["email"])
    found = re.search(rf"{telling.dashboard_url}/my/\S+", letter.part("plain"))
    assert found is not None
    page = requests.get(found[0], timeout=TIMEOUT)
    assert page.status_code == 200
    assert '<html lang="de-DE">' in page.text
    assert order["reference"] in page.text
    assert "1.234,50\u00a0€" in page.text
    assert foreign["reference"] not in page.text
    mine, _, signature = found[0].rpartition(".")
    for forged in (mine, f"{mine}.{signature[::-1]}", found[0].replace(order["customer"]["id"], "cus_0")):
        assert requests.get(forged, timeout=TIMEOUT).status_code == 404
