"""An installation with one of everything that a page can show."""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

from itsdangerous import Signer

from tests.app.checkout.customer import Customer
from tests.app.people.hands import Hand, hire, invite, secure
from tests.app.risk.desk import RiskDesk
from tests.app.screens.visitor import Visitor
from tests.app.webhooks.test_receiver import Sender, forged_capture
from tests.clients import GatewayAccount, Json, OrderService
from tests.looks.acts import CAREFUL, COLLEAGUE, address_of
from tests.looks.pages import ORDERS
from tests.looks.settled import settle
from tests.stack import Stack, until

Furnished = dict[str, str]

_LINKED = frozenset(
    {
        "awaiting_payment",
        "awaiting_authentication",
        "authorized",
        "declined",
        "payment_unknown",
        "canceled",
        "partially_refunded",
    }
)
"""Orders whose customers have a pay link."""
_ITEMS = [
    {"name": "Mug, stoneware", "quantity": 2, "unit_amount": 1250},
    {"name": "Filter paper", "quantity": 1, "unit_amount": 2499},
]
_MANY_ITEMS = [
    {"name": f"Coffee of the month, part {number}", "quantity": 1, "unit_amount": 800 + 199 * (number == 6)}
    for number in range(1, 7)
]
_DISPUTED = {
    "disputed": "visa_dispute_not_received",
    "reviewed": "mastercard_dispute_fraudulent",
    "won": "visa_dispute_duplicate_won",
    "inquired": "visa_inquiry",
}
"""Orders whose cardholders dispute them, an hour before the others are placed."""

_LONG = {
    "reference": "LONG-" + "W" * 60,
    "customer": {
        "name": "Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh of Llanfairpwllgwyngyll",
        "email": "wolfeschlegelsteinhausenbergerdorff.featherstonehaugh@llanfairpwllgwyngyll.example.com",
    },
    "items": [
        {
            "name": "Grinder with conical burrs of hardened steel, forty settings, for filter and espresso",
            "quantity": 999,
            "unit_amount": 1_001_001_000,
        }
    ],
}


def furnish(stack: Stack) -> Furnished:
    """Make one order of each status, and enough of them for a second page. The ids by the names in `VIEWS`."""
    settled = settle(stack)  # first: it takes days
    shop = OrderService(stack)
    bank = GatewayAccount(stack)
    made: dict[str, Json] = {}
    links: dict[str, Json] = {}

    def place(name: str, card: str = "", *, capture: bool = False, **more: Any) -> Json:
        order = made[name] = shop.place(4999, **{"reference": f"WEB-{len(made) + 2001}", **more})
        if name in _LINKED:
            links[name] = shop.pay_link(order)
        return shop.pay(order, card, capture=capture) if card else {}

    def act(name: str, doing: str, **body: object) -> None:
        answer = shop.call("POST", f"/orders/{made[name]['id']}/{doing}", dict(body))
        assert answer.ok, answer.text

    _undecided(bank, lambda: place("undecided", "visa_success", reference=_UNDECIDED))
    for name, card in _DISPUTED.items():
        place(name, card, capture=True)
    over = place("payment_failed", "visa_challenge")
    bank.clock(advance="PT1H1M")
    place("awaiting_payment", items=_ITEMS)
    links["revoked"] = shop.pay_link(made["awaiting_payment"])
    assert shop.call("POST", f"/pay_links/{links['revoked']['id']}/revoke").ok
    links["expired"] = shop.pay_link(made["awaiting_payment"])
    _let_expire(stack, str(links["expired"]["id"]))
    place("awaiting_authentication", "visa_challenge")
    place("authorized", "visa_success")
    place("partially_captured", "mastercard_success")
    act("partially_captured", "captures", amount=1999)
    place("paid", "amex_success", capture=True)
    place("declined", "visa_insufficient_funds", items=_MANY_ITEMS)
    shop.pay(made["declined"], "visa_lost_card")
    place("payment_unknown", "visa_processing_approved")
    place("canceled", "visa_success")
    act("canceled", "cancel", reason="Ordered twice")
    place("partially_refunded", "visa_success", capture=True)
    act("partially_refunded", "refunds", amount=1000, reason="requested_by_customer", note="One mug arrived broken.")
    place("refunded", "visa_success", capture=True, currency="EUR")
    act("refunded", "refunds", reason="duplicate")
    place("shippable", "visa_authentication_unavailable", capture_policy="on_shipment")
    place("shipped", "visa_frictionless", capture_policy="on_shipment")
    act("shipped", "shipments", amount=1999, tracking="1Z999AA10123456784")
    act("shipped", "shipments", final=True)
    place("held", "visa_success")
    _say_otherwise(stack, shop.order(made["held"]))
    place("broken")
    place("lossy", "visa_success")
    place("elsewhere")
    elsewhere = Customer(bank, shop.pay_link(made["elsewhere"]))
    elsewhere.pay(made["elsewhere"], "visa_challenge")
    place("drifted", "visa_success", capture=True)
    place("left", "visa_success", capture=True)
    place("refund_pending", "visa_refund_pending", capture=True)
    act("refund_pending", "refunds", amount=1500, reason="duplicate")
    place("refund_failed", "mastercard_success", capture=True)
    act("refund_failed", "refunds", amount=4999, reason="other", note="The account was closed. " * 20)
    (back,) = bank.payments(made["refund_failed"])[0]["refunds"]
    bank.call("POST", f"/_sandbox/refunds/{back['id']}/next", {"action": "fail"})
    for currency in ("JPY", "KWD", "GBP"):
        place(currency, "visa_success", capture=True, currency=currency)
    for number in range(13):
        place(f"more {number}")
    # The rows of the others keep their usual width on the first page; this one stands on the second.
    made["long"], links["long"] = _long_order(shop)
    for status in ORDERS:
        shop.order_when(made[status], status)
    until(lambda: _is_with_a_person(stack, made["undecided"]), what="the lost answer to go to a person", within=60)
    bank.no_faults()
    payments = {name: shop.order(order)["payments"] for name, order in made.items()}
    disputes = {name: _dispute_of(shop, bank, made[name]) for name in _DISPUTED}
    for name in ("reviewed", "won"):
        bank.call("POST", f"/v1/disputes/{disputes[name]}/submit", {})
    bank.call("POST", f"/_sandbox/disputes/{disputes['won']}/next", {"action": "win"})
    until(lambda: not shop.order(made["won"])["disputed"], what="the won dispute")
    _gather(stack, disputes["disputed"])
    drifted, left = _discrepancies(stack, str(made["drifted"]["id"]), str(made["left"]["id"]))
    Visitor(stack).send(
        f"/reconciliation/{left}/leave", f"/reconciliation/{left}/leave", reason="Known to the bank, and being mended."
    )
    return {
        **{name: str(order["id"]) for name, order in made.items()},
        **{f"payment_{name}": str(found[0]["id"]) for name, found in payments.items() if found},
        **{f"attempt_{name}": str(payments[name][0]["attempts"][-1]["id"]) for name in ("undecided", "shipped")},
        "mail": _first_mail(stack),
        "customer": str(made["paid"]["customer"]["id"]),
        **_customers(stack, shop),
        "history": _history(stack, str(made["paid"]["customer"]["id"])),
        **{f"link_{name}": str(link["id"]) for name, link in links.items()},
        **{f"pay_{name}": str(link["url"]).rpartition("/")[2] for name, link in links.items()},
        **{f"dispute_{name}": dispute_id for name, dispute_id in disputes.items()},
        "state": elsewhere.way_back(made["elsewhere"]).rpartition("/")[2],
        "challenge_over": path_of(over["next_action"]["url"]),
        "event": bank.call("GET", "/v1/events?type=payment.captured&limit=1")["data"][0]["id"],
        **_risk(Visitor(stack), shop),
        "failed_event": _failed_event(stack, bank),
        "discrepancy": drifted,
        "settled": left,
        **settled,
        **_people(stack, shop),
    }


def _risk(admin: Visitor, shop: OrderService) -> Furnished:
    """Rules and a list of their own devices; a payment that is blocked, one that is reviewed, one that was."""
    desk = RiskDesk(admin)
    admin.send("/risk/lists", "/risk/lists", name="blocked_devices", words="Devices that cost us money")
    on_list = "/risk/lists/blocked_devices"
    values = {"values": "device-known-from-the-fraud-of-last-week", "note": "three chargebacks", "expires": ""}
    admin.send(on_list, on_list, **values)
    desk.rule("device.id in @blocked_devices", "block", name="Devices that cost us money")
    rule = desk.rule(
        'device.cards[1d] >= 2 and (device.declines[1h] >= 2 or device.id = "device-shared")',
        "review",
        name="Several cards on one device",
    )
    desk.rule("amount > 5000.00 EUR", "three_ds", mode="shadow", name="Large amounts in euro")
    contexts = {
        "blocked": {"device_id": "device-known-from-the-fraud-of-last-week"},
        "first": {"device_id": "device-shared", "ip": "203.0.113.20", "ip_country": "US"},
        "in_review": {"device_id": "device-shared", "ip": "203.0.113.20", "ip_country": "US"},
        "decided": {"device_id": "device-shared", "ip": "203.0.113.21", "ip_country": "FR"},
    }
    cards = {"first": "visa_success", "in_review": "mastercard_success"}
    orders = {name: shop.place(4999, context=context) for name, context in contexts.items()}
    link = str(shop.pay_link(orders["in_review"])["url"])
    paid = {name: shop.pay(order, cards.get(name, "amex_success")) for name, order in orders.items()}
    assert desk.decides(paid["decided"]["id"], "approve").ok
    return {
        "rule": rule.rpartition("/")[2],
        "list": "blocked_devices",
        "in_review": str(orders["in_review"]["id"]),
        "pay_in_review": link.rpartition("/")[2],
        "blocked": str(orders["blocked"]["id"]),
        "payment_blocked": str(paid["blocked"]["id"]),
        "review": desk.review_of(paid["in_review"]["id"]).rpartition("/")[2],
        "decided_review": desk.review_of(paid["decided"]["id"]).rpartition("/")[2],
    }


_UNDECIDED = "WEB-1999"


def _undecided(bank: GatewayAccount, place: Callable[[], Json]) -> None:
    """An order whose payment was asked for and never answered, and a day later nobody knows of it."""
    bank.fault({"type": "drop_before"}, operation="payment", reference=_UNDECIDED)
    place()
    bank.clock(advance="PT25H")


def _is_with_a_person(stack: Stack, order: Json) -> bool:
    with closing(sqlite3.connect(stack.database_url.removeprefix("sqlite:///"), timeout=30)) as connection:
        given = "SELECT count(escalated_at) FROM attempts JOIN payments ON payments.id = payment_id WHERE order_id = ?"
        (count,) = connection.execute(given, (order["id"],)).fetchone()
    return bool(count)


def _say_otherwise(stack: Stack, order: Json) -> None:
    """A delivery, signed as it should be, that tells of another amount than the order's."""
    event = json.loads(forged_capture(order))
    event["data"]["amount"] += 500
    assert Sender(stack).deliver(event) == 204


def _people(stack: Stack, shop: OrderService) -> Furnished:
    """People with and without a second factor, what a second person was asked for, and what they did."""
    admin = Visitor(stack)
    hire(stack, admin, "finance", COLLEAGUE)
    careful = Hand(stack)
    careful.sign_in(hire(stack, admin, "operator", CAREFUL).email)
    _, codes = secure(careful)
    invited, link = invite(admin, "developer", "Iris Example-Whose-Name-Is-Long")
    colleague = Hand(stack)
    colleague.sign_in(address_of(COLLEAGUE))
    colleague.send("/account", "/account/second-factor/begin")
    found = []
    for amount in (90_000, 120_000):
        order = shop.place(amount)
        shop.pay(order, capture=True)
        asked = shop.call("POST", f"/orders/{order['id']}/refunds", {"note": "The grinder arrived in two parts. " * 9})
        found.append(str(asked.json()["approval"]["id"]))
        large = str(order["id"])
    colleague.send(
        f"/approvals/{found[1]}", f"/approvals/{found[1]}/decision", decision="refuse", reason="No parcel came back."
    )
    admin.send("/settings/policy", "/settings/policy", approval_days="14", reason="People are on holiday.")
    act = re.search(r"/audit/(aud_\w+)", admin.read("/audit?status=policy.changed").html)
    local = re.search(r'/settings/operators/(opr_\w+)">Local admin', admin.read("/settings/operators").html)
    assert act is not None
    assert local is not None
    return {
        "approval": found[0],
        "large": large,
        "refused_approval": found[1],
        "person": invited.id,
        "local": local[1],
        "act": act[1],
        "recovery_code": codes[0],
        "password_link": path_of(link),
    }


def _customers(stack: Stack, shop: OrderService) -> Furnished:
    """Two people of one name whose money rests; one who was merged and erased, and an e-mail of theirs."""
    admin = Visitor(stack)
    found = []
    for which in ("first", "second", "third", "fourth"):
        order = shop.place(customer={"email": f"olga.{which}@example.com", "name": "Olga Otherwise-Named"})
        shop.pay(order, capture=True)
        found.append(str(order["customer"]["id"]))
    stays, goes = found[2:]
    at = f"/customers/{stays}/merge"
    admin.send(f"{at}?other={goes}", f"{at}/{goes}", stays=stays, reason="The same person, confirmed by phone.")
    at = f"/customers/{stays}/erase"
    admin.send(at, at, reason="Asked for by letter of 12 May.", is_sure="y")
    with closing(sqlite3.connect(stack.database_url.removeprefix("sqlite:///"), timeout=30)) as connection:
        (mail,) = connection.execute(
            "SELECT id FROM messages WHERE customer_id = ? AND channel = 'mail' ORDER BY id", [stays]
        ).fetchone()
    return {"other_customer": found[0], "erased": stays, "erased_mail": str(mail)}


def _dispute_of(shop: OrderService, bank: GatewayAccount, order: Json) -> str:
    until(lambda: shop.order(order)["disputed"], what=f"the dispute of {order['reference']}")
    return str(bank.payments(order)[0]["disputes"][0]["id"])


def _long_order(shop: OrderService) -> tuple[Json, Json]:
    order = shop.place(999 * 1_001_001_000, "USD", **_LONG)
    link = shop.pay_link(order)
    shop.pay(order, "visa_do_not_honor")
    shop.pay(order, "visa_success")
    reason = "Because the parcel was left in the rain. " * 12
    assert shop.call("POST", f"/orders/{order['id']}/captures", {}).ok
    refund = {"amount": 123_456_789_012, "reason": "other", "note": reason[:500]}
    assert shop.call("POST", f"/orders/{order['id']}/refunds", refund).ok
    return order, link


def _history(stack: Stack, customer_id: str) -> str:
    """The address of the customer's own page."""
    secret = (stack.data_dir / "secrets" / "secret_key").read_text().strip()
    return f"/my/{Signer(secret, salt='payment-history', digest_method=hashlib.sha256).sign(customer_id).decode()}"


def _first_mail(stack: Stack) -> str:
    """The id of an e-mail about a payment."""
    with closing(sqlite3.connect(stack.database_url.removeprefix("sqlite:///"), timeout=30)) as connection:
        (found,) = connection.execute("SELECT id FROM messages WHERE kind = 'paid' ORDER BY id").fetchone()
    return str(found)


def _let_expire(stack: Stack, link_id: str) -> None:
    """As time does; links go by the wall's clock, which nobody can move."""
    with closing(sqlite3.connect(stack.database_url.removeprefix("sqlite:///"), timeout=30)) as connection:
        connection.execute("UPDATE pay_links SET expires_at = created_at WHERE id = ?", (link_id,))
        connection.commit()


def break_order(stack: Stack, order_id: str) -> None:
    """Give the order a merchant that does not exist, as only a broken disk or a hand in the database can."""
    with closing(sqlite3.connect(stack.database_url.removeprefix("sqlite:///"), timeout=30)) as connection:
        changed = connection.execute("UPDATE orders SET merchant_id = 'mer_gone' WHERE id = ?", (order_id,)).rowcount
        connection.commit()
    assert changed == 1


def _discrepancies(stack: Stack, *order_ids: str) -> list[str]:
    """Change the orders by hand, as nobody should; the ids of what the drift desk finds."""
    with closing(sqlite3.connect(stack.database_url.removeprefix("sqlite:///"), timeout=30)) as connection:
        connection.executemany("UPDATE orders SET status = 'refunded' WHERE id = ?", [(one,) for one in order_ids])
        connection.commit()
    found = {one["order"]: str(one["id"]) for one in json.loads(stack.cli("reconcile", "--json", code=1))["data"]}
    return [found[order_id] for order_id in order_ids]


def _gather(stack: Stack, dispute_id: str) -> None:
    """Some of the evidence that the bank wants, and a file."""
    clerk = Visitor(stack, "finance")
    at = f"{clerk.url}/disputes/{dispute_id}/evidence"
    form = clerk.read(at).fields | {"shipping_date": "2025-11-20", "shows": "receipt"}
    form = {name: value for name, value in form.items() if name not in ("files", "remove")}
    files = [("files", ("packing-slip.txt", b"One mug, stoneware, packed on Friday.", "text/plain"))]
    answer = clerk.session.post(at, data=form, files=files, timeout=30)
    assert answer.ok, answer.text


def _failed_event(stack: Stack, bank: GatewayAccount) -> str:
    """The id of an event that could not be applied, as only a bug of ours makes them."""
    event_id = str(bank.call("GET", "/v1/events?type=payment.voided&limit=1")["data"][0]["id"])
    why = "AssertionError: refund re_01J0 is of another payment, so that nothing of this event was taken"
    with closing(sqlite3.connect(stack.database_url.removeprefix("sqlite:///"), timeout=30)) as connection:
        failed = "UPDATE webhook_events SET outcome = 'failed', tries = 20, last_error = ? WHERE id = ?"

        def changed() -> bool:
            number = connection.execute(failed, (why, event_id)).rowcount
            connection.commit()
            return number == 1

        until(changed, what="the event")
    return event_id


def path_of(url: str) -> str:
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")
