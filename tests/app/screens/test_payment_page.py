"""One payment's page, and the timeline that joins calls, changes and webhooks into acts."""

from __future__ import annotations

import re

import requests

from tests.app.screens.visitor import Read, Visitor
from tests.clients import GatewayAccount, Json, OrderService
from tests.stack import until

ACT = re.compile(r'<li class="event act[^>]*id="([^"]+)">(.*?)(?=<li class="event act|</ol>\s*</section>)', re.DOTALL)

_AGO = re.compile(r" (?:just now|\d+ \w+ ago)")


def _acts(page: Read) -> list[str]:
    return [Read(html).text for _, html in ACT.findall(page.html)]


def _settled(visitor: Visitor, path: str, events: int) -> Read:
    """The page, once so many webhook events are in its timeline."""

    def told() -> Read | None:
        page = visitor.read(path)
        return page if page.text.count("Webhook ") >= events else None

    return until(told, what=f"{events} webhook events on {path}")


def test_the_timeline_tells_acts_with_their_calls_changes_and_webhooks(visitor: Visitor, service: OrderService) -> None:
    order = service.place(5000)
    payment = service.pay(order)
    service.call("POST", f"/orders/{order['id']}/captures", {"amount": 2000})
    service.call("POST", f"/orders/{order['id']}/captures", {"amount": 3000})
    service.call("POST", f"/orders/{order['id']}/refunds", {"amount": 700, "reason": "duplicate"})
    page = _settled(visitor, f"/orders/{order['id']}", 5)
    acts = _acts(page)
    assert [act.split(" USD")[0] for act in acts[:4]] == [
        "Refund of 7.00",
        "Capture of 30.00",
        "Capture of 20.00",
        "Authorization of 50.00",
    ]
    assert acts[-1].startswith(f"Order {order['reference']} placed over 50.00 USD")
    refund, capture = acts[0], acts[1]
    assert "payment Partially refunded" in refund
    assert "order Partially refunded" in refund
    assert f"POST /v1/payments/{service.order(order)['payments'][0]['gateway_id']}/refunds" in refund
    assert "Webhook refund.succeeded" in refund
    assert '"reason" : "duplicate"' in refund
    assert "Idempotency key" in capture
    assert "payment Captured" in capture
    assert "order Paid" in capture
    assert page.text.count("Webhook payment.authorized") == 1

    shown = visitor.read(f"/payments/{payment['id']}")
    assert len(_acts(shown)) == len(acts) - 1
    assert shown.href(order["reference"]) == f"/orders/{order['id']}"
    assert "Visa ···· 4242" in shown.text
    assert '"status" : "partially_refunded"' in shown.text
    assert visitor.get("/payments/pay_00000000000000000000000000").status_code == 404


def test_what_was_heard_before_stays_where_it_was(visitor: Visitor, service: OrderService) -> None:
    order = service.place(5000)
    asked = service.pay(order, "visa_challenge", capture=True)
    approved = requests.post(asked["next_action"]["url"], {"decision": "approve"}, timeout=20, allow_redirects=False)
    assert approved.status_code in (200, 303)
    service.order_when(order, "paid")
    before = _acts(_settled(visitor, f"/orders/{order['id']}", 2))
    assert any(act.startswith("Webhook payment.captured") and "payment Captured" in act for act in before)
    assert service.call("POST", f"/orders/{order['id']}/refunds", {"amount": 700}).ok
    refund, *rest = _acts(_settled(visitor, f"/orders/{order['id']}", 3))
    assert "Captured" not in refund
    assert [_AGO.split(act)[0] for act in rest] == [_AGO.split(act)[0] for act in before]


def test_a_declined_try_stands_beside_the_one_that_paid(visitor: Visitor, service: OrderService) -> None:
    order = service.place(1000)
    first = service.pay(order, "visa_lost_card")
    second = service.pay(order, "visa_success", capture=True)
    declined = visitor.read(f"/payments/{first['id']}")
    assert "The card was reported lost." in declined.text
    assert "Never again with this card" in declined.text
    assert declined.href(second["id"]) == f"/payments/{second['id']}"
    assert "Refund" not in [link.text.strip() for link in declined.links]
    paid = visitor.read(f"/payments/{second['id']}")
    assert "Refund" in [link.text.strip() for link in paid.links]
    assert paid.href(first["id"]) == f"/payments/{first['id']}"


def test_a_lost_answer_is_told_with_each_try_and_never_as_failed(
    visitor: Visitor, service: OrderService, account: GatewayAccount
) -> None:
    order = service.place(1000)
    fault: Json = account.fault({"type": "drop_before"}, times=1000, operation="payment", reference=order["reference"])
    payment = service.pay(order)
    page = visitor.read(f"/payments/{payment['id']}")
    assert "The outcome is unknown" in page.text
    (act,) = _acts(page)
    assert "No answer yet" in act
    assert "no answer" in act
    account.call("DELETE", f"/_sandbox/faults/{fault['id']}")
    service.order_when(order, "authorized")
    (told,) = _acts(_settled(visitor, f"/payments/{payment['id']}", 1))
    assert "payment Authorized" in told
    assert re.search(r"asked the gateway \d+ times", told)
    assert "It is asked again with the same idempotency key." in told
