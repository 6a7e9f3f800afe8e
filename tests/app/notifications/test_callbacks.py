"""The order service is told of each change of an order, signed, until it takes it."""

from __future__ import annotations

import json
import secrets
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from standardwebhooks.webhooks import Webhook

from app.notifications.schedule import CALLBACK, pause_after
from tests.app.drift.test_desk import Desk
from tests.app.screens.visitor import Visitor
from tests.clients import GatewayAccount, Json, OrderService
from tests.database import engine_of
from tests.gateway.receiver import Received, Receiver, Reply
from tests.mailbox import Mailbox
from tests.stack import Stack, run_cli, until


def secret_of(stack: Stack) -> str:
    kept = json.loads((stack.data_dir / "secrets" / "order_service_secret").read_text())
    return str(kept["current"])


def about(receiver: Receiver, order: Json) -> list[Received]:
    return [one for one in list(receiver.requests) if one.event["data"]["id"] == order["id"]]


def wait_for(receiver: Receiver, order: Json, *types: str) -> list[Received]:
    """The first delivery of each type, in the order of the types."""

    def all_there() -> list[Received] | None:
        found = {one.event["type"]: one for one in reversed(about(receiver, order))}
        return [found[name] for name in types] if set(types) <= set(found) else None

    return until(all_there, what=f"{types} of {order['id']}", within=30)


def rows(stack: Stack, query: str, **values: Any) -> list[Any]:
    """A question to the app's database."""
    with engine_of(stack.database_url).begin() as connection:
        done = connection.execute(text(query), values)
        return list(done) if done.returns_rows else []


def without_attempts(order: Json) -> Json:
    """The order but for what was asked of the gateway: its event may overtake its answer, and closes no attempt."""
    payments = [{name: value for name, value in one.items() if name != "attempts"} for one in order["payments"]]
    return order | {"payments": payments}


def status_of(stack: Stack, message_id: str) -> str:
    return str(rows(stack, "SELECT status FROM messages WHERE id = :id", id=message_id)[0][0])


def hurry(stack: Stack, message_id: str) -> None:
    """Let the next try be due now instead of in hours."""
    now = datetime.now(UTC).replace(tzinfo=None) if stack.engine == "sqlite" else datetime.now(UTC)
    query = "UPDATE jobs SET run_at = :now WHERE key = :key AND state = 'ready'"
    rows(stack, query, now=str(now) if stack.engine == "sqlite" else now, key=f"message:{message_id}")


def test_every_change_is_told_with_the_order_whole(telling: Stack, service: OrderService, receiver: Receiver) -> None:
    order = service.place()
    service.pay(order)
    service.call("POST", f"/orders/{order['id']}/captures", {"amount": 500})
    service.call("POST", f"/orders/{order['id']}/captures", {})
    service.call("POST", f"/orders/{order['id']}/refunds", {})
    told = wait_for(
        receiver,
        order,
        "order.awaiting_payment",
        "order.authorized",
        "order.partially_captured",
        "order.paid",
        "order.refunded",
    )
    verifier = Webhook(secret_of(telling))
    for one in told:
        event = verifier.verify(one.body, one.headers)
        assert event["type"] == f"order.{event['data']['status']}"
    versions = [one.event["data"]["version"] for one in told]
    assert versions == sorted(set(versions))
    assert len({one.id for one in told}) == len(told)
    assert without_attempts(told[-1].event["data"]) == without_attempts(service.order(order))
    assert told[2].event["data"]["amount_captured"] == 500


def test_nothing_is_told_of_what_was_rolled_back(service: OrderService, receiver: Receiver) -> None:
    order = service.place()
    body = {"reference": order["reference"], "amount": 1, "currency": "USD"}
    refused = service.call("POST", "/orders", body | {"customer": {"email": "ann@example.com", "name": "Ann"}})
    assert refused.status_code == 422
    for told in (order, service.place()):
        wait_for(receiver, told, "order.awaiting_payment")
    same = [one for one in receiver.requests if one.event["data"]["reference"] == order["reference"]]
    assert len({one.id for one in same}) == 1


def test_a_refused_callback_comes_again_with_the_same_id_and_body_and_a_new_signature(
    telling: Stack, service: OrderService, receiver: Receiver
) -> None:
    reference = f"T-{secrets.token_hex(6)}"

    def refuse_twice(request: Received) -> Reply:
        mine = [one for one in receiver.requests if one.event["data"]["reference"] == reference]
        return Reply(503 if request in mine and len(mine) <= 2 else 204)

    receiver.rule = refuse_twice
    order = service.place(reference=reference)
    first = until(lambda: about(receiver, order), what="the first try")[0]
    until(lambda: len(about(receiver, order)) >= 2, what="the second try")  # after five seconds
    until(lambda: rows(telling, "SELECT 1 FROM messages WHERE id = :id AND tries = 2", id=first.id), what="its end")
    hurry(telling, first.id)
    tries = until(lambda: found if len(found := about(receiver, order)) == 3 else None, what="the third try")
    assert len({one.id for one in tries}) == 1
    assert len({one.body for one in tries}) == 1
    assert len({one.headers["webhook-signature"] for one in tries}) > 1
    until(lambda: status_of(telling, first.id) == "sent", what="the callback to be taken")
    kept = rows(telling, "SELECT status FROM message_tries WHERE message_id = :id ORDER BY id", id=first.id)
    assert [status for (status,) in kept] == [503, 503, 204]


def test_a_redirect_is_not_followed_and_counts_as_refused(
    telling: Stack, service: OrderService, receiver: Receiver
) -> None:
    receiver.rule = lambda _request: Reply(302, {"Location": f"{receiver.url}/elsewhere"})
    order = service.place()
    first = until(lambda: about(receiver, order), what="the first try")[0]
    tried = until(
        lambda: rows(telling, "SELECT status, error FROM message_tries WHERE message_id = :id", id=first.id),
        what="the try to be written down",
    )
    assert tuple(tried[0]) == (302, "answered 302")
    assert not [one for one in receiver.requests if one.path.endswith("/elsewhere")]


def test_retry_after_is_waited_for(telling: Stack, service: OrderService, receiver: Receiver) -> None:
    receiver.rule = lambda _request: Reply(429, {"Retry-After": "3600"})
    order = service.place()
    first = until(lambda: about(receiver, order), what="the first try")[0]
    question = "SELECT run_at FROM jobs WHERE key = :key AND state = 'ready' AND attempts <> 0"
    due = until(lambda: rows(telling, question, key=f"message:{first.id}"), what="the next try")[0][0]
    at = datetime.fromisoformat(str(due))
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    assert timedelta(minutes=58) < at - datetime.now(UTC) < timedelta(minutes=61)


def test_after_ten_tries_it_is_given_up_and_the_operators_are_told(
    telling: Stack, service: OrderService, receiver: Receiver
) -> None:
    receiver.rule = lambda _request: Reply(500)
    order = service.place()
    first = until(lambda: about(receiver, order), what="the first try")[0]

    def given_up() -> bool:
        hurry(telling, first.id)
        return status_of(telling, first.id) == "failed"

    until(given_up, what="the callback to be given up", within=60)
    assert len(rows(telling, "SELECT 1 FROM message_tries WHERE message_id = :id", id=first.id)) == 10
    told = rows(telling, "SELECT kind, order_id FROM notices WHERE subject_id = :id", id=first.id)
    assert [tuple(one) for one in told] == [("delivery_failed", order["id"])]


def test_410_holds_what_follows_until_somebody_enables_it_again(
    telling: Stack, service: OrderService, receiver: Receiver
) -> None:
    receiver.rule = lambda _request: Reply(410)
    order = service.place()
    first = until(lambda: about(receiver, order), what="the first try")[0]
    until(lambda: status_of(telling, first.id) == "held", what="the callback to be held")
    later = service.place()
    held = rows(telling, "SELECT status FROM messages WHERE order_id = :id", id=later["id"])
    assert [tuple(one) for one in held] == [("held",)]
    told = "SELECT title FROM notices WHERE kind = 'delivery_failed' AND subject_id = 'order_service'"
    assert "410 Gone" in rows(telling, told)[-1][0]
    developer = Visitor(telling, "developer")
    at = "/notifications/order-service"
    assert "2 callbacks wait here since" in developer.read(at).text
    assert not about(receiver, later)
    receiver.rule = lambda _request: Reply()
    developer.send(at, f"{at}/enable")
    for one in (order, later):
        wait_for(receiver, one, "order.awaiting_payment")
    assert len(about(receiver, order)) == 2, "it comes again under the same id"


def test_a_stalling_order_service_holds_up_no_payment_and_no_mail(
    service: OrderService, receiver: Receiver, box: Mailbox
) -> None:
    is_over = threading.Event()

    def stall(_request: Received) -> Reply:
        is_over.wait(30)
        return Reply()

    receiver.rule = stall
    try:
        for _ in range(8):
            service.place()
        until(lambda: len(receiver.requests) >= 2, what="callbacks under way")
        email = f"{secrets.token_hex(5)}@customers.example"
        order = service.place(customer={"email": email, "name": "Ann Example"})
        service.pay(order, "visa_success", capture=True)
        assert service.order(order)["status"] == "paid"
        box.wait_for(email)
    finally:
        is_over.set()
    receiver.rule = lambda _request: Reply()
    wait_for(receiver, order, "order.paid")


def test_what_a_terminal_repairs_is_told_too(telling: Stack, service: OrderService, receiver: Receiver) -> None:
    desk = Desk(telling, engine_of(telling.database_url), service, GatewayAccount(telling), Visitor(telling))
    order, payment = desk.paid()
    wait_for(receiver, order, "order.paid")
    desk.catch_up()
    desk.set_back(order, payment)
    desk.by_hand("DELETE FROM webhook_events WHERE gateway_payment_id = :id", id=payment["gateway_id"])
    known = len(about(receiver, order))
    run_cli("reconcile", "--repair", cwd=telling.data_dir.parent, settings=telling.environment())
    told = until(lambda: about(receiver, order)[known:], what="the repair to be told")
    assert told[0].event["type"] == "order.paid"
    assert told[0].event["data"]["version"] > order["version"]


@pytest.mark.parametrize("tries", range(1, 12))
def test_the_pauses_are_those_of_standard_webhooks(tries: int) -> None:
    pause = pause_after(tries, CALLBACK)
    if tries > 9:
        assert pause is None
    else:
        assert pause is not None
        assert 0.9 * CALLBACK[tries - 1] <= pause <= 1.1 * CALLBACK[tries - 1]
        longer = CALLBACK[tries - 1] * 2
        assert pause_after(tries, CALLBACK, longer) == longer
