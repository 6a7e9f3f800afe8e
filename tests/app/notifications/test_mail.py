"""Customers are told by e-mail, in their language, whatever the mail server does."""

from __future__ import annotations

import secrets
from typing import Any

from tests.app.notifications.test_callbacks import about, hurry, rows, status_of
from tests.clients import GatewayAccount, OrderService
from tests.gateway.receiver import Receiver
from tests.mailbox import Mailbox
from tests.stack import Stack, until


def somebody(name: str = "Ann Example", locale: str | None = None) -> dict[str, Any]:
    found = {"email": f"{secrets.token_hex(5)}@customers.example", "name": name}
    return {"customer": found | ({"locale": locale} if locale else {})}


def test_a_payment_is_confirmed_with_a_receipt(service: OrderService, box: Mailbox) -> None:
    who = somebody()
    order = service.place(4999, items=[{"name": "Mug", "quantity": 1, "unit_amount": 4999}], **who)
    service.pay(order, capture=True)
    (letter,) = box.wait_for(who["customer"]["email"])
    assert letter.subject == f"Payment received for order {order['reference']}"
    assert letter.message["From"] == "Coffee Shop <pay@shop.example>"
    assert letter.message["Content-Language"] == "en-US"
    for part in ("plain", "html"):
        words = letter.part(part)
        assert "$49.99" in words
        assert "Mug" in words
        assert "ending in 4242" in words
        assert "Hello Ann Example," in words


def test_a_decline_says_what_to_do_with_a_link_to_pay_again(
    telling: Stack, service: OrderService, box: Mailbox
) -> None:
    who = somebody(locale="de-DE")
    order = service.place(1999, "EUR", **who)
    service.pay(order, "visa_insufficient_funds")
    (letter,) = box.wait_for(who["customer"]["email"])
    words = letter.part("plain")
    assert "19,99\u00a0€" in words
    assert "Auf dem Konto ist nicht genug Geld für diese Zahlung." in words
    assert f"{telling.dashboard_url}/pay/" in words
    assert f"{telling.dashboard_url}/my/" in words


def test_a_stolen_card_is_not_called_one(service: OrderService, box: Mailbox) -> None:
    who = somebody()
    service.pay(service.place(**who), "visa_stolen_card")
    (letter,) = box.wait_for(who["customer"]["email"])
    words = (letter.part("plain") + letter.part("html")).lower()
    assert "please pay with another card" in words
    assert "stolen" not in words


def test_a_refund_is_told_when_it_succeeded_and_when_it_failed_after_all(
    telling: Stack, service: OrderService, box: Mailbox
) -> None:
    who = somebody(locale="fr-FR")
    order = service.place(3000, "EUR", **who)
    service.pay(order, "visa_refund_fails_later", capture=True)
    service.call("POST", f"/orders/{order['id']}/refunds", {"amount": 1000})
    box.wait_for(who["customer"]["email"], 2)  # in either order, where the worker has its hands full
    GatewayAccount(telling).clock(advance="P10D")
    letters = box.wait_for(who["customer"]["email"], 3)
    subjects = [letter.subject.split(" pour ")[0].split(" de la ")[0] for letter in letters]
    assert sorted(subjects[:2]) == ["Paiement reçu", "Votre remboursement"]
    assert subjects[2] == "Votre remboursement"
    assert "est pas arrivé" in letters[-1].subject
    assert "10,00\u00a0€" in letters[-1].part("plain")


def test_a_name_cannot_smuggle_in_a_header(service: OrderService, box: Mailbox) -> None:
    who = somebody('Eve "x" <eve@evil.example>, \\ Bcc: all@evil.example')
    service.pay(service.place(**who), capture=True)
    (letter,) = box.wait_for(who["customer"]["email"])
    assert letter.recipients == [who["customer"]["email"]]
    assert letter.message["Bcc"] is None
    assert [one.addr_spec for one in letter.message["To"].addresses] == [who["customer"]["email"]]


def test_markup_in_names_stays_text(service: OrderService, box: Mailbox) -> None:
    who = somebody("<svg onload=alert(1)> {merchant} {{ 7*7 }}")
    service.pay(service.place(**who), capture=True)
    (letter,) = box.wait_for(who["customer"]["email"])
    assert "<svg" not in letter.part("html")
    assert "<svg onload=alert(1)> {merchant} {{ 7*7 }}" in letter.part("plain")


def test_an_address_that_is_refused_for_good_is_given_up_and_told(
    telling: Stack, service: OrderService, box: Mailbox
) -> None:
    who = somebody()
    box.refuse[who["customer"]["email"]] = "550 no such mailbox"
    order = service.place(**who)
    service.pay(order, capture=True)
    question = "SELECT m.id, m.last_error FROM messages m WHERE m.order_id = :id AND m.status = 'failed'"
    (failed,) = until(lambda: rows(telling, question, id=order["id"]), what="the e-mail to be given up")
    assert "no such mailbox" in failed[1]
    assert rows(telling, "SELECT 1 FROM notices WHERE subject_id = :id", id=failed[0])


def test_no_card_number_is_in_any_message(telling: Stack, service: OrderService, box: Mailbox) -> None:
    who = somebody()
    service.pay(service.place(**who), capture=True)
    (letter,) = box.wait_for(who["customer"]["email"])
    assert "424242" not in letter.message.as_string()
    bodies = rows(telling, "SELECT coalesce(body, '') || coalesce(html, '') FROM messages")
    assert not [body for (body,) in bodies if "4242424242424242" in body]


def test_a_mail_server_that_stalls_holds_up_nothing_and_a_restart_loses_nothing(
    telling: Stack, service: OrderService, box: Mailbox, receiver: Receiver
) -> None:
    taken = receiver.rule
    people = [somebody() for _ in range(6)]
    box.speaks.clear()
    try:
        for who in people:
            service.pay(service.place(**who), capture=True)
        # All that may wait for the mail server does by now; what is work is done meanwhile.
        order = service.place()
        service.pay(order, "visa_processing_approved")
        GatewayAccount(telling).clock(advance="PT11M")
        service.order_when(order, "authorized")
        receiver.rule = lambda _request: None
        untold = service.place()
        until(lambda: about(receiver, untold), what="a callback that nobody answers")
        assert not any(box.to(who["customer"]["email"]) for who in people)
        telling.kill()
    finally:
        box.speaks.set()
        receiver.rule = taken
    telling.restart()
    hurry(telling, about(receiver, untold)[0].id)
    for who in people:
        rows(telling, "UPDATE jobs SET run_at = '2020-01-01 00:00:00+00' WHERE kind = 'send_mail' AND state = 'ready'")
        box.wait_for(who["customer"]["email"])
    until(lambda: status_of(telling, about(receiver, untold)[0].id) == "sent", what="the callback to be taken")
