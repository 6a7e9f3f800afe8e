"""The door for the gateway's deliveries: forged, stale and malformed ones change nothing; true ones count once."""

from __future__ import annotations

import base64
import itertools
import json
import secrets
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from tests.clients import GatewayAccount, Json, OrderService, both_agree
from tests.stack import Stack, until

OTHER_SECRET = "whsec_" + base64.b64encode(b"x" * 32).decode()


class Sender:
    """Sends what the gateway might, and what it never would."""

    def __init__(self, stack: Stack) -> None:
        self.host = stack.dashboard_url.removeprefix("http://")
        kept = stack.data_dir / "secrets" / "webhook_endpoint"
        self.secret = until(lambda: kept.exists() and json.loads(kept.read_text())["secret"], what="the subscription")

    def headers(
        self, body: bytes, *, secret: str | None = None, at: datetime | None = None, event_id: str | None = None
    ) -> dict[str, str]:
        at = at or datetime.now(UTC)
        event_id = event_id or f"evt_{secrets.token_hex(8)}"
        signature = Webhook(secret or self.secret).sign(event_id, at, body.decode())
        return {
            "webhook-id": event_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": signature,
            "Content-Type": "application/json",
        }

    def post(self, body: bytes, headers: dict[str, str]) -> int:
        connection = HTTPConnection(self.host, timeout=20)  # sends what `requests` refuses to
        with closing(connection):
            connection.request("POST", "/webhooks/gateway", body, headers)
            return connection.getresponse().status

    def deliver(self, event: Json) -> int:
        """One good delivery of an event of the gateway's."""
        body = json.dumps(event).encode()
        return self.post(body, self.headers(body, event_id=event.get("id")))


@pytest.fixture(scope="module")
def service(stack: Stack) -> OrderService:
    return OrderService(stack)


@pytest.fixture(scope="module")
def sender(stack: Stack) -> Sender:
    return Sender(stack)


@pytest.fixture(scope="module")
def held(service: OrderService) -> Json:
    """An order whose money is held, for deliveries that change nothing."""
    order = service.place()
    service.pay(order)
    return service.order(order)


def forged_capture(order: Json) -> bytes:
    """What an attacker would send: this order's payment, captured whole."""
    (payment,) = order["payments"]
    told = {
        "id": payment["gateway_id"],
        "object": "payment",
        "version": 99,
        "status": "captured",
        "amount": order["amount"],
        "currency": order["currency"],
        "amount_capturable": 0,
        "amount_captured": order["amount"],
        "amount_refunded": 0,
        "amount_refundable": order["amount"],
        "reference": order["reference"],
        "metadata": {"order": order["id"], "payment": payment["id"]},
        "created_at": "2026-01-01T00:00:00Z",
    }
    return json.dumps({"type": "payment.captured", "timestamp": "2026-01-01T00:00:00Z", "data": told}).encode()


def test_the_forgery_of_these_tests_would_work_if_it_were_signed(service: OrderService, sender: Sender) -> None:
    order = service.place()
    service.pay(order)
    body = forged_capture(service.order(order))
    assert sender.post(body, sender.headers(body)) == 204
    assert service.order(order)["status"] == "paid"


def _without(name: str) -> Any:
    return lambda _sender, _body, headers: {key: value for key, value in headers.items() if key != name}


def _with(name: str, value: str) -> Any:
    return lambda _sender, _body, headers: headers | {name: value}


REFUSED = {
    "wrong secret": lambda sender, body, _headers: sender.headers(body, secret=OTHER_SECRET),
    "stale": lambda sender, body, _headers: sender.headers(body, at=datetime.now(UTC) - timedelta(seconds=301)),
    "early": lambda sender, body, _headers: sender.headers(body, at=datetime.now(UTC) + timedelta(seconds=305)),
    "another body's signature": lambda sender, body, _headers: sender.headers(body + b" "),
    "another id": _with("webhook-id", "evt_other"),
    "no signature": _without("webhook-signature"),
    "no id": _without("webhook-id"),
    "no timestamp": _without("webhook-timestamp"),
    **{f"signature {value[:12]!r}": _with("webhook-signature", value) for value in (
        "v1", "v1,", "v1,a,b", "", " ", "v1,###", "v2,abc", "v1,=", ",", "x" * 8000, "v1,\xff\xfe",
    )},
    **{f"timestamp {value!r}": _with("webhook-timestamp", value) for value in (
        "abc", "1e9", "-5", "9" * 30, "1731705121.9", "", "0x10", "NaN",
    )},
}  # fmt: skip


@pytest.mark.parametrize("how", REFUSED)
def test_a_delivery_that_is_not_the_gateway_s_changes_nothing(
    service: OrderService, sender: Sender, held: Json, how: str
) -> None:
    body = forged_capture(held)
    headers = REFUSED[how](sender, body, sender.headers(body))
    assert sender.post(body, headers) == 400
    assert service.order(held) == held


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"\xff\xfe",
        b"{}",
        b'{"type": 5, "data": {}}',
        b'{"type": "x"}',
        b"[" * 10_000,
    ],
    ids=repr,
)
def test_a_signed_body_that_is_no_event_is_refused(sender: Sender, body: bytes) -> None:
    headers = sender.headers(body.replace(b"\xff\xfe", b"??"))
    assert sender.post(body, headers) == 400


def test_a_timestamp_just_within_the_tolerance_is_taken(service: OrderService, sender: Sender) -> None:
    order = service.place()
    service.pay(order)
    body = forged_capture(service.order(order))
    headers = sender.headers(body, at=datetime.now(UTC) - timedelta(seconds=290))
    assert sender.post(body, headers) == 204


@pytest.mark.parametrize(
    "event_type",
    ["payment.teleported", "moon.full", "dispute.opened", "settlement.created", "payout.paid", "payout.failed"],
)
def test_unknown_types_pass_by(service: OrderService, sender: Sender, held: Json, event_type: str) -> None:
    event = json.loads(forged_capture(held)) | {"type": event_type}
    assert sender.deliver(event) == 204
    assert service.order(held) == held


def test_an_event_about_a_payment_that_is_not_ours_passes_by(service: OrderService, sender: Sender) -> None:
    order = service.place()
    service.pay(order)
    event = json.loads(forged_capture(service.order(order)))
    event["data"] |= {"id": "pay_foreign", "metadata": {}, "reference": "elsewhere"}
    assert sender.deliver(event) == 204


@pytest.mark.parametrize(
    "change", [{"amount": 1}, {"currency": "EUR"}, {"reference": "another"}, {"status": "teleported"}], ids=str
)
def test_news_that_does_not_match_the_order_is_not_believed(
    service: OrderService, sender: Sender, change: Json
) -> None:
    order = service.place()
    service.pay(order)
    event = json.loads(forged_capture(service.order(order)))
    event["data"] |= change
    assert sender.deliver(event) == 204
    held = service.order(order)
    assert held["status"] == "payment_unknown"
    assert held["amount_captured"] == 0
    assert held["payments"][0]["status"] == "authorized"


def events_of(account: GatewayAccount, payment: Json) -> list[Json]:
    """The gateway's events about a payment and its refunds, the oldest first."""
    newest_first = account.call("GET", "/v1/events?limit=100")["data"]
    about = {payment["gateway_id"]}
    return [
        event
        for event in reversed(newest_first)
        if event["data"].get("id") in about or event["data"].get("payment") in about
    ]


@pytest.mark.rounds(10)
def test_events_in_any_order_and_twice_end_in_the_same_state(
    stack: Stack, service: OrderService, sender: Sender
) -> None:
    account = GatewayAccount(stack)
    order = service.place()
    payment = service.pay(order)
    service.call("POST", f"/orders/{order['id']}/captures", {"amount": 500})
    service.call("POST", f"/orders/{order['id']}/captures", {})
    truth = service.order(order)
    events = events_of(account, payment)
    assert [event["type"] for event in events] == [
        "payment.authorized",
        "payment.partially_captured",
        "payment.captured",
    ]
    for permutation in itertools.permutations(events):
        for event in permutation:
            assert sender.deliver(event | {"id": f"evt_{secrets.token_hex(8)}"}) == 204
            assert sender.deliver(event) == 204
    after = service.order(order)
    assert after == truth
    both_agree(after, account.payments(order))


@pytest.mark.rounds(10)
def test_one_delivery_ten_times_at_once_counts_once(service: OrderService, sender: Sender) -> None:
    order = service.place()
    service.pay(order)
    body = forged_capture(service.order(order))
    headers = sender.headers(body)
    with ThreadPoolExecutor(10) as pool:
        assert set(pool.map(lambda _: sender.post(body, headers), range(10))) == {204}
    paid = service.order(order)
    assert (paid["status"], paid["amount_captured"]) == ("paid", order["amount"])
    assert paid["version"] == 3  # placed, authorized, captured


def test_what_the_gateway_does_by_itself_arrives(stack: Stack, service: OrderService) -> None:
    order = service.place()
    payment = service.pay(order, "visa_processing_approved")
    assert payment["status"] == "processing"
    assert service.order(order)["status"] == "payment_unknown"
    GatewayAccount(stack).clock(advance="PT11M")
    service.order_when(order, "authorized")
