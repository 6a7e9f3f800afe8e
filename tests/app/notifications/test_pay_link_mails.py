"""A pay link is mailed from the desk or over the API: to whom and in the language that was wished, while it works."""

from __future__ import annotations

import re
from functools import partial

import pytest
import requests
from sqlalchemy import update

from app.clock import wall_now
from app.languages import LANGUAGES, language_of
from app.money import Money
from app.notifications.models import Message
from app.notifications.often import MOST_PER_ADDRESS, MOST_PER_ORDER, MOST_TIMES, WITHIN
from tests.app.notifications.test_callbacks import hurry, rows
from tests.app.notifications.test_mail import somebody
from tests.app.people.rows import by_hand
from tests.app.screens.visitor import Read, Visitor
from tests.clients import TIMEOUT, Json, OrderService
from tests.mailbox import Letter, Mailbox
from tests.stack import Stack, until


@pytest.fixture(scope="module")
def visitor(telling: Stack) -> Visitor:
    """An administrator."""
    return Visitor(telling)


def link_in(letter: Letter) -> str:
    """The address of the page on which the order is paid; both parts of the letter lead there."""
    found = re.search(r"http://\S+/pay/\S+", letter.part("plain"))
    assert found is not None
    assert found[0] in letter.part("html")
    return found[0]


def mail(visitor: Visitor, order: Json, **written: str) -> requests.Response:
    at = f"/orders/{order['id']}/pay-link/mail"
    return visitor.post(at, visitor.read(at).fields | written)


def statuses(telling: Stack, order: Json) -> list[str]:
    question = "SELECT status FROM messages WHERE order_id = :id AND kind = 'pay_link' ORDER BY id"
    return [status for (status,) in rows(telling, question, id=order["id"])]


def test_the_letter_leads_its_reader_to_the_page_in_the_language_that_was_chosen(
    telling: Stack, service: OrderService, box: Mailbox, visitor: Visitor
) -> None:
    who = somebody(locale="en-GB")
    order = service.place(123456, "EUR", **who)
    assert mail(visitor, order, language="de").status_code == 200
    (letter,) = box.wait_for(who["customer"]["email"])
    german = language_of("de")
    assert letter.subject == german.say("Please pay order {reference}", reference=order["reference"])
    assert german.money(Money(123456, "EUR")) in letter.part("plain")
    assert f"{telling.dashboard_url}/my/" in letter.part("plain")
    page = requests.get(link_in(letter), timeout=TIMEOUT)
    assert page.status_code == 200
    assert order["reference"] in page.text
    desk = visitor.read(f"/orders/{order['id']}")
    assert f"Mailed to {who['customer']['email']}" in desk.text
    assert "Pay link mailed to the customer" in desk.text


def test_a_form_sent_twice_mails_once_and_another_one_the_same_link(
    telling: Stack, service: OrderService, box: Mailbox, visitor: Visitor
) -> None:
    who = somebody()
    order = service.place(**who)
    at = f"/orders/{order['id']}/pay-link/mail"
    form = visitor.read(at).fields
    for _ in range(2):
        assert visitor.post(at, form).status_code == 200
    assert len(statuses(telling, order)) == 1
    assert mail(visitor, order).status_code == 200
    first, second = box.wait_for(who["customer"]["email"], 2)
    assert link_in(first) == link_in(second)
    assert len(service.call("GET", f"/orders/{order['id']}/pay_links").json()["data"]) == 1


def test_another_address_is_led_to_this_order_and_to_nothing_else_of_the_customer(
    service: OrderService, box: Mailbox, visitor: Visitor
) -> None:
    other = somebody()["customer"]["email"]
    order = service.place(**somebody())
    assert mail(visitor, order, to=f" {other} ").status_code == 200
    (letter,) = box.wait_for(other)
    assert link_in(letter)
    assert "/my/" not in letter.part("plain") + letter.part("html")
    assert "Pay link mailed to another address" in visitor.read(f"/orders/{order['id']}").text


@pytest.mark.parametrize("wrong", ["", "nowhere", "ann@example.com, bob@example.com", "a b@example.com", "@"])
def test_what_is_no_address_is_said_beside_it_and_kept(
    telling: Stack, service: OrderService, visitor: Visitor, wrong: str
) -> None:
    order = service.place()
    answer = mail(visitor, order, to=wrong, language="fr")
    assert answer.status_code == 422
    page = Read(answer.text)
    assert "Write an e-mail address, like ann@example.com." in page.text
    assert (page.fields["to"], page.fields["language"]) == (wrong, "fr")
    assert statuses(telling, order) == []


def test_a_link_taken_back_before_its_letter_went_out_is_not_mailed(
    telling: Stack, service: OrderService, box: Mailbox, visitor: Visitor
) -> None:
    who = somebody()
    box.refuse[who["customer"]["email"]] = "451 come back later"
    order = service.place(**who)
    link = service.call("POST", f"/orders/{order['id']}/pay_links", {"mail": {}}).json()
    message = link["mails"][0]["id"]
    tried = "SELECT 1 FROM message_tries WHERE message_id = :id"
    until(lambda: rows(telling, tried, id=message), what="a first try")
    assert service.call("POST", f"/pay_links/{link['id']}/revoke").ok
    del box.refuse[who["customer"]["email"]]

    def dropped() -> bool:
        hurry(telling, message)
        return statuses(telling, order) == ["dropped"]

    until(dropped, what="the letter to be dropped")
    assert box.to(who["customer"]["email"]) == []
    assert "The pay link does not work any more." in visitor.read(f"/notifications/{message}").text


def test_the_api_makes_and_mails_a_link_at_once_and_tells_what_became_of_it(
    service: OrderService, box: Mailbox
) -> None:
    who, other = somebody(locale="es-MX"), somebody()["customer"]["email"]
    order = service.place(**who)
    at = f"/orders/{order['id']}/pay_links"
    key = {"Idempotency-Key": order["reference"]}
    link, again = (service.call("POST", at, {"mail": {}}, **key).json() for _ in range(2))
    assert again["mails"] == link["mails"]
    (letter,) = box.wait_for(who["customer"]["email"])
    assert letter.message["Content-Language"] == "es-MX"
    assert link_in(letter) == link["url"]
    assert service.call("POST", at, {"mail": {"to": other, "language": "it"}}).status_code == 201
    box.wait_for(other)

    def told() -> list[tuple[str, str]]:
        found = service.call("GET", at).json()["data"]
        return [(one["to"], one["status"]) for link in found for one in link["mails"]]

    until(lambda: told() == [(other, "sent"), (who["customer"]["email"], "sent")], what="both letters to be sent")
    for body, pointer in (
        ({"mail": {"to": "nowhere"}}, "/mail/to"),
        ({"mail": {"language": "tlh"}}, "/mail/language"),
        ({"mail": "ann@example.com"}, "/mail"),
    ):
        refused = service.call("POST", at, body)
        assert (refused.status_code, refused.json()["param"]) == (422, pointer)
    assert len(service.call("GET", at).json()["data"]) == 2


def test_the_dialog_shows_the_letter_and_leads_nowhere_yet(service: OrderService, visitor: Visitor) -> None:
    order = service.place(**somebody())
    at = f"/orders/{order['id']}/pay-link"
    for code in LANGUAGES:
        page = visitor.read(f"{at}/mail?language={code}")
        assert language_of(code).say("Please pay order {reference}", reference=order["reference"]) in page.text
        framed = visitor.get(f"{at}/letter?language={code}")
        assert f'<html lang="{language_of(code).tag}">' in framed.text
        assert "sandbox" in framed.headers["Content-Security-Policy"]
        assert framed.headers["X-Frame-Options"] == "SAMEORIGIN"
        assert "/pay/…" in framed.text
    assert service.call("GET", f"/orders/{order['id']}/pay_links").json()["data"] == []
    looked = mail(visitor, order, to="bob@example.com", language="nl", look="1")
    assert Read(looked.text).fields["to"] == "bob@example.com"
    assert service.call("GET", f"/orders/{order['id']}/pay_links").json()["data"] == []


def test_a_paid_order_takes_no_letter(telling: Stack, service: OrderService, visitor: Visitor) -> None:
    order = service.place()
    at = f"/orders/{order['id']}/pay-link/mail"
    form = visitor.read(at).fields
    service.pay(order)
    assert visitor.get(at).status_code == 409
    assert visitor.post(at, form).status_code == 409
    assert statuses(telling, order) == []


def test_a_link_is_mailed_a_few_times_a_day_and_no_more(
    telling: Stack, service: OrderService, visitor: Visitor
) -> None:
    order = service.place(**somebody())
    at = f"/orders/{order['id']}/pay_links"
    key = {"Idempotency-Key": order["reference"]}
    for _ in range(MOST_PER_ORDER - 1):
        assert service.call("POST", at, {"mail": {"to": somebody()["customer"]["email"]}}).status_code == 201
    last = service.call("POST", at, {"mail": {}}, **key)
    assert last.status_code == 201
    refused = service.call("POST", at, {"mail": {}})
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert f"{MOST_PER_ORDER} such letters about this order" in refused.json()["detail"]
    assert 0 < int(refused.headers["Retry-After"]) <= WITHIN.total_seconds()
    assert service.call("POST", at, {"mail": {}}, **key).json() == last.json(), "what was done is not refused"
    at_desk = mail(visitor, order)
    assert at_desk.status_code == 429
    assert "would be taken for spam" in at_desk.text
    assert len(statuses(telling, order)) == len(service.call("GET", at).json()["data"]) == MOST_PER_ORDER
    assert service.call("POST", at, {}).status_code == 201, "a link that nobody mails is made all the same"

    with by_hand(telling) as connection:
        earlier = update(Message).where(Message.order_id == order["id"]).values(recorded_at=wall_now() - WITHIN)
        connection.execute(earlier)
    assert mail(visitor, order).status_code == 200


def test_one_mailbox_gets_only_so_many_links_of_all_orders(service: OrderService) -> None:
    other = somebody()["customer"]["email"]

    def mailed() -> int:
        order = service.place(**somebody())
        return service.call("POST", f"/orders/{order['id']}/pay_links", {"mail": {"to": other}}).status_code

    assert {mailed() for _ in range(MOST_PER_ADDRESS)} == {201}
    assert mailed() == 429


def test_one_letter_is_sent_again_a_few_times_a_day_and_no_more(
    telling: Stack, service: OrderService, box: Mailbox, visitor: Visitor
) -> None:
    who = somebody()
    order = service.place(**who)
    message = service.call("POST", f"/orders/{order['id']}/pay_links", {"mail": {}}).json()["mails"][0]["id"]
    form = visitor.read(f"/notifications/{message}").fields

    def has_been_sent(times: int) -> bool:
        done = "SELECT 1 FROM message_tries WHERE message_id = :id AND error IS NULL"
        return len(rows(telling, done, id=message)) == times

    for number in range(1, MOST_TIMES + 1):
        until(partial(has_been_sent, number), what="the letter to be sent")
        answer = visitor.post(f"/notifications/mails/{message}/resend", form)
        assert answer.status_code == (200 if number < MOST_TIMES else 429), number
    assert f"sent {MOST_TIMES} times within a day" in answer.text
    assert len(box.to(who["customer"]["email"])) == MOST_TIMES
