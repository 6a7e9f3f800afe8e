"""Whose an order is: chosen where it is placed, item by item; told on its page; asked of the list."""

from __future__ import annotations

import secrets

import pytest

from tests.app.screens.visitor import Read, Visitor
from tests.app.settlements.shop import Shop


@pytest.fixture(scope="module")
def clerk(shop: Shop) -> Visitor:
    return Visitor(shop.stack, "admin")


@pytest.fixture(scope="module")
def bookshop(clerk: Visitor) -> str:
    """The id of a merchant of whose sales a tenth is kept."""
    made = clerk.send("/merchants/new", "/merchants", name="Bea Books", currency="USD")
    merchant = made.url.rpartition("/")[2]
    terms = {"percent": "10", "valid_from": "", "reason": "as agreed"}
    assert clerk.send(f"/merchants/{merchant}", f"/merchants/{merchant}/plans", **terms).status_code == 200
    return merchant


def _placed(clerk: Visitor, **written: str) -> Read:
    """The page of a new test order, captured at once."""
    reference = f"W-{secrets.token_hex(4)}"
    answer = clerk.send("/orders/new", "/orders", reference=reference, capture="automatic", **written)
    assert answer.status_code == 200, answer.text
    return Read(answer.text)


def test_an_order_is_shared_as_its_items_say(clerk: Visitor, bookshop: str) -> None:
    second = {"items-1-name": "A book", "items-1-unit_price": "10.00", "items-1-merchant": bookshop}
    page = _placed(clerk, **{"items-0-unit_price": "20.00"}, **second)
    shares = [row for row in page.row_texts() if row and row[0].startswith(("Main store", "Bea Books"))]
    assert sorted(shares) == [
        ["Bea Books Sold 10.00, commission 1.00", "9.00 USD"],
        ["Main store Sold 20.00", "20.00 USD"],
    ]
    assert "Sold by Bea Books" in page.text
    assert page.href("Main store") is not None
    assert page.href("Bea Books") == f"/merchants/{bookshop}"


def test_an_order_of_one_merchant_without_a_plan_tells_of_no_shares(clerk: Visitor, bookshop: str) -> None:
    page = _placed(clerk)
    assert "How the order is shared" not in page.text
    assert page.href("Main store") is not None


def test_the_list_asks_whose_orders(clerk: Visitor, bookshop: str) -> None:
    email = f"{secrets.token_hex(6)}@example.com"
    for merchant in ({}, {"merchant": bookshop}, {"items-0-merchant": bookshop}):
        _placed(clerk, customer_email=email, **merchant)
    all_three, theirs = (clerk.read(f"/orders?q={email}{more}") for more in ("", f"&merchant={bookshop}"))
    assert ("3 orders" in all_three.text, "2 orders" in theirs.text) == (True, True)
    assert any(link.text.split()[:3] == ["Merchant", "Bea", "Books"] for link in theirs.links)
    wrong = clerk.get("/orders?merchant=mer_nobody")
    assert wrong.status_code == 422
    assert "There is no merchant mer_nobody. Choose one of the list." in wrong.text


@pytest.mark.parametrize("change", ["add", "remove-1"])
def test_who_sells_an_item_is_kept_while_others_come_and_go(clerk: Visitor, bookshop: str, change: str) -> None:
    fields = clerk.read("/orders/new").fields | {"items-0-merchant": bookshop, "change": change}
    page = Read(clerk.post("/orders/new/items", fields).text)
    assert page.fields["items-0-merchant"] == bookshop


def test_an_item_of_nobody_is_refused_and_nothing_typed_is_lost(clerk: Visitor, bookshop: str) -> None:
    written = {"reference": f"W-{secrets.token_hex(4)}", "items-0-merchant": "mer_nobody", "items-0-name": "A lamp"}
    answer = clerk.send("/orders/new", "/orders", **written)
    assert answer.status_code == 422
    page = Read(answer.text)
    assert "Choose a merchant of the list." in page.text
    assert page.fields["items-0-name"] == "A lamp"
