"""Answers that a fault rule stalls, spoils or cuts off, as a real client sees them; a retry gets the true one."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest
import requests

from tests.gateway.client import Account, Json

_PAID = {"amount": 1999, "currency": "USD", "capture": True}


def _post(account: Account, body: Json, key: str, *, timeout: float = 30, **options: Any) -> requests.Response:
    """A payment by a client that does not compare the answer with the document."""
    headers = {"Authorization": f"Bearer {account.key}", "Idempotency-Key": key}
    return requests.post(f"{account.gateway.url}/v1/payments", json=body, headers=headers, timeout=timeout, **options)


def _raw(account: Account, method: str, path: str, *, body: Json | None = None, key: str = "k") -> bytes:
    """Everything that comes over a connection of its own until it is closed."""
    port = int(account.gateway.url.rpartition(":")[2])
    sent = b"" if body is None else json.dumps(body).encode()
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {account.key}\r\nIdempotency-Key: {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(sent)}\r\n\r\n"
    )
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(head.encode() + sent)
        while piece := connection.recv(65536):
            received += piece
    return received


def _true_answer(account: Account, body: Json) -> Json:
    """What a retry under the same key gets; there is one payment, and this is it."""
    again = account.ask("POST", "/v1/payments", body, key="k")
    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (201, "true")
    [payment] = account.call("GET", "/v1/payments")["data"]
    assert again.json() == payment
    return dict(payment)


@pytest.fixture
def body(account: Account) -> Json:
    return _PAID | {"token": account.token()}


def test_an_answer_that_is_not_json_stops_too_soon(account: Account, body: Json) -> None:
    account.fault({"type": "malformed"}, times=1, operation="payment")
    answer = _post(account, body, "k")
    assert (answer.status_code, answer.headers["Content-Type"]) == (201, "application/json")
    with pytest.raises(requests.JSONDecodeError):
        answer.json()
    assert len(_true_answer(account, body)["id"]) > 0


def test_an_answer_can_have_numbers_as_text(account: Account, body: Json) -> None:
    account.fault({"type": "malformed", "shape": "wrong_types"}, times=1, operation="payment")
    shown = _post(account, body, "k").json()
    assert (shown["amount"], shown["version"], shown["decline"]) == ("1999", "2", None)
    assert _true_answer(account, body)["amount"] == 1999


def test_an_answer_can_be_a_proxys_page(account: Account, body: Json) -> None:
    account.fault({"type": "malformed", "shape": "html"}, times=1, operation="payment")
    answer = _post(account, body, "k")
    assert (answer.status_code, answer.headers["Content-Type"]) == (502, "text/html")
    assert answer.text.startswith("<html>")
    _true_answer(account, body)


def test_an_answer_can_be_empty(account: Account, body: Json) -> None:
    account.fault({"type": "malformed", "shape": "empty"}, times=1, operation="payment")
    answer = _post(account, body, "k")
    assert (answer.status_code, answer.content) == (201, b"")
    _true_answer(account, body)


def test_a_truncated_answer_promises_more_than_comes(account: Account, body: Json) -> None:
    account.fault({"type": "truncated"}, times=2, operation="payment")
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        _post(account, body, "k")
    head, _, rest = _raw(account, "POST", "/v1/payments", body=body).partition(b"\r\n\r\n")
    [promised] = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    assert head.startswith(b"HTTP/1.1 201 ")
    assert 0 < len(rest) < int(promised.partition(b":")[2])
    _true_answer(account, body)


def test_a_dripping_answer_comes_in_pieces_and_whole(account: Account, body: Json) -> None:
    account.fault({"type": "slow_drip", "ms": 5, "bytes": 100}, times=1, operation="payment")
    answer = _post(account, body, "k", stream=True)
    pieces = [piece for piece in iter(lambda: answer.raw.read1(65536), b"") if piece]
    assert len(pieces) > 3
    assert json.loads(b"".join(pieces)) == _true_answer(account, body)


@pytest.mark.parametrize("at", ["before", "after"])
def test_a_stalled_request_is_never_answered(account: Account, body: Json, at: str) -> None:
    account.fault({"type": "stall", "at": at}, times=1, operation="payment")
    with pytest.raises(requests.ReadTimeout):
        _post(account, body, "k", timeout=0.5)
    stored = account.call("GET", "/v1/payments")["data"]
    assert len(stored) == (at == "after")
    again = account.ask("POST", "/v1/payments", body, key="k")
    assert again.status_code == 201
    assert ("Idempotent-Replayed" in again.headers) == (at == "after")


def test_a_stall_ends_by_itself_without_a_byte(account: Account) -> None:
    account.fault({"type": "stall", "ms": 300}, times=1, operation="get")
    assert _raw(account, "GET", "/v1/account") == b""
    assert account.ask("GET", "/v1/account").status_code == 200


@pytest.mark.parametrize("effect", [{"type": "truncated"}, {"type": "malformed"}, {"type": "slow_drip", "ms": 1}])
@pytest.mark.parametrize(("operation", "path"), [("get", "/v1/account"), ("list", "/v1/payments")])
def test_answers_to_reads_are_spoiled_too(account: Account, effect: Json, operation: str, path: str) -> None:
    whole = account.call("GET", path)
    rule = account.fault(effect, times=1, operation=operation)
    url, headers = account.gateway.url + path, {"Authorization": f"Bearer {account.key}"}
    try:
        seen = requests.get(url, headers=headers, timeout=30).json()
    except requests.RequestException:
        seen = None
    assert seen == (whole if effect["type"] == "slow_drip" else None)
    after = account.call("GET", f"/_sandbox/faults/{rule['id']}")
    assert (after["fired"], after["active"]) == (1, False)
    assert account.call("GET", path) == whole


def test_a_refusal_can_get_lost_on_the_wire_too(account: Account) -> None:
    paid = account.pay()
    account.act(paid["id"], "void")
    account.fault({"type": "malformed"}, times=1, operation="capture")
    answer = requests.post(
        f"{account.gateway.url}/v1/payments/{paid['id']}/capture",
        json={},
        headers={"Authorization": f"Bearer {account.key}", "Idempotency-Key": "k"},
        timeout=30,
    )
    assert answer.status_code == 409
    with pytest.raises(requests.JSONDecodeError):
        answer.json()
    again = account.act(paid["id"], "capture", key="k")
    assert (again.status_code, again.json()["code"]) == (409, "invalid_transition")


@pytest.mark.parametrize(
    ("match", "effect", "pointer"),
    [
        ({}, {"type": "truncated"}, "/match/operation"),
        ({"operation": "get", "event_type": "payment.failed"}, {"type": "truncated"}, "/match/event_type"),
        ({"operation": "get", "endpoint": "we_1"}, {"type": "truncated"}, "/match/endpoint"),
        ({"operation": "get"}, {"type": "malformed", "shape": "round"}, "/effect/shape"),
        ({"operation": "get"}, {"type": "slow_drip", "ms": 0}, "/effect/ms"),
        ({"operation": "get"}, {"type": "stall", "ms": 60_001}, "/effect/ms"),
        ({"operation": "get"}, {"type": "webhook_drop"}, "/match/operation"),
        ({"card": "visa_success"}, {"type": "webhook_drop"}, "/match/card"),
        ({"operation": "payment", "card": "visa_gold"}, {"type": "truncated"}, "/match/card"),
        ({"reference": "r"}, {"type": "webhook_drop"}, "/match/reference"),
        ({"event_type": "payment.paid"}, {"type": "webhook_drop"}, "/match/event_type"),
        ({"endpoint": "we_1"}, {"type": "webhook_drop"}, "/match/endpoint"),
        ({}, {"type": "webhook_delay"}, "/effect/ms"),
        ({}, {"type": "webhook_duplicate", "copies": 1}, "/effect/copies"),
        ({}, {"type": "webhook_oversized", "bytes": 9_000_000}, "/effect/bytes"),
    ],
)
def test_a_rule_must_fit_what_it_strikes(account: Account, match: Json, effect: Json, pointer: str) -> None:
    wrong = {"match": match, "effect": effect}
    assert account.refused(422, "validation_failed", "POST", "/_sandbox/faults", wrong)["param"] == pointer
