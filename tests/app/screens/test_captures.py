"""Capturing several orders at once: said before, told after, safe to send again."""

from __future__ import annotations

import re

from tests.app.screens.visitor import Read, Visitor
from tests.clients import GatewayAccount, Json, OrderService, both_agree
from tests.stack import Stack


def _chosen(*orders: Json) -> str:
    return "&".join(f"order={order['id']}" for order in orders)


def _fields(page: Read) -> list[tuple[str, str]]:
    """The fields of the form that captures, the repeated ones too."""
    form = page.html.partition('class="bulk-confirm"')[2].partition("</form>")[0]
    fields = []
    for tag in re.findall(r"<input[^>]*>", form, re.DOTALL):
        given = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        fields.append((given["name"] if "-" not in tag else re.search(r'name="([^"]+)"', tag)[1], given["value"]))  # type: ignore[index]  # every field has a name
    return fields


def test_several_are_captured_once_and_what_is_left_out_says_why(
    visitor: Visitor, service: OrderService, account: GatewayAccount
) -> None:
    held, other, unpaid, paid = (service.place(amount) for amount in (1000, 2550, 300, 400))
    yen = service.place(700, "JPY")
    for order in (held, other, yen):
        service.pay(order)
    service.pay(paid, capture=True)
    query = _chosen(held, other, unpaid, paid, yen)

    bar = visitor.read(f"/orders/selection?{query}").text
    assert "5 orders chosen" in bar
    assert "42.50 USD" in bar
    assert "2 will be left out" in bar

    page = visitor.read(f"/orders/captures?{query}")
    assert "No payment holds money." in page.text
    assert "The payment is captured: it cannot be captured now." in page.text
    assert "Capture 700 JPY, 35.50 USD" in page.text
    fields = _fields(page)
    for _ in range(2):
        answer = visitor.session.post(f"{visitor.url}/orders/captures", data=fields, timeout=30)
        assert answer.status_code == 200
        assert "Captured 3 of 3" in Read(answer.text).text
    for order in (held, other, yen):
        now = service.order(order)
        assert now["status"] == "paid"
        assert len(account.payments(order)[0]["captures"]) == 1
        both_agree(now, account.payments(order))
    assert service.order(unpaid)["status"] == "awaiting_payment"


def test_what_changed_since_the_page_was_shown_is_left_out(visitor: Visitor, service: OrderService) -> None:
    first, second = service.place(1000), service.place(2000)
    for order in (first, second):
        service.pay(order)
    fields = _fields(visitor.read(f"/orders/captures?{_chosen(first, second)}"))
    service.call("POST", f"/orders/{first['id']}/captures", {"amount": 400})
    answer = Read(visitor.session.post(f"{visitor.url}/orders/captures", data=fields, timeout=30).text).text
    assert "Captured 1 of 2" in answer
    assert "Only 6.00 USD is held; 10.00 USD is more." in answer
    assert service.order(first)["amount_captured"] == 400
    assert service.order(second)["status"] == "paid"


def test_captures_need_the_right_and_a_true_form(visitor: Visitor, service: OrderService, stack: Stack) -> None:
    order = service.place(1000)
    service.pay(order)
    assert Visitor(stack, "viewer").get(f"/orders/captures?{_chosen(order)}").status_code == 403
    assert "Choose order" not in Visitor(stack, "viewer").read("/orders").html
    token = visitor.read("/orders").fields["csrf_token"]
    for told in ("", "x", "pay_1 ten USD", "pay_1 10 XXX", f"pay_1 {'9' * 30} USD"):
        fields = {"csrf_token": token, "order": order["id"], f"sum-{order['id']}": told}
        answer = visitor.post("/orders/captures", fields)
        assert answer.status_code in (422, 404), told
    many = "&".join(f"order=ord_{number}" for number in range(101))
    refused = visitor.get(f"/orders/captures?{many}")
    assert refused.status_code == 422
    assert "Choose at most 100 orders at once." in Read(refused.text).text
    assert "No order is chosen" in visitor.read("/orders/captures").text
    assert service.order(order)["status"] == "authorized"
