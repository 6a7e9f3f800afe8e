"""Deliveries on bad days: changed on the way, just in time and just too late, poisoned, from a newer gateway, doubled
a hundred times, and signed while the secret is rotated."""

from __future__ import annotations

import json
import re
import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from tests.app.screens.visitor import Visitor
from tests.app.webhooks.test_receiver import Sender, forged_capture
from tests.clients import GatewayAccount, Json, OrderService, both_agree
from tests.database import engine_of
from tests.stack import Stack, until


@pytest.fixture
def service(stack: Stack) -> OrderService:
    return OrderService(stack)


@pytest.fixture
def sender(stack: Stack) -> Sender:
    return Sender(stack)


@pytest.fixture
def database(stack: Stack) -> Engine:
    return engine_of(stack.database_url)


@pytest.fixture
def held(service: OrderService) -> Json:
    order = service.place()
    service.pay(order)
    return service.order(order)


def _another(one: str) -> str:
    """As Base64 it differs in its upper bits too: of a signature's last character the lower ones say nothing."""
    if one.isdigit():
        return str((int(one) + 5) % 10)
    return one.swapcase() if one.isalpha() else "A"


def test_one_changed_byte_of_any_class_is_refused(service: OrderService, sender: Sender, held: Json) -> None:
    body = forged_capture(held)
    good = sender.headers(body)
    places = {
        "brace": body.index(b"{"),
        "digit of the amount": body.index(b'"amount": ') + 10,
        "letter of the status": body.index(b"captured"),
        "quote": body.index(b'"'),
        "blank": body.index(b" "),
        "colon": body.index(b":"),
        "last": len(body) - 1,
    }
    for name, place in places.items():
        changed = bytearray(body)
        changed[place] ^= 1
        assert sender.post(bytes(changed), good) == 400, name
    for header in ("webhook-id", "webhook-timestamp", "webhook-signature"):
        value = good[header]
        for place in (3, len(value) // 2, len(value) - 2):
            changed_header = value[:place] + _another(value[place]) + value[place + 1 :]
            assert sender.post(body, good | {header: changed_header}) == 400, (header, place)
    assert service.order(held) == held


@pytest.mark.parametrize(("seconds", "status"), [(-299, 204), (-302, 400), (299, 204), (302, 400)])
def test_a_delivery_is_taken_within_five_minutes(sender: Sender, held: Json, seconds: int, status: int) -> None:
    body = forged_capture(held)
    headers = sender.headers(body, at=datetime.now(UTC) + timedelta(seconds=seconds))
    assert sender.post(body, headers) == status


def test_what_is_refused_is_counted_and_nothing_else_of_it_is_kept(
    stack: Stack, sender: Sender, held: Json, database: Engine
) -> None:
    body = forged_capture(held)

    def counted() -> int:
        with database.connect() as connection:
            found = connection.execute(text("SELECT sum(number) FROM webhook_refusals WHERE reason = 'stale'")).scalar()
            return int(found or 0)

    before, event_id = counted(), f"evt_{secrets.token_hex(8)}"

    def told() -> bool:
        old = datetime.now(UTC) - timedelta(hours=1)
        assert sender.post(body, sender.headers(body, at=old, event_id=event_id)) == 400
        return counted() > before

    until(told, what="the count to be written")
    with database.connect() as connection:
        kept = connection.execute(text("SELECT count(*) FROM webhook_events WHERE id = :id"), {"id": event_id})
        assert kept.scalar() == 0
    assert "sent more than 5 minutes before or after now" in Visitor(stack, "viewer").read("/webhooks").text


def test_one_event_a_hundred_times_at_once_counts_once_and_its_page_says_what_it_did(
    stack: Stack, service: OrderService, sender: Sender, held: Json
) -> None:
    body = forged_capture(held)
    headers = sender.headers(body)
    with ThreadPoolExecutor(20) as pool:
        assert set(pool.map(lambda _: sender.post(body, headers), range(100))) == {204}
    paid = service.order(held)
    assert (paid["status"], paid["version"]) == ("paid", held["version"] + 1)
    told = Visitor(stack, "viewer").read(f"/webhooks/events/{headers['webhook-id']}").text
    assert re.search(rf"What it did the oldest first Payment Captured {held['reference']} .* Order Paid", told), told


def test_what_a_newer_gateway_adds_passes_by(service: OrderService, sender: Sender) -> None:
    values: list[object] = [
        None,
        True,
        0,
        -1,
        1e308,
        10**400,
        "",
        "\x00",
        "ü",
        [],
        {},
        [{}],
        {"nested": [1, {"x": None}]},
    ]
    for number, value in enumerate(values):
        order = service.place()
        service.pay(order)
        event = json.loads(forged_capture(service.order(order)))
        event["data"] |= {"card": {"network": "newnet", "last4": "4242", "funding": "barter"}}
        for place in (event, event["data"], event["data"]["card"]):
            place[f"new_{number}"] = value
        event["data"]["why"] = value
        body = json.dumps(event).encode()
        headers = sender.headers(body, event_id=f"evt_{secrets.token_hex(8)}")
        assert sender.post(body, headers) == 204, event
        assert service.order(order)["status"] == "paid", event


def test_a_poisoned_event_fails_alone_is_pointed_out_and_applied_again_by_hand(
    stack: Stack, service: OrderService, sender: Sender, held: Json, database: Engine
) -> None:
    poison = json.loads(forged_capture(held))
    del poison["data"]["amount_captured"]
    poison["id"] = f"evt_{secrets.token_hex(8)}"
    assert sender.deliver(poison) == 204
    other = service.place()
    service.pay(other, capture=True)
    service.order_when(other, "paid")

    def failed() -> bool:
        with database.begin() as connection:  # the waiting between its tries is not waited for
            now = {"now": "2020-01-01 00:00:00", "key": f"webhook:{poison['id']}"}
            connection.execute(text("UPDATE jobs SET run_at = :now WHERE key = :key AND state = 'ready'"), now)
            asked = connection.execute(text("SELECT outcome FROM webhook_events WHERE id = :id"), {"id": poison["id"]})
            return bool(asked.scalar() == "failed")

    until(failed, what="the event to be given up", within=60)
    admin = Visitor(stack)
    at = f"/webhooks/events/{poison['id']}"
    assert "It could not be applied" in admin.read(at).text
    with database.connect() as connection:
        told = text("SELECT count(*) FROM notices WHERE kind = 'event_failed' AND subject_id = :id")
        assert connection.execute(told, {"id": poison["id"]}).scalar() == 1
    mended = json.dumps(json.loads(forged_capture(held)))
    with database.begin() as connection:
        cast = "CAST(:body AS JSONB)" if stack.engine == "postgresql" else ":body"
        change = text(f"UPDATE webhook_events SET body = {cast} WHERE id = :id")  # noqa: S608
        connection.execute(change, {"body": mended, "id": poison["id"]})
    admin.send(at, f"{at}/replays")
    assert "Applied" in admin.read(at).text
    assert service.order(held)["status"] == "paid"
    viewer = Visitor(stack, "viewer")
    token = viewer.read(at).fields["csrf_token"]
    assert viewer.post(f"{at}/replays", {"csrf_token": token}).status_code == 403


def test_deliveries_are_believed_through_a_rotation_of_the_secret(
    stack: Stack, service: OrderService, sender: Sender, held: Json
) -> None:
    admin = Visitor(stack)
    signed_before = sender.headers(forged_capture(held))
    admin.send("/webhooks", "/webhooks/secret")
    assert "believed until" in admin.read("/webhooks").text
    rotated = Sender(stack)
    assert rotated.secret != sender.secret
    assert sender.post(forged_capture(held), signed_before) == 204, "signed with the secret before, under way"
    order = service.place()
    service.pay(order, "visa_processing_approved")
    account = GatewayAccount(stack)
    account.clock(advance="PT11M")
    both_agree(service.order_when(order, "authorized"), account.payments(order))

    def answered() -> Json | None:
        newest: Json = account.call("GET", "/v1/webhook_deliveries?limit=1")["data"][0]
        return newest if newest["response"] else None

    assert until(answered, what="the newest delivery's answer")["response"]["status"] == 204
