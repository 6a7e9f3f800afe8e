"""The customer's page takes one card at a time, pays an order once, and says what is so and what to do now."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import requests

from app.checkout.tries import MOST_PER_ADDRESS, MOST_PER_LINK
from app.languages import LANGUAGES, language_of
from app.money import Money
from tests.app.checkout.customer import Customer, is_page_of, times_told
from tests.app.risk.desk import RiskDesk
from tests.app.screens.visitor import Visitor
from tests.clients import TIMEOUT, GatewayAccount, OrderService, both_agree
from tests.stack import until


def test_a_card_pays_and_the_order_knows_the_browser(
    service: OrderService, account: GatewayAccount, visitor: Visitor
) -> None:
    order = service.place(12345, "EUR", items=[{"name": "Grinder", "quantity": 1, "unit_amount": 12345}])
    customer = Customer(account, service.pay_link(order), "de-CH,de;q=0.9", **{"User-Agent": "Customer/1.0"})
    assert is_page_of(customer.pay(order, "visa_success"), customer)
    page = customer.read()
    assert "Vielen Dank" in page.text
    assert "Grinder" in customer.read("/receipt").text

    after = service.order(order)
    assert after["status"] == "authorized"
    assert after["customer"]["locale"] == "de-CH"
    context = after["context"]
    assert (context["ip"], context["user_agent"]) == (customer.address, "Customer/1.0")
    assert context["device_id"] in customer.session.cookies.values()
    both_agree(after, account.payments(order))
    assert account.payments(order)[0]["customer"]["ip"] == customer.address
    desk = visitor.read(f"/orders/{order['id']}")
    assert times_told(desk, "The customer opened the pay link") == 1
    assert "1 card sent" in desk.text
    assert f"{order['customer']['name']}, by form" in desk.text


def test_an_order_that_is_captured_at_once_says_that_it_is_paid(service: OrderService, account: GatewayAccount) -> None:
    order = service.place(capture_policy="automatic")
    customer = Customer(account, service.pay_link(order))
    customer.pay(order, "mastercard_success")
    assert "Your payment of $19.99 to Main store is made." in customer.read().text
    assert service.call("POST", f"/orders/{order['id']}/refunds", {"amount": 500}).ok
    assert "$5.00 of it came back to your card." in customer.read().text


def test_a_decline_says_what_to_do_and_another_card_pays(service: OrderService, account: GatewayAccount) -> None:
    order = service.place()
    customer = Customer(account, service.pay_link(order))
    for card, words in (
        ("visa_insufficient_funds", "There is not enough money in the account for this payment."),
        ("visa_stolen_card", "Your bank declined the payment and gave no reason. Please pay with another card."),
    ):
        assert is_page_of(customer.pay(order, card), customer)
        assert words in customer.read().text
    assert is_page_of(customer.pay(order, "visa_success"), customer)
    assert "Thank you" in customer.read().text
    after = service.order(order)
    assert [payment["status"] for payment in after["payments"]] == ["authorized", "declined", "declined"]
    both_agree(after, account.payments(order))


@pytest.mark.parametrize("same_form", [True, False], ids=["one form sent twice", "a form in each of two windows"])
def test_two_windows_pay_once(service: OrderService, account: GatewayAccount, same_form: bool) -> None:
    order = service.place()
    link = service.pay_link(order)
    customers = [Customer(account, link) for _ in range(4)]
    forms = [customer.form(customer.token(order, "visa_success")) for customer in customers]
    if same_form:
        customers, forms = customers[:1] * 4, forms[:1] * 4
    start = Barrier(len(forms))

    def send(number: int) -> requests.Response:
        start.wait(30)
        return customers[number].send(forms[number])

    with ThreadPoolExecutor(len(forms)) as pool:
        answers = list(pool.map(send, range(len(forms))))
    assert all(is_page_of(answer, customers[0]) for answer in answers)
    after = service.order_when(order, "authorized")
    assert len(after["payments"]) == 1
    both_agree(after, account.payments(order))
    assert "Thank you" in customers[0].read().text


@pytest.mark.parametrize(
    "wrong", [{"amount": 1}, {"currency": "EUR"}, {"token": "tok_nothing"}, {"token": ""}, {"token": "x" * 101}]
)
def test_what_is_no_card_for_this_order_begins_nothing(
    service: OrderService, account: GatewayAccount, wrong: dict[str, str | int]
) -> None:
    order = service.place()
    customer = Customer(account, service.pay_link(order))
    token = wrong["token"] if "token" in wrong else customer.token(order, "visa_success", **wrong)
    answer = customer.send(customer.form(str(token)))
    assert answer.status_code == 422
    assert "The card could not be taken. Nothing was charged." in answer.text
    assert service.order(order)["payments"] == []


def test_a_lost_answer_is_waited_for_and_never_paid_twice(service: OrderService, account: GatewayAccount) -> None:
    order = service.place()
    customer = Customer(account, service.pay_link(order))
    form = customer.form(customer.token(order, "visa_success"))
    late = customer.form(customer.token(order, "mastercard_success"))
    account.fault({"type": "drop_before"}, operation="payment", reference=order["reference"])
    assert is_page_of(customer.send(form), customer)
    waiting = customer.open()
    assert "We are asking your bank" in waiting.text
    assert "You will not pay twice." in waiting.text
    version = waiting.text.partition('data-version="')[2].partition('"')[0]
    assert is_page_of(customer.send(late), customer)
    account.no_faults()
    after = service.order_when(order, "authorized")
    assert len(after["payments"]) == 1
    both_agree(after, account.payments(order))
    assert customer.open(**{"X-Seen": version}).status_code == 200
    assert "Thank you" in customer.read().text


def test_who_tries_too_many_cards_is_stopped(service: OrderService, account: GatewayAccount) -> None:
    order = service.place()
    link = service.pay_link(order)
    for _ in range(MOST_PER_LINK):
        customer = Customer(account, link)  # as another browser, from another address
        customer.send(customer.form("tok_guessed"))
    answer = customer.pay(order, "visa_success")
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 3601
    assert "Too many cards were tried." in answer.text
    assert service.order(order)["payments"] == []


def test_who_tries_many_cards_on_many_links_is_stopped_and_others_are_not(
    service: OrderService, account: GatewayAccount
) -> None:
    links = [service.pay_link(service.place()) for _ in range(MOST_PER_ADDRESS // MOST_PER_LINK)]
    order = service.place()
    guesser = Customer(account, service.pay_link(order))
    for link in links:
        guesser.url = link["url"]
        form = guesser.form("tok_guessed")
        for _ in range(MOST_PER_LINK):
            assert guesser.send(form).status_code == 422
    guesser.url = service.pay_link(order)["url"]
    assert guesser.pay(order, "visa_success").status_code == 429
    assert service.order(order)["payments"] == []
    somebody = Customer(account, {"url": guesser.url})
    assert is_page_of(somebody.pay(order, "visa_success"), somebody)
    assert service.order(order)["status"] == "authorized"


@pytest.mark.parametrize(
    ("headers", "cookies"),
    [({"Origin": "https://evil.example"}, True), ({"Sec-Fetch-Site": "cross-site"}, True), ({}, False)],
)
def test_a_form_of_another_site_is_refused(
    service: OrderService, account: GatewayAccount, headers: dict[str, str], cookies: bool
) -> None:
    order = service.place()
    customer = Customer(account, service.pay_link(order))
    form = customer.form(customer.token(order, "visa_success"))
    if not cookies:
        customer.session.cookies.clear()
    for to in ("/payments", "/restart"):
        assert customer.send(form, to, **headers).status_code == 403
    assert service.order(order)["payments"] == []


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_page_speaks_the_customers_language(service: OrderService, account: GatewayAccount, code: str) -> None:
    order = service.place(123456, "EUR", customer={"email": "ann@example.com", "name": "Ann", "locale": code})
    language = language_of(code)
    customer = Customer(account, service.pay_link(order), "ja,pt;q=0.8")
    answer = customer.open()
    assert f'<html lang="{language.tag}">' in answer.text
    pays = language.say("Pay {amount}", amount=language.money(Money(123456, "EUR")))
    assert pays.replace("\u202f", " ").replace("\xa0", " ") in customer.read().text.replace("\u202f", " ")
    assert '<html lang="fr">' in customer.open("?language=fr").text
    assert '<html lang="fr">' in customer.open().text, "what was chosen stays chosen"


def test_the_browser_that_was_seen_is_judged_and_the_page_says_no_more_than_it_must(
    service: OrderService, account: GatewayAccount, visitor: Visitor
) -> None:
    order = service.place(capture_policy="automatic")
    customer = Customer(account, service.pay_link(order))
    customer.open()
    (device,) = (cookie.value for cookie in customer.session.cookies if "device" in cookie.name)
    desk, rule = RiskDesk(visitor), {"name": f"Seen {order['reference']}", "condition": f'device.id = "{device}"'}
    address = desk.rule(rule["condition"], "block", name=rule["name"])
    assert is_page_of(customer.pay(order, "visa_success"), customer)
    assert "The payment could not be made. Nothing was charged." in customer.read().text
    assert account.payments(order) == []

    assert desk.save(address, **rule, action="review").ok
    assert is_page_of(customer.pay(order, "visa_success"), customer)
    page = customer.read().text
    assert "Your payment is being checked" in page
    assert rule["name"] not in page
    assert customer.open("/receipt").status_code == 303
    assert desk.decides(service.order(order)["payments"][0]["id"], "approve").ok
    service.order_when(order, "paid")
    assert "Your payment of $19.99 to Main store is made." in customer.read().text


def test_only_this_page_lets_a_browser_reach_the_gateway(service: OrderService, account: GatewayAccount) -> None:
    order = service.place()
    customer = Customer(account, service.pay_link(order))
    page = customer.open()
    policy = page.headers["Content-Security-Policy"]
    assert f"connect-src 'self' {account.stack.gateway_url};" in policy
    assert f"form-action 'self' {account.stack.gateway_url};" in policy
    assert "script-src 'self';" in policy
    assert page.headers["Referrer-Policy"] == "same-origin"
    assert page.headers["Cache-Control"] == "no-store"
    gone = requests.get(f"{account.stack.dashboard_url}/pay/nothing", timeout=TIMEOUT)
    assert account.stack.gateway_url not in gone.headers["Content-Security-Policy"]


def test_what_the_browser_keeps_is_kept_from_scripts_and_other_sites(
    service: OrderService, account: GatewayAccount
) -> None:
    customer = Customer(account, service.pay_link(service.place()))
    kept = customer.open().raw.headers.getlist("Set-Cookie")
    assert len(kept) == 2
    for cookie in kept:
        assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))


def test_no_card_can_be_typed_into_what_is_sent_here(service: OrderService, account: GatewayAccount) -> None:
    """The boxes of the card form have no names, so no browser ever sends them."""
    order = service.place()
    fields = Customer(account, service.pay_link(order)).read().fields
    assert set(fields) == {"csrf_token", "request_key", "token"}


def test_a_payment_that_takes_its_time_is_told_once_it_is_known(service: OrderService, account: GatewayAccount) -> None:
    order = service.place()
    customer = Customer(account, service.pay_link(order))
    assert is_page_of(customer.pay(order, "visa_processing_approved"), customer)
    page = customer.open()
    assert "We are asking your bank" in page.text
    version = page.text.partition('data-version="')[2].partition('"')[0]
    assert customer.open(**{"X-Seen": version}).status_code == 204
    account.clock(advance="PT10M")
    until(lambda: customer.open(**{"X-Seen": version}).status_code == 200, what="news of the payment", within=30)
    assert "Thank you" in customer.read().text
