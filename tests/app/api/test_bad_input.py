"""Bad input is answered with a problem that names the field and what would be right, and nothing is changed."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.clients import GatewayAccount, Json, OrderService

GOOD: Json = {
    "reference": "never taken",
    "amount": 1999,
    "currency": "USD",
    "customer": {"email": "ann@example.com", "name": "Ann Example"},
}
ITEM = {"name": "Mug", "quantity": 1, "unit_amount": 1999}
MOST_LEVELS = 64


def raw(
    service: OrderService, body: bytes | Iterator[bytes], path: str = "/orders", **headers: str
) -> requests.Response:
    """A POST with these very bytes."""
    return requests.post(
        f"{service.stack.dashboard_url}/api{path}",
        data=body,
        headers={"Content-Type": "application/json", "Authorization": service.authorization} | headers,
        timeout=30,
    )


def check_problem(answer: requests.Response, status: int, code: str) -> Json:
    """The problem, whole as RFC 9457 and the contract want it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    told: Json = answer.json()
    assert (told["status"], told["code"]) == (status, code)
    assert told["type"] == f"/api/problems/{code.replace('_', '-')}"
    assert told["request_id"] == answer.headers["Request-Id"]
    assert told["title"]
    assert told["detail"]
    assert "Traceback" not in answer.text
    return told


def check_names(answer: requests.Response, pointer: str) -> None:
    """Whether the answer is `validation_failed` at `pointer`."""
    told = check_problem(answer, 422, "validation_failed")
    assert pointer in [error["pointer"] for error in told["errors"]], told
    assert told["param"] == told["errors"][0]["pointer"]
    assert all(error["code"] and error["detail"] for error in told["errors"])


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"amount": "1999"}, "/amount"),
        ({"amount": 1999.0}, "/amount"),
        ({"amount": True}, "/amount"),
        ({"amount": None}, "/amount"),
        ({"amount": 0}, "/amount"),
        ({"amount": -5}, "/amount"),
        ({"amount": 1_000_000_000_000}, "/amount"),
        ({"amount": 10**30}, "/amount"),
        ({"currency": "XAU"}, "/currency"),
        ({"currency": "XXX"}, "/currency"),
        ({"currency": "ZZZ"}, "/currency"),
        ({"currency": "dollars"}, "/currency"),
        ({"currency": "\u0131ls"}, "/currency"),
        ({"currency": 840}, "/currency"),
        ({"reference": ""}, "/reference"),
        ({"reference": "   "}, "/reference"),
        ({"reference": "a" * 101}, "/reference"),
        ({"reference": "a\0b"}, "/reference"),
        ({"reference": 17}, "/reference"),
        ({"customer": "ann@example.com"}, "/customer"),
        ({"customer": None}, "/customer"),
        ({"customer": {"name": "Ann"}}, "/customer/email"),
        ({"customer": {"email": "ann", "name": "Ann"}}, "/customer/email"),
        ({"customer": {"email": "a b@example.com", "name": "Ann"}}, "/customer/email"),
        ({"customer": {"email": "a" * 250 + "@example.com", "name": "Ann"}}, "/customer/email"),
        ({"customer": {"email": "ann@example.com", "name": "n" * 201}}, "/customer/name"),
        ({"customer": {"email": "ann@example.com", "name": " "}}, "/customer/name"),
        ({"customer": {"email": "ann@example.com", "name": "Ann", "locale": "xx-YY"}}, "/customer/locale"),
        ({"customer": {"email": "ann@example.com", "name": "Ann", "age": 5}}, "/customer/age"),
        ({"items": {}}, "/items"),
        ({"items": [ITEM, ITEM]}, "/items"),
        ({"items": [ITEM | {"quantity": 0}]}, "/items/0/quantity"),
        ({"items": [ITEM | {"quantity": 1.0}]}, "/items/0/quantity"),
        ({"items": [ITEM | {"unit_amount": -1}]}, "/items/0/unit_amount"),
        ({"items": [ITEM, ITEM | {"color/~": 1}]}, "/items/1/color~1~0"),
        ({"items": [ITEM] * 501}, "/items"),
        ({"merchant": "mer_nobody"}, "/merchant"),
        ({"merchant": ""}, "/merchant"),
        ({"capture_policy": "on_monday"}, "/capture_policy"),
        ({"capture_policy": "MANUAL"}, "/capture_policy"),
        ({"context": {"ip": "300.1.1.1"}}, "/context/ip"),
        ({"context": {"ip_country": "Germany"}}, "/context/ip_country"),
        ({"context": {"device_id": "d" * 101}}, "/context/device_id"),
        ({"context": {"mood": "good"}}, "/context/mood"),
        ({"metadata": {"channel": 5}}, "/metadata/channel"),
        ({"metadata": {"k" * 41: "v"}}, "/metadata/" + "k" * 41),
        ({"metadata": {"k": "v" * 501}}, "/metadata/k"),
        ({"metadata": {"k": "\0"}}, "/metadata/k"),
        ({"metadata": {f"k{number}": "v" for number in range(51)}}, "/metadata"),
        ({"id": "ord_mine"}, "/id"),
        ({"status": "paid"}, "/status"),
    ],
)
def test_an_order_with_a_wrong_member_is_refused_by_its_name(
    service: OrderService, change: dict[str, Any], pointer: str
) -> None:
    check_names(service.call("POST", "/orders", GOOD | change), pointer)


@pytest.mark.parametrize("member", list(GOOD))
def test_an_order_without_a_needed_member_is_refused_by_its_name(service: OrderService, member: str) -> None:
    left = {name: value for name, value in GOOD.items() if name != member}
    check_names(service.call("POST", "/orders", left), f"/{member}")


def test_every_wrong_member_is_named_at_once(service: OrderService) -> None:
    told = service.call("POST", "/orders", {"amount": "5", "customer": {"email": 5, "name": "Ann"}, "more": 1}).json()
    pointers = [error["pointer"] for error in told["errors"]]
    assert pointers == ["/reference", "/amount", "/currency", "/customer/email", "/more"]


def test_a_capture_policy_that_is_none_yet_is_answered_with_those_that_are(service: OrderService) -> None:
    told = service.call("POST", "/orders", GOOD | {"capture_policy": "on_monday"}).json()
    for policy in ("manual", "automatic", "on_shipment"):
        assert policy in told["detail"]


def test_a_reference_can_be_used_once(service: OrderService) -> None:
    placed = service.place(reference="used once")
    check_names(service.call("POST", "/orders", GOOD | {"reference": "used once"}), "/reference")
    assert [order["id"] for order in service.call("GET", "/orders?reference=used once").json()["data"]] == [
        placed["id"]
    ]


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"nonsense",
        b"{'amount': 1}",
        b'{"amount": 1,}',
        b'{"amount": 1} {"amount": 2}',
        b'{"amount": 1, "amount": 2}',
        b'{"customer": {"name": "a", "name": "b"}}',
        b'{"amount": NaN}',
        b'{"amount": Infinity}',
        b'{"amount": -Infinity}',
        b'{"reference": "\\ud800"}',
        b'{"reference": "\xff"}',
        "{}".encode("utf-16"),
        b"\xef\xbb\xbf{}",
        b'{"amount": ' + b"9" * 5000 + b"}",
        b"[" * 65 + b"]" * 65,
        b'{"a":' * 64 + b"[]" + b"}" * 64,
        b"[" * 100_000,
        b"   ",
    ],
)
def test_a_body_that_is_not_json_is_refused(service: OrderService, body: bytes) -> None:
    check_problem(raw(service, body), 400, "malformed_json")


@pytest.mark.parametrize("body", [b"[]", b"null", b'"text"', b"5", b"[" * MOST_LEVELS + b"]" * MOST_LEVELS])
def test_a_body_that_is_json_but_no_object_is_refused(service: OrderService, body: bytes) -> None:
    check_names(raw(service, body), "")


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "multipart/form-data; boundary=x"},
        {"Content-Type": "application/json; charset=utf-16"},
        {"Content-Type": ""},
        {"Content-Encoding": "gzip"},
    ],
)
def test_a_body_that_is_not_sent_as_json_is_refused(service: OrderService, headers: dict[str, str]) -> None:
    check_problem(raw(service, json.dumps(GOOD).encode(), **headers), 415, "unsupported_media_type")


def test_an_empty_body_counts_as_an_empty_object(service: OrderService) -> None:
    check_names(raw(service, b"", **{"Content-Type": "text/plain"}), "/reference")


def test_a_body_as_large_as_may_be_is_read(service: OrderService) -> None:
    body = json.dumps(GOOD).encode()
    check_names(raw(service, body[:-1] + b', "pad": "' + b"x" * (256 * 1024 - len(body) - 11) + b'"}'), "/pad")


@pytest.mark.parametrize("chunked", [False, True])
def test_a_larger_body_is_refused(service: OrderService, chunked: bool) -> None:
    body = b'{"pad": "' + b"x" * (256 * 1024 - 10) + b'"}'
    assert len(body) == 256 * 1024 + 1
    check_problem(raw(service, iter([body[:1000], body[1000:]]) if chunked else body), 413, "body_too_large")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/token"),
        ({"token": "tok_x", "test_card": "visa_success"}, "/test_card"),
        ({"token": 5}, "/token"),
        ({"token": ""}, "/token"),
        ({"token": "../payments"}, "/token"),
        ({"token": "tok_" + "0" * 26}, "/token"),
        ({"test_card": "no_such_card"}, "/test_card"),
        ({"test_card": "4242424242424242"}, "/test_card"),
        ({"test_card": "visa success"}, "/test_card"),
        ({"test_card": "visa_success", "capture": "yes"}, "/capture"),
        ({"test_card": "visa_success", "capture": 1}, "/capture"),
        ({"test_card": "visa_success", "amount": 5}, "/amount"),
        ({"test_card": "visa_success", "number": "4242424242424242"}, "/number"),
        ({"test_card": "visa_success", "three_ds": "maybe"}, "/three_ds"),
        ({"test_card": "visa_success", "return_url": "javascript:alert(1)"}, "/return_url"),
        ({"test_card": "visa_success", "return_url": "//evil.example"}, "/return_url"),
        ({"test_card": "visa_success", "return_url": "http://127.0.0.1/" + "x" * 2000}, "/return_url"),
    ],
)
def test_a_payment_with_a_wrong_member_is_refused_and_none_begun(
    service: OrderService, account: GatewayAccount, body: dict[str, Any], pointer: str
) -> None:
    order = service.place()
    check_names(service.call("POST", f"/orders/{order['id']}/payments", body), pointer)
    assert service.order(order) == order
    assert account.payments(order) == []


@pytest.mark.parametrize(
    ("amount", "currency", "code"), [(2000, "USD", "amount_mismatch"), (1999, "EUR", "currency_mismatch")]
)
def test_a_token_for_another_sum_is_refused(
    service: OrderService, account: GatewayAccount, amount: int, currency: str, code: str
) -> None:
    order = service.place(1999, "USD")
    asked = {"test_card": "visa_success", "amount": amount, "currency": currency}
    token = account.call("POST", "/_sandbox/tokens", asked)["id"]
    answer = service.call("POST", f"/orders/{order['id']}/payments", {"token": token})
    check_names(answer, "/token")
    assert answer.json()["errors"][0]["code"] == code
    assert service.order(order) == order


def test_a_token_of_another_account_is_refused(service: OrderService) -> None:
    order = service.place()
    elsewhere = requests.post(
        f"{service.stack.gateway_url}/_sandbox/tokens",
        json={"test_card": "visa_success", "amount": 1999, "currency": "USD"},
        headers={"Authorization": "Bearer sk_test_anotheraccount"},
        timeout=30,
    ).json()["id"]
    check_names(service.call("POST", f"/orders/{order['id']}/payments", {"token": elsewhere}), "/token")
    assert service.order(order) == order


def test_a_token_pays_once(service: OrderService, account: GatewayAccount) -> None:
    first, second = service.place(), service.place()
    token = account.call("POST", "/_sandbox/tokens", {"test_card": "visa_success", "amount": 1999, "currency": "USD"})
    body = {"token": token["id"]}
    assert service.call("POST", f"/orders/{first['id']}/payments", body).status_code == 201
    answer = service.call("POST", f"/orders/{second['id']}/payments", body)
    told = check_problem(answer, 409, "token_used")
    assert told["allowed_actions"] == ["pay", "cancel"]
    assert service.order(second) == second


def test_a_return_address_that_the_gateway_refuses_charges_nothing(
    service: OrderService, account: GatewayAccount
) -> None:
    order = service.place()
    body = {"test_card": "visa_success", "return_url": "https://evil.example/paid"}
    told = check_problem(service.call("POST", f"/orders/{order['id']}/payments", body), 422, "refused_by_gateway")
    assert "return_url" in told["detail"]
    assert account.payments(order) == []
    after = service.order(order)
    assert (after["status"], after["allowed_actions"]) == ("payment_failed", ["pay", "cancel"])
    service.pay(order)


@pytest.mark.parametrize(
    ("action", "body", "pointer"),
    [
        ("captures", {"amount": "5"}, "/amount"),
        ("captures", {"amount": 0}, "/amount"),
        ("captures", {"amount": -1}, "/amount"),
        ("captures", {"amount": 1_000_000_000_000}, "/amount"),
        ("captures", {"amount": 5.0}, "/amount"),
        ("captures", {"final": "true"}, "/final"),
        ("captures", {"currency": "USD"}, "/currency"),
        ("refunds", {"amount": 0}, "/amount"),
        ("refunds", {"reason": "because"}, "/reason"),
        ("refunds", {"note": "n" * 501}, "/note"),
        ("refunds", {"note": "\0"}, "/note"),
        ("cancel", {"reason": "r" * 501}, "/reason"),
        ("cancel", {"reason": 5}, "/reason"),
        ("cancel", {"now": True}, "/now"),
    ],
)
def test_an_action_with_a_wrong_member_is_refused_by_its_name(
    service: OrderService, held: Json, action: str, body: dict[str, Any], pointer: str
) -> None:
    check_names(service.call("POST", f"/orders/{held['id']}/{action}", body), pointer)
    assert service.order(held) == held


@pytest.fixture(scope="module")
def held(service: OrderService) -> Json:
    """An order whose money is held and never taken."""
    order = service.place()
    service.pay(order)
    return service.order(order)


def test_more_than_is_held_cannot_be_captured(service: OrderService, held: Json) -> None:
    answer = service.call("POST", f"/orders/{held['id']}/captures", {"amount": 2000})
    assert "19.99" in check_problem(answer, 422, "amount_too_large")["detail"]
    assert service.order(held) == held


def test_more_than_was_captured_cannot_be_refunded(service: OrderService) -> None:
    order = service.place()
    service.pay(order)
    service.call("POST", f"/orders/{order['id']}/captures", {"amount": 1000, "final": True})
    before = service.order(order)
    check_problem(service.call("POST", f"/orders/{order['id']}/refunds", {"amount": 1001}), 422, "amount_too_large")
    assert service.order(order) == before


ACTIONS: dict[str, Json] = {"payments": {"test_card": "visa_success"}, "captures": {}, "refunds": {}, "cancel": {}}
ILLEGAL = {
    "awaiting_payment": ({"captures", "refunds"}, ["pay", "cancel"]),
    "awaiting_authentication": ({"payments", "captures", "refunds"}, ["cancel"]),
    "authorized": ({"payments", "refunds"}, ["capture", "cancel"]),
    "partially_captured": ({"payments", "cancel"}, ["capture", "refund"]),
    "paid": ({"payments", "captures", "cancel"}, ["refund"]),
    "partially_refunded": ({"payments", "captures", "cancel"}, ["refund"]),
    "refunded": (set(ACTIONS), []),
    "declined": ({"captures", "refunds"}, ["pay", "cancel"]),
    "canceled": (set(ACTIONS), []),
}
WAYS: dict[str, list[tuple[str, Json]]] = {
    "awaiting_payment": [],
    "awaiting_authentication": [("payments", {"test_card": "visa_challenge"})],
    "authorized": [("payments", {"test_card": "visa_success"})],
    "partially_captured": [("payments", {"test_card": "visa_success"}), ("captures", {"amount": 1000})],
    "paid": [("payments", {"test_card": "visa_success", "capture": True})],
    "partially_refunded": [("payments", {"test_card": "visa_success", "capture": True}), ("refunds", {"amount": 5})],
    "refunded": [("payments", {"test_card": "visa_success", "capture": True}), ("refunds", {})],
    "declined": [("payments", {"test_card": "visa_generic_decline"})],
    "canceled": [("cancel", {})],
}


@pytest.mark.parametrize("status", list(ILLEGAL))
def test_what_the_status_does_not_allow_is_refused_with_what_it_does(service: OrderService, status: str) -> None:
    order = service.place()
    for action, body in WAYS[status]:
        assert service.call("POST", f"/orders/{order['id']}/{action}", body).ok
    before = service.order(order)
    assert before["status"] == status
    refused, allowed = ILLEGAL[status]
    for action in sorted(refused):
        told = check_problem(
            service.call("POST", f"/orders/{order['id']}/{action}", ACTIONS[action]), 409, "invalid_transition"
        )
        assert (told["current_status"], told["allowed_actions"]) == (status, allowed)
    assert service.order(order) == before


@pytest.mark.parametrize(
    "path", ["/orders/ord_00000000000000000000000000", "/orders/nothing", "/orders/ord_%00", "/orders/%F0%9F%A7%BE"]
)
@pytest.mark.parametrize(("method", "rest"), [("GET", ""), *(("POST", f"/{action}") for action in ACTIONS)])
def test_an_order_that_does_not_exist_is_not_found(service: OrderService, path: str, method: str, rest: str) -> None:
    body = ACTIONS.get(rest.removeprefix("/")) if method == "POST" else None
    check_problem(service.call(method, path + rest, body), 404, "not_found")


@pytest.mark.parametrize("path", ["", "/nothing", "/orders/x/y/z", "/problems/nothing", "/problems/not_found"])
def test_an_address_that_does_not_exist_is_not_found(service: OrderService, path: str) -> None:
    check_problem(service.call("GET", path), 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/orders", {"GET", "POST"}),
        ("PUT", "/orders/ord_00000000000000000000000000", {"GET"}),
        ("GET", "/orders/ord_00000000000000000000000000/captures", {"POST"}),
        ("PATCH", "/openapi.json", {"GET"}),
    ],
)
def test_a_method_that_an_address_does_not_take_is_refused(
    service: OrderService, method: str, path: str, allowed: set[str]
) -> None:
    answer = service.call(method, path)
    check_problem(answer, 405, "method_not_allowed")
    assert allowed <= set(answer.headers["Allow"].split(", "))


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("limit=0", "/limit"),
        ("limit=101", "/limit"),
        ("limit=-1", "/limit"),
        ("limit=1.0", "/limit"),
        ("limit=%2B5", "/limit"),
        ("limit=\u0661", "/limit"),
        ("limit=", "/limit"),
        ("limit=5&limit=5", "/limit"),
        ("status=lost", "/status"),
        ("status=", "/status"),
        ("status=paid&status=declined", "/status"),
        ("state=paid", "/state"),
        ("reference=" + "r" * 101, "/reference"),
        ("reference=%00", "/reference"),
        ("customer=" + "c" * 255, "/customer"),
        ("created_after=yesterday", "/created_after"),
        ("created_after=2026-11-23", "/created_after"),
        ("created_after=2026-11-23T09:30:00", "/created_after"),
        ("created_after=2026-13-23T09:30:00Z", "/created_after"),
        ("created_after=0001-01-01T00:00:00%2B14:00", "/created_after"),
        ("created_before=1790000000", "/created_before"),
    ],
)
def test_a_wrong_query_parameter_is_refused_by_its_name(service: OrderService, query: str, pointer: str) -> None:
    check_names(service.call("GET", f"/orders?{query}"), pointer)


@pytest.mark.parametrize("cursor", ["nonsense", "AAAA", "%00", "Pg", "PjIwMjYtMTEtMjN8", "w6TDtg"])
def test_a_made_up_cursor_is_refused(service: OrderService, cursor: str) -> None:
    answer = service.call("GET", f"/orders?cursor={cursor}")
    if cursor == "%00":
        check_names(answer, "/cursor")
    else:
        assert check_problem(answer, 422, "invalid_cursor")["param"] == "/cursor"


def test_query_parameters_are_refused_where_none_are_known(service: OrderService) -> None:
    check_names(service.call("POST", "/orders?dry_run=1", GOOD), "/dry_run")


def test_every_problem_has_its_page(service: OrderService) -> None:
    described = requests.get(f"{service.stack.dashboard_url}/api/openapi.json", timeout=30).json()
    types = {
        example["value"]["type"]
        for path in described["paths"].values()
        for operation in path.values()
        for response in operation["responses"].values()
        for content in [response["content"].get("application/problem+json")]
        if content
        for example in content["examples"].values()
    }
    assert len(types) > 15
    for kind in types | {"/api/problems/method-not-allowed"}:
        page = requests.get(service.stack.dashboard_url + kind, timeout=30)
        assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        assert kind in page.text


@pytest.mark.parametrize(
    "body", [b"zz\r\n{}\r\n0\r\n\r\n", b"-5\r\n{}\r\n", b"2\r\n{}garbage\r\n0\r\n\r\n", b"ffffffffffffffff\r\n{}"]
)
def test_a_body_in_broken_chunks_is_refused_and_the_server_goes_on(service: OrderService, body: bytes) -> None:
    host, _, port = service.stack.dashboard_url.removeprefix("http://").partition(":")
    head = (
        f"POST /api/orders HTTP/1.1\r\nHost: {host}\r\nAuthorization: {service.authorization}\r\n"
        "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(head.encode() + body)
        connection.shutdown(socket.SHUT_WR)
        answer = connection.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 400 "), answer
    assert b"Traceback" not in answer
    assert service.call("GET", "/orders?limit=1").status_code == 200
