"""A pay link opens its own order, to whoever has it, for as long as it works, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import requests
from sqlalchemy import text

from app.config import database_url_of
from app.db import make_engine
from tests.app.checkout.customer import Customer, times_told
from tests.app.screens.visitor import Read, Visitor
from tests.clients import TIMEOUT, GatewayAccount, Json, OrderService
from tests.stack import Stack


def let_it_expire(stack: Stack, link: Json) -> None:
    """As time does; links go by the wall's clock, which no test can move."""
    engine = make_engine(database_url_of(stack.database_url), pool_size=1)
    past = text("UPDATE pay_links SET expires_at = created_at WHERE id = :id")
    with engine.execution_options(writes=True).begin() as connection:
        assert connection.execute(past, {"id": link["id"]}).rowcount == 1
    engine.dispose()


def tells_nothing_of(order: Json, answer: requests.Response) -> bool:
    return order["reference"] not in answer.text and order["customer"]["name"] not in answer.text


def test_an_address_that_was_changed_opens_nothing(service: OrderService, account: GatewayAccount) -> None:
    order, other = service.place(), service.place()
    url, foreign = service.pay_link(order)["url"], service.pay_link(other)["url"]
    head, _, signature = url.rpartition(".")
    base, _, link_id = head.rpartition("/")
    changed = [
        f"{head}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}",
        f"{head}.{signature[:-1]}",
        head,
        f"{head}.",
        f"{foreign.rpartition('.')[0]}.{signature}",
        f"{base}/{order['id']}.{signature}",
        f"{base}/{link_id.upper()}.{signature}",
        f"{base}/%00.{signature}",
        f"{base}/ü",
    ]
    for address in changed:
        for path in ("", "/receipt"):
            answer = requests.get(address + path, timeout=TIMEOUT)
            assert answer.status_code == 404, address
            assert tells_nothing_of(order, answer)
            assert tells_nothing_of(other, answer)
        customer = Customer(account, {"url": url})
        form = customer.form(customer.token(order, "visa_success"))
        answer = customer.session.post(f"{address}/payments", data=form, timeout=TIMEOUT)
        assert answer.status_code == 404, address
    assert service.order(order)["payments"] == []


def test_an_expired_link_opens_nothing_and_takes_no_card(
    stack: Stack, service: OrderService, account: GatewayAccount
) -> None:
    order = service.place()
    link = service.pay_link(order, days=1)
    customer = Customer(account, link)
    form = customer.form(customer.token(order, "visa_success"))
    let_it_expire(stack, link)
    for answer in (customer.open(), customer.open("/receipt"), customer.send(form), customer.send(form, "/restart")):
        assert answer.status_code == 410
        assert "Its time is over." in answer.text
        assert tells_nothing_of(order, answer)
    assert service.order(order)["payments"] == []
    listed = service.call("GET", f"/orders/{order['id']}/pay_links").json()["data"]
    assert [(one["id"], one["status"], one["url"]) for one in listed] == [(link["id"], "expired", None)]
    assert service.call("POST", f"/pay_links/{link['id']}/revoke").json()["code"] == "link_expired"


def test_a_link_made_and_revoked_at_the_desk(visitor: Visitor, service: OrderService, account: GatewayAccount) -> None:
    order = service.place()
    at = f"/orders/{order['id']}"
    refused = visitor.send(f"{at}/pay-link", f"{at}/pay-links", days="91")
    assert refused.status_code == 422
    assert "A link works for 1 to 90 days." in Read(refused.text).text
    assert visitor.send(f"{at}/pay-link", f"{at}/pay-links", days="3").status_code == 200
    link = service.call("GET", f"{at}/pay_links").json()["data"][0]
    ends = datetime.fromisoformat(link["expires_at"])
    assert timedelta(days=2) < ends - datetime.now(UTC) <= timedelta(days=3)
    assert link["url"] in visitor.read(at).text

    customer = Customer(account, link)
    assert order["reference"] in customer.read().text
    customer.read()
    page = visitor.read(at)
    assert "Opened in 1 browser" in page.text
    assert times_told(page, "The customer opened the pay link") == 1

    revoke = f"/pay-links/{link['id']}/revoke"
    for _ in range(2):
        assert visitor.send(revoke, revoke).status_code == 200
    answer = customer.open()
    assert answer.status_code == 410
    assert "has taken it back" in answer.text
    page = visitor.read(at)
    assert link["url"] not in page.text
    assert times_told(page, "Pay link revoked") == 1


def test_a_canceled_order_says_so_and_takes_no_card(service: OrderService, account: GatewayAccount) -> None:
    order = service.place()
    customer = Customer(account, service.pay_link(order))
    form = customer.form(customer.token(order, "visa_success"))
    assert service.call("POST", f"/orders/{order['id']}/cancel", {"reason": "Ordered twice"}).ok
    assert "This order was canceled" in customer.read().text
    assert customer.send(form).status_code == 303
    assert customer.open("/receipt").status_code == 303
    assert service.order(order)["payments"] == []


def test_who_may_make_links_and_of_what(stack: Stack, service: OrderService) -> None:
    order, paid = service.place(), service.place()
    service.pay(paid)
    at = f"/orders/{order['id']}/pay_links"
    first, again = (service.call("POST", at, {}, **{"Idempotency-Key": order["reference"]}).json() for _ in range(2))
    assert first == again
    assert len(service.call("GET", at).json()["data"]) == 1
    for body, pointer in (({"days": 0}, "/days"), ({"days": 91}, "/days"), ({"days": "7"}, "/days")):
        refused = service.call("POST", at, body)
        assert (refused.status_code, refused.json()["param"]) == (422, pointer)
    assert service.call("POST", f"/orders/{paid['id']}/pay_links", {}).json()["code"] == "invalid_transition"
    assert service.call("POST", f"/pay_links/{'pln_' + '0' * 26}/revoke").status_code == 404
    viewer = OrderService(stack, "viewer")
    assert {viewer.call("POST", at, {}).status_code, viewer.call("GET", at).status_code} == {403}


def test_only_who_takes_payments_sees_the_address(stack: Stack, service: OrderService) -> None:
    order = service.place()
    link = service.pay_link(order)
    page = Visitor(stack, "viewer").read(f"/orders/{order['id']}").text
    assert "Not opened yet" in page
    assert link["url"] not in page


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded"])
def test_nobody_says_for_themselves_where_they_come_from(
    service: OrderService, account: GatewayAccount, header: str
) -> None:
    order = service.place(context={"ip": "203.0.113.9", "ip_country": "DE"})
    customer = Customer(account, service.pay_link(order), **{header: "for=198.51.100.7, 198.51.100.7"})
    customer.pay(order, "visa_success")
    context = service.order(order)["context"]
    assert context["ip"] == customer.address
    assert "ip_country" not in context
