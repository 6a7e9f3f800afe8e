"""The list of orders: everything is in its address, its pages neither repeat nor miss an order."""

from __future__ import annotations

import re
import secrets

import pytest

from tests.app.screens.visitor import Read, Visitor
from tests.clients import Json, OrderService

COUNT = re.compile(r'<p role="status">\s*(.*?)\s*</p>', re.DOTALL)


def _references(page: Read) -> list[str]:
    return [row[1] for row in page.row_texts() if row]


def _somebody(service: OrderService, number: int) -> tuple[str, list[Json]]:
    """Orders of a customer whom no other test has, the newest first."""
    email = f"{secrets.token_hex(6)}@example.com"
    customer = {"email": email, "name": "Bea List"}
    return email, [service.place(customer=customer) for _ in range(number)][::-1]


def test_pages_follow_each_other_without_repeating_or_missing_while_orders_come_in(
    visitor: Visitor, service: OrderService
) -> None:
    email, orders = _somebody(service, 55)
    first = visitor.read(f"/orders?q={email.upper()}")
    assert COUNT.search(first.html) is not None
    assert COUNT.search(first.html)[1] == "55 orders"  # type: ignore[index]  # asserted above
    seen, page = _references(first), first
    while older := page.href("Older"):
        service.place(customer={"email": email, "name": "Bea List"})
        page = visitor.read(older)
        seen += _references(page)
    assert seen == [order["reference"] for order in orders]

    newer = page.href("Newer")
    assert newer is not None
    assert _references(visitor.read(newer)) == seen[25:50]
    newest = page.href("Newest")
    assert newest is not None
    assert len(_references(visitor.read(newest))) == 25


def test_status_and_dates_filter_together_and_stand_in_the_address(visitor: Visitor, service: OrderService) -> None:
    email, (unpaid, paid) = _somebody(service, 2)
    service.pay(paid, capture=True)
    today = unpaid["created_at"][:10]
    found = visitor.read(f"/orders?q={email}&status=paid&since={today}&until={today}")
    assert _references(found) == [paid["reference"]]
    assert found.href("Clear all") == "/orders"
    without_status = next(link.href for link in found.links if link.text.split()[:1] == ["Status"])
    assert set(_references(visitor.read(without_status))) == {unpaid["reference"], paid["reference"]}
    assert f"since={today}" in without_status
    assert _references(visitor.read(f"/orders?q={email}&until=2020-01-01")) == []


@pytest.mark.parametrize("by", ["reference", "email"])
def test_an_order_is_found_by_what_a_person_has_of_it(visitor: Visitor, service: OrderService, by: str) -> None:
    email, (order,) = _somebody(service, 1)
    text = order["reference"] if by == "reference" else email.capitalize()
    assert _references(visitor.read(f"/orders?q=%20{text}%20")) == [order["reference"]]


def test_a_pasted_id_goes_straight_there(visitor: Visitor, service: OrderService) -> None:
    order = service.place()
    payment = service.pay(order)
    assert visitor.get(f"/orders?q={order['id']}").url == f"{visitor.url}/orders/{order['id']}"
    assert visitor.get(f"/orders?q= {payment['id']} ").url == f"{visitor.url}/payments/{payment['id']}"
    assert visitor.get("/orders?q=ord_00000000000000000000000000").status_code == 404
    assert visitor.get("/orders?q=pay_00000000000000000000000000").status_code == 404


def test_nothing_found_says_which_filter_to_drop(visitor: Visitor) -> None:
    page = visitor.read("/orders?q=nobody@example.org&status=refunded")
    assert "No order fits these filters" in page.text
    assert page.href("status Refunded") == "/orders?q=nobody@example.org"
    assert page.href("search nobody@example.org") == "/orders?status=refunded"
    assert "0 orders" in page.text


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("status=broken", "There is no status broken. Choose of: awaiting_payment,"),
        ("created=soon", "Write a time like 24h or 7d."),
        ("amount=much", "Write an amount like 100, >100, <=19.99 or 10..50."),
        ("amount=50..10", "Write the smaller amount first, like 10..50."),
        ("currency=XXX", "Write an ISO 4217 code, like EUR."),
        ("last4=42", "Write the four digits that the card number ends with, like 4242."),
        ("network=cash", "Choose one of: visa, mastercard,"),
        ("sort=amount", "Choose a currency to sort by amount"),
        ("sort=name", "Choose one of: -created, created, -amount, amount."),
        ("q=status:broken", "There is no status broken. Write one of: awaiting_payment,"),
        ("q=amount:much", "amount: Write an amount like 100,"),
        ("q=colour:red", "There is no term colour: here. Terms are status:, amount:,"),
        ("q=created:>soon", "Write created:7d, created:24h, created:2026-11-23,"),
        ("q=customer:", "Write something after customer: without a blank between."),
        ("since=soon", "Write a day like 2026-11-23."),
        ("until=2026-13-40", "Write a day like 2026-11-23."),
        ("since=2026-11-23&until=2026-11-22", "Choose a day not before 2026-11-23."),
        (f"q={'x' * 255}", "At most 254 characters."),
        ("q=a%00b", "Write plain text, without control characters."),
        ("cursor=nonsense", "Take the cursor from a page of this list, unchanged."),
        ("cursor=PjIwMjYtMTEtMjN8", "Take the cursor from a page of this list, unchanged."),
        ("cursor=%F0%9F%92%B6", "Take the cursor from a page of this list, unchanged."),
    ],
)
def test_a_filter_that_cannot_be_used_is_told_so(visitor: Visitor, query: str, told: str) -> None:
    answer = visitor.get(f"/orders?{query}")
    assert answer.status_code == 422
    assert told in Read(answer.text).text
