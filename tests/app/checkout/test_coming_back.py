"""3-D Secure from the customer's page: the outcome is the gateway's word, whoever comes back how often and when."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from app.payments.models import Payment
from tests.app.checkout.customer import Customer, is_page_of, times_told
from tests.app.screens.visitor import Visitor
from tests.clients import GatewayAccount, Json, OrderService, both_agree
from tests.stack import Stack


@pytest.fixture
def order(service: OrderService) -> Json:
    return service.place()


@pytest.fixture
def customer(service: OrderService, account: GatewayAccount, order: Json) -> Customer:
    return Customer(account, service.pay_link(order))


def challenge_of(customer: Customer, order: Json) -> str:
    """Pay with a card whose bank asks; the address of its page."""
    answer = customer.pay(order, "visa_challenge")
    assert answer.status_code == 303
    challenge = str(answer.headers["Location"])
    assert challenge.startswith(f"{customer.account.stack.gateway_url}/challenge/")
    return challenge


@pytest.mark.parametrize(
    ("decision", "status", "words"),
    [
        ("approve", "authorized", "Thank you"),
        ("fail", "declined", "The payment was not confirmed with your bank."),
        ("cancel", "declined", "The payment was not confirmed with your bank."),
    ],
)
def test_each_decision_shows_on_the_way_back_and_again(
    service: OrderService,
    account: GatewayAccount,
    visitor: Visitor,
    customer: Customer,
    order: Json,
    decision: str,
    status: str,
    words: str,
) -> None:
    back = customer.decide(challenge_of(customer, order), decision)
    for _ in range(3):
        assert is_page_of(customer.come_back(back), customer)
        assert words in customer.read().text
    assert service.order(order)["status"] == status
    both_agree(service.order(order), account.payments(order))
    page = visitor.read(f"/orders/{order['id']}")
    assert times_told(page, "The customer came back from 3-D Secure") == 1


def test_a_way_back_that_is_forged_or_taken_too_early_changes_nothing(
    service: OrderService, account: GatewayAccount, customer: Customer, order: Json
) -> None:
    challenge = challenge_of(customer, order)
    told = account.payments(order)[0]
    back = customer.way_back(order)
    for lie in ("", "?status=authorized", f"?payment={told['id']}&status=captured", "?payment=pay_other"):
        assert is_page_of(customer.come_back(back + lie), customer)
        assert "Confirm with your bank" in customer.read().text
    stranger = Customer(account, {"url": customer.url})
    stranger.read()
    for answer in (stranger.come_back(back), Customer(account, {"url": customer.url}).come_back(back)):
        assert answer.status_code == 403
        assert order["reference"] not in answer.text
    changed = back[:-1] + ("A" if back[-1] != "A" else "B")
    assert customer.come_back(changed).status_code == 404
    assert service.order(order)["status"] == "awaiting_authentication"

    assert urlsplit(customer.decide(challenge, "approve")).path == urlsplit(back).path
    service.order_when(order, "authorized")  # the event was quicker than the browser
    assert is_page_of(customer.come_back(back), customer)
    assert "Thank you" in customer.read().text
    both_agree(service.order(order), account.payments(order))


def test_a_challenge_that_is_walked_away_from_can_be_taken_up_or_given_up(
    service: OrderService, account: GatewayAccount, customer: Customer, order: Json
) -> None:
    challenge = challenge_of(customer, order)
    back = customer.way_back(order)
    page = customer.read()
    assert page.href("Go to your bank") == challenge
    assert is_page_of(customer.send(page.fields, "/restart"), customer)
    assert "The last try was given up." in customer.read().text
    assert service.order(order)["status"] == "awaiting_payment"
    assert is_page_of(customer.pay(order, "visa_success"), customer)
    assert is_page_of(customer.come_back(back), customer)
    assert "Thank you" in customer.read().text
    after = service.order(order)
    assert [payment["status"] for payment in after["payments"]] == ["authorized", "voided"]
    both_agree(after, account.payments(order))


def test_giving_up_what_was_confirmed_meanwhile_keeps_the_payment(
    service: OrderService, account: GatewayAccount, customer: Customer, order: Json
) -> None:
    challenge = challenge_of(customer, order)
    page = customer.read()
    customer.decide(challenge, "approve")
    assert is_page_of(customer.send(page.fields, "/restart"), customer)
    assert "Thank you" in customer.read().text
    assert service.order(order)["status"] == "authorized"


def test_a_challenge_that_nobody_decides_expires_and_another_card_pays(
    service: OrderService, account: GatewayAccount, customer: Customer, order: Json
) -> None:
    challenge_of(customer, order)
    account.clock(advance="PT15M")
    service.order_when(order, "payment_failed")
    assert "The payment was not confirmed in time." in customer.read().text
    assert is_page_of(customer.pay(order, "visa_success"), customer)
    assert "Thank you" in customer.read().text


def test_no_way_back_leads_to_another_site(stack: Stack, customer: Customer) -> None:
    for address in (
        "//evil.example",
        "/%2Fevil.example",
        "/%5Cevil.example",
        "/@evil.example",
        "/https:%2F%2Fevil.example",
        "/%0D%0ALocation:%20https:%2F%2Fevil.example",
        "/x?next=https://evil.example",
        "/" + "a" * 2000,
    ):
        answer = customer.come_back(f"{stack.dashboard_url}/pay/return{address}")
        assert answer.status_code in (404, 308), address
        led = answer.headers.get("Location", "/pay/return/")
        assert led.removeprefix(stack.dashboard_url).startswith("/pay/return/"), address


def test_only_a_page_is_where_a_browser_is_sent_to_confirm() -> None:
    for address, led in (("https://acs.example/1", True), ("javascript:alert(1)", False), ("//evil.example", False)):
        assert (Payment(next_action={"type": "redirect", "url": address}).challenge_url is not None) is led
    assert Payment(next_action=None).challenge_url is None
