"""The overview: each figure is the sum of the rows behind it, and no two currencies are ever added up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

import pytest

from tests.app.screens.visitor import Read, Visitor
from tests.clients import GatewayAccount, Json, OrderService
from tests.stack import until

FIGURE = re.compile(r'href="(/overview/(\w+)\?[^"]*days=(\d+)[^"]*)">([\d,.]+)</a>\s*<small>([\d,]+) ')


def _figures(page: Read, currency: str) -> dict[tuple[str, str], tuple[str, str, str]]:
    """By figure and days: the address of its rows, the sum, the number of rows."""
    html = page.html.replace("&amp;", "&")
    return {
        (figure, days): (address, total, number)
        for address, figure, days, total, number in FIGURE.findall(html)
        if f"currency={currency}" in address
    }


def _amounts(visitor: Visitor, address: str) -> Iterator[Decimal]:
    page = visitor.read(address)
    while True:
        for row in page.row_texts():
            if row:
                yield Decimal(row[-1].split()[0].replace(",", ""))
        older = page.href("Older")
        if older is None:
            return
        page = visitor.read(older)


def _money(service: OrderService, currency: str) -> None:
    """Two captures in part, a refund, and a decline."""
    order = service.place(500_001, currency)
    service.pay(order)
    for body in ({"amount": 100_000}, {"amount": 250_001, "final": True}):
        assert service.call("POST", f"/orders/{order['id']}/captures", body).status_code == 200
    assert service.call("POST", f"/orders/{order['id']}/refunds", {"amount": 1}).status_code == 201
    service.pay(service.place(7, currency), "visa_lost_card")


@pytest.mark.parametrize(("currency", "captured"), [("BHD", "350.001"), ("XPF", "350,001"), ("CLF", "35.0001")])
def test_a_figure_is_the_sum_of_its_rows(visitor: Visitor, service: OrderService, currency: str, captured: str) -> None:
    _money(service, currency)
    figures = _figures(visitor.read("/"), currency)
    assert set(figures) == {(name, days) for name in ("captured", "refunded", "declined") for days in ("1", "30")}
    assert figures["captured", "1"][1:] == (captured, "2")
    for (name, _), (address, total, number) in figures.items():
        rows = list(_amounts(visitor, address))
        assert sum(rows) == Decimal(total.replace(",", "")), name
        assert len(rows) == int(number)
    assert figures["declined", "30"][2] == "1"


def test_yesterday_is_not_today(visitor: Visitor, service: OrderService, account: GatewayAccount) -> None:
    service.pay(service.place(100, "TND"), capture=True)
    assert _figures(visitor.read("/"), "TND")["captured", "1"][1] == "0.100"
    moved = account.clock(advance="P1D")

    def tomorrow() -> bool:
        return f"today is {int(moved['now'][8:10])} " in visitor.read("/").text

    until(tomorrow, what="the app to read the account's clock")
    service.pay(service.place(20, "TND"), capture=True)
    figures = _figures(visitor.read("/"), "TND")
    assert figures["captured", "1"][1:] == ("0.020", "1")
    assert figures["captured", "30"][1:] == ("0.120", "2")
    assert "Account clock" in visitor.read("/").text


def test_a_status_leads_to_its_orders(visitor: Visitor, service: OrderService) -> None:
    service.place()
    page = visitor.read("/")
    tile = next(link for link in page.links if link.text.split()[1:] == ["Awaiting", "payment"])
    count = int(tile.text.split()[0].replace(",", ""))
    listed = visitor.read(tile.href)
    assert f"{count:,} order" in listed.text


def test_an_unknown_outcome_stands_at_the_top(visitor: Visitor, service: OrderService, account: GatewayAccount) -> None:
    order = service.place()
    fault = account.fault({"type": "drop_before"}, times=1000, operation="payment", reference=order["reference"])
    paid: Json = service.pay(order)
    assert paid["status"] == "unknown"
    page = visitor.read("/")
    assert "unknown outcome" in page.text
    assert page.href(order["reference"]) == f"/orders/{order['id']}"
    account.call("DELETE", f"/_sandbox/faults/{fault['id']}")
    service.order_when(order, "authorized")


@pytest.mark.parametrize("path", ["/overview/earned?days=1", "/overview/captured?days=7", "/overview/captured?days=x"])
def test_a_figure_that_does_not_exist_is_not_found(visitor: Visitor, path: str) -> None:
    assert visitor.get(path).status_code == 404
