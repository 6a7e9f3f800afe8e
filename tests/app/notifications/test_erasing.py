"""A customer is erased on request: no table and no log names them, the money is the same, and it waits for money."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable
from typing import Any

import pytest
import requests
from sqlalchemy.exc import DBAPIError

from tests.app.checkout.customer import Customer
from tests.app.disputes.desk import Desk
from tests.app.disputes.test_files import attach
from tests.app.notifications.test_callbacks import about, rows, wait_for
from tests.app.notifications.test_mail import somebody
from tests.app.people.rows import all_text, by_hand
from tests.app.screens.visitor import Visitor
from tests.clients import GatewayAccount, Json, OrderService
from tests.gateway.receiver import Receiver
from tests.mailbox import Mailbox
from tests.stack import Stack, until

MONEY = {
    "orders": "id, reference, status, version, amount_minor, amount_authorized_minor, amount_captured_minor,"
    " amount_refunded_minor, currency, disputed, card_network, card_last4, created_at",
    "payments": "id, order_id, gateway_id, gateway_version, status, version, amount_minor, amount_captured_minor,"
    " amount_refunded_minor, amount_refundable_minor, amount_disputed_minor, currency, created_at, authorized_at",
    "captures": "id, payment_id, amount_minor, currency, created_at",
    "refunds": "id, payment_id, amount_minor, currency, status, reason, created_at",
    "disputes": "id, payment_id, version, status, amount_minor, fee_minor, currency, taken_at, decided_at",
    "attempts": "id, payment_id, operation, amount_minor, idempotency_key, opened_at, closed_at, outcome, result_id",
}


def money(stack: Stack) -> dict[str, list[tuple[Any, ...]]]:
    """Every row and column that tells of money."""
    return {
        table: [tuple(row) for row in rows(stack, f"SELECT {columns} FROM {table} ORDER BY id")]  # noqa: S608
        for table, columns in MONEY.items()
    }


@pytest.fixture(scope="module")
def admin(telling: Stack) -> Visitor:
    return Visitor(telling)


def erase(visitor: Visitor, customer_id: str, **written: str) -> requests.Response:
    """Fill the form and send it."""
    at = f"/customers/{customer_id}/erase"
    return visitor.send(at, at, **({"reason": "Asked for by letter", "is_sure": "y"} | written))


class Person:
    """Somebody whose every word is unmistakable, and who did everything that a customer can do."""

    def __init__(self, stack: Stack, service: OrderService, admin: Visitor, box: Mailbox) -> None:
        self.stack, self.service, self.admin, self.box = stack, service, admin, box
        self.account = GatewayAccount(stack)
        self.desk = Desk(stack)
        self.mark = f"quux{secrets.token_hex(3)}"
        self.name, self.first_name = f"Zebulon{self.mark} Unmistakable-Østergård", f"Zebulon{self.mark}"
        self.email = f"{self.first_name}@erase.example"
        self.context = {"ip": "203.0.113.77", "device_id": f"device-{self.mark}", "user_agent": f"{self.mark}-web/7.7"}
        self.phone, self.tracking = f"+1 555 {self.mark}", f"TRACK-{self.mark}"
        self.orders: list[Json] = []
        self.addresses: set[str] = set()

    @property
    def id(self) -> str:
        return str(self.orders[0]["customer"]["id"])

    @property
    def words(self) -> set[str]:
        """What must be found nowhere afterwards."""
        told = {self.mark, self.name, self.email, self.phone, self.tracking, "203.0.113.77", "Østergård"}
        return told | set(self.context.values()) | self.addresses

    def place(self, amount: int = 4999, **more: Any) -> Json:
        order = self.service.place(
            amount,
            customer={"email": self.email, "name": self.name, "locale": "de-DE"},
            context=self.context,
            metadata={"phone": self.phone},
            items=[{"name": f"Mug for {self.name}", "quantity": 1, "unit_amount": amount}],
            **more,
        )
        self.orders.append(order)
        return order

    def live(self) -> None:
        """Pay, be refunded, pay by link, be declined, cancel, dispute, be shipped to."""
        self.pay_and_be_refunded()
        self.pay_by_link()
        self.service.pay(self.place(), "visa_insufficient_funds")
        self.service.call("POST", f"/orders/{self.place()['id']}/cancel", {"reason": f"{self.first_name} rang"})
        self.dispute()
        self.ask_for_much_back()
        at = f"/orders?customer={self.email}"
        self.admin.send(at, "/lists/orders/views", name="Theirs", query=f"customer={self.email}")
        self.account.call("POST", "/_sandbox/drain", {"timeout": 10})
        self.box.wait_for(self.email, 6)

    def pay_and_be_refunded(self) -> None:
        order = self.place(reference=f"R-{secrets.token_hex(4)}")
        body = {"test_card": "visa_success", "capture": True}
        key = {"Idempotency-Key": secrets.token_hex(8)}
        assert self.service.call("POST", f"/orders/{order['id']}/payments", body, **key).ok
        note = {"amount": 1000, "reason": "other", "note": f"{self.first_name} was unhappy"}
        assert self.service.call("POST", f"/orders/{order['id']}/refunds", note).ok
        sent = self.admin.send(
            f"/orders/{order['id']}/ship", f"/orders/{order['id']}/shipments", tracking=self.tracking
        )
        assert sent.status_code == 200, sent.text

    def pay_by_link(self) -> None:
        order = self.place()
        self.link = self.service.pay_link(order)
        browser = Customer(self.account, self.link, "de", **{"User-Agent": f"{self.mark}-phone/9"})
        self.addresses.add(browser.address)
        assert browser.pay(order, "visa_success").status_code == 303
        assert self.service.call("POST", f"/orders/{order['id']}/captures", {}).ok

    def dispute(self) -> None:
        order = self.place()
        self.service.pay(order, capture=True)
        dispute = self.desk.opened(order)
        attach(self.desk, dispute, [("receipt.txt", f"Signed by {self.name}".encode())])
        self.desk.gather(dispute["id"], customer_name=self.name, uncategorized_text=f"{self.first_name} got it")
        self.desk.submit(dispute["id"])
        self.desk.move(dispute["id"], "win")
        until(lambda: not self.service.order(order)["disputed"], what="the dispute to be over")

    def ask_for_much_back(self) -> None:
        order = self.place(120_000)
        self.service.pay(order, capture=True)
        asked = self.service.call("POST", f"/orders/{order['id']}/refunds", {"note": f"For {self.name}"}).json()
        at = f"/approvals/{asked['approval']['id']}"
        said = f"{self.first_name} kept it"
        answer = self.admin.send(at, f"{at}/decision", decision="refuse", reason=said)
        assert answer.status_code == 200, answer.text


@pytest.fixture(scope="module")
def person(telling: Stack, admin: Visitor, box: Mailbox) -> Person:
    somebody_ = Person(telling, OrderService(telling), admin, box)
    somebody_.live()
    return somebody_


def found_in(words: set[str], text: str) -> set[str]:
    return {word for word in words if word.lower() in text.lower()}


def rows_with(words: set[str], stack: Stack) -> list[str]:
    """Every row of every table that has one of the words."""
    return [row for row in all_text(stack).splitlines() if found_in(words, row)]


@pytest.mark.timeout(300)  # a whole life comes before it
def test_nothing_tells_who_it_was_and_the_money_is_the_same(
    telling: Stack, person: Person, admin: Visitor, service: OrderService, receiver: Receiver
) -> None:
    assert found_in(person.words, all_text(telling)) == person.words, "or the scan below proves nothing"
    before = money(telling)
    dialog = admin.read(f"/customers/{person.id}/erase").text
    assert f"{len(person.orders)} orders" in dialog
    assert "What stays" in dialog
    unsure = erase(admin, person.id, is_sure="")
    assert unsure.status_code == 422
    assert money(telling) == before
    answer = erase(admin, person.id, reason=f"{person.name} asked by letter")
    assert answer.status_code == 200, answer.text
    assert "Erased on request" in answer.text

    assert rows_with(person.words, telling) == []
    assert money(telling) == before
    logs = [*(telling.data_dir / "logs").glob("*"), telling.process.log]
    assert len(logs) >= 4
    for log in logs:
        assert found_in(person.words, log.read_text(errors="replace")) == set(), log.name

    # What is left can be read, in every room.
    for order in person.orders:
        told = service.order(order)
        assert told["customer"] == {
            "id": person.id,
            "email": f"{person.id}@erased.invalid",
            "name": "Erased customer",
            "locale": None,
        }
        assert admin.get(f"/orders/{order['id']}").status_code == 200
        assert admin.get(f"/payments/{told['payments'][0]['id']}").status_code == 200 if told["payments"] else True
    for query, at in (
        ("SELECT id FROM messages WHERE customer_id = :id", "/notifications/"),
        ("SELECT d.id FROM disputes d JOIN orders o ON o.id = d.order_id WHERE customer_id = :id", "/disputes/"),
        ("SELECT a.id FROM approvals a JOIN orders o ON o.id = a.order_id WHERE customer_id = :id", "/approvals/"),
        (
            "SELECT e.id FROM webhook_events e JOIN payments p ON p.gateway_id = e.gateway_payment_id"
            " JOIN orders o ON o.id = p.order_id WHERE customer_id = :id",
            "/webhooks/events/",
        ),
    ):
        there = rows(telling, query, id=person.id)
        assert there
        for (one,) in there[:4]:
            assert admin.get(at + one).status_code == 200, at + one
    assert requests.get(person.link["url"], timeout=30).status_code in (404, 410)
    assert admin.get(f"/customers/{person.id}/erase").status_code == 409
    assert "erased" in admin.get("/customers?status=erased").text


def test_the_chain_of_acts_holds_and_a_byte_of_what_is_left_is_still_covered(telling: Stack, person: Person) -> None:
    cleaned = rows(telling, "SELECT id, reason FROM audit_entries WHERE reason LIKE '%(erased)%' ORDER BY id")
    assert cleaned, "what operators wrote named the person"
    until(lambda: json.loads(telling.cli_here("audit", "verify", "--json"))["waiting"] == 0, what="the sealing")
    entry_id, reason = cleaned[0]
    change = "UPDATE audit_entries SET reason = :reason WHERE id = :id"
    (untouched,) = rows(telling, "SELECT max(id) FROM audit_entries WHERE act = 'order.placed'")[0]
    with pytest.raises(DBAPIError, match="only ever added to"):
        rows(telling, change, id=untouched, reason="Somebody else's words")
    with pytest.raises(DBAPIError, match="only ever added to"):
        rows(telling, "UPDATE audit_entries SET actor_name = 'Somebody else' WHERE id = :id", id=entry_id)
    rows(telling, change, id=entry_id, reason=f"{reason} (erased)")
    assert entry_id in telling.cli_here("audit", "verify", "--json", code=1)
    rows(telling, change, id=entry_id, reason=reason)
    telling.cli_here("audit", "verify")
    with pytest.raises(DBAPIError, match="only ever added to"), by_hand(telling) as connection:
        connection.exec_driver_sql("DELETE FROM audit_entries")


def test_what_comes_late_brings_nobody_back(telling: Stack, person: Person, service: OrderService) -> None:
    payment = service.order(person.orders[0])["payments"][0]
    listed = person.account.call("GET", "/v1/events?type=payment.captured&limit=100")["data"]
    (event,) = [one for one in listed if one["data"]["id"] == payment["gateway_id"]]
    assert event["data"]["customer"]["name"] == person.name, "the gateway is somebody else"
    rows(telling, "DELETE FROM webhook_events WHERE id = :id", id=event["id"])
    person.account.call("POST", f"/v1/events/{event['id']}/resend", {})
    question = "SELECT outcome FROM webhook_events WHERE id = :id AND handled_at IS NOT NULL"
    until(lambda: rows(telling, question, id=event["id"]), what="the late delivery")
    assert rows_with(person.words, telling) == []


def test_whoever_orders_with_the_address_again_is_somebody_new(
    telling: Stack, person: Person, box: Mailbox, service: OrderService, admin: Visitor
) -> None:
    letters = len(box.to(person.email))
    again = service.place(customer={"email": person.email, "name": person.name})
    assert again["customer"]["id"] != person.id
    service.pay(again, capture=True)
    box.wait_for(person.email, letters + 1)
    refused = service.call(
        "POST",
        "/orders",
        {
            "reference": f"T-{secrets.token_hex(6)}",
            "amount": 100,
            "currency": "USD",
            "customer": {"email": f"{person.id}@erased.invalid", "name": "Erased customer"},
        },
    )
    assert refused.status_code == 422
    assert refused.json()["param"] == "/customer/email"
    # Money that is given back later is still told to the order service, and mailed to nobody.
    order = person.orders[1]
    assert service.call("POST", f"/orders/{order['id']}/refunds", {"amount": 100}).ok
    told = rows(telling, "SELECT channel, kind FROM messages WHERE order_id = :id ORDER BY id", id=order["id"])
    assert tuple(told[-1]) == ("callback", "order.partially_refunded")
    assert ("mail", "refunded") not in [tuple(one) for one in told]


def test_callbacks_that_wait_tell_of_an_erased_customer(
    telling: Stack, service: OrderService, receiver: Receiver, admin: Visitor
) -> None:
    who = somebody("Wanda Waits")
    place = receiver.rule
    receiver.rule = lambda _request: None
    order = service.place(**who)
    until(lambda: about(receiver, order), what="the first try")
    assert erase(admin, order["customer"]["id"]).status_code == 200
    receiver.rule = place
    receiver.requests.clear()
    (told,) = wait_for(receiver, order, "order.awaiting_payment")
    assert told.event["data"]["customer"]["name"] == "Erased customer"


def _waits_for_challenge(service: OrderService, order: Json) -> None:
    service.pay(order, "visa_challenge")


def _is_held(service: OrderService, order: Json) -> None:
    service.pay(order)


def _is_unknown(service: OrderService, order: Json) -> None:
    service.pay(order, "visa_processing_approved")


def _is_being_refunded(service: OrderService, order: Json) -> None:
    service.pay(order, "visa_refund_pending", capture=True)
    assert service.call("POST", f"/orders/{order['id']}/refunds", {"amount": 100}).ok


def _is_disputed(service: OrderService, order: Json) -> None:
    service.pay(order, capture=True)
    Desk(service.stack).opened(order)


def _waits_for_a_second_person(service: OrderService, order: Json) -> None:
    service.pay(order, capture=True)
    assert service.call("POST", f"/orders/{order['id']}/refunds", {}).status_code == 202


@pytest.mark.parametrize(
    ("happens", "said"),
    [
        (_waits_for_challenge, "the bank waits for the cardholder to confirm the payment"),
        (_is_held, "money is held on the card: capture it, or void the payment"),
        (_is_unknown, "the bank has not decided the payment"),
        (_is_being_refunded, "a refund is still pending at the bank"),
        (_is_disputed, "a dispute runs: the bank has not decided it"),
        (_waits_for_a_second_person, "something waits for a second person"),
    ],
)
def test_nobody_is_erased_while_their_money_moves(
    telling: Stack,
    service: OrderService,
    admin: Visitor,
    happens: Callable[[OrderService, Json], None],
    said: str,
) -> None:
    order = service.place(150_000, **somebody())
    happens(service, order)
    customer = order["customer"]["id"]
    page = admin.read(f"/customers/{customer}/erase")
    assert said in page.text
    assert page.href(order["reference"]) == f"/orders/{order['id']}"
    token = admin.read(f"/customers/{customer}").fields | admin.read("/orders/new").fields
    sent = admin.post(
        f"/customers/{customer}/erase", {"csrf_token": token["csrf_token"], "reason": "Now", "is_sure": "y"}
    )
    assert sent.status_code == 409
    assert said in re.sub(r"\s+", " ", sent.text)
    assert service.order(order)["customer"]["email"] == order["customer"]["email"]


def test_whoever_was_merged_goes_with_the_one_who_stays(telling: Stack, service: OrderService, admin: Visitor) -> None:
    mark = secrets.token_hex(6)
    first, second = (
        service.place(customer={"email": f"{which}-{mark}@example.com", "name": f"{which} Mc{mark}"})
        for which in ("one", "two")
    )
    stays, goes = first["customer"]["id"], second["customer"]["id"]
    at = f"/customers/{stays}/merge/{goes}"
    admin.send(f"/customers/{stays}/merge?other={goes}", at, stays=stays, reason=f"Both are Mc{mark}")
    assert mark in all_text(telling)
    assert "1 customer merged into this one" in admin.read(f"/customers/{stays}/erase").text
    assert erase(admin, stays).status_code == 200
    assert mark not in all_text(telling)


@pytest.mark.parametrize("role", ["finance", "operator", "developer", "viewer"])
def test_only_an_admin_erases(telling: Stack, service: OrderService, role: str) -> None:
    order = service.place(**somebody())
    visitor = Visitor(telling, role)
    at = f"/customers/{order['customer']['id']}"
    page = visitor.read(at)
    assert "Erase" not in page.text
    assert visitor.get(f"{at}/erase").status_code == 403
    assert visitor.post(f"{at}/erase", page.fields | {"reason": "No", "is_sure": "y"}).status_code == 403
    assert service.order(order)["customer"]["name"] == "Ann Example"
