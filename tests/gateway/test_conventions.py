"""What every address has in common: bodies, keys, errors, headers."""

from __future__ import annotations

import hashlib
import json
import re
import socket
from typing import Any

import pytest
import requests

from tests.gateway.client import CARD, Account
from tests.stack import Gateway

TOKEN = {"card": CARD, "amount": 1999, "currency": "USD"}


def _raw(account: Account, body: bytes, content_type: str | None = "application/json") -> requests.Response:
    return account.ask("POST", "/v1/tokens", headers={"Content-Type": content_type}, data=body)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"nonsense",
        b'{"amount": 1, "amount": 2}',
        b'{"amount": NaN}',
        b'{"amount": -Infinity}',
        rb'{"name": "\ud800"}',
        b'{"name": "\xff"}',
        b"[" * 65 + b"]" * 65,
        b'{"a":' * 70 + b"1" + b"}" * 70,
        b"[" * 100_000,
        b'{"amount": ' + b"9" * 5000 + b"}",
        b"\xef\xbb\xbf{}",
        b"{} {}",
    ],
    ids=range(13),
)
def test_what_is_not_strict_json_is_refused_as_malformed(account: Account, body: bytes) -> None:
    answer = _raw(account, body)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_json")


def test_sixty_four_levels_are_read(account: Account) -> None:
    answer = _raw(account, b'{"a":' * 64 + b"1" + b"}" * 64)
    assert answer.json()["code"] == "validation_failed"


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "", "text/json", None])
def test_another_content_type_is_refused(account: Account, content_type: str | None) -> None:
    answer = _raw(account, json.dumps(TOKEN).encode(), content_type)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/json; charset=UTF-8", "application/vnd.shop+json"]
)
def test_content_types_that_are_json_are_taken(account: Account, content_type: str) -> None:
    assert _raw(account, json.dumps(TOKEN).encode(), content_type).status_code == 201


def test_compressed_and_otherwise_encoded_bodies_are_refused(account: Account) -> None:
    body = json.dumps(TOKEN).encode()
    for headers in ({"Content-Encoding": "gzip"}, {"Content-Type": "application/json; charset=utf-16"}):
        answer = account.ask("POST", "/v1/tokens", data=body, headers={"Content-Type": "application/json"} | headers)
        assert answer.status_code == 415


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_above_256_kib_is_refused_and_the_next_request_served(account: Account, chunked: bool) -> None:
    body = json.dumps(TOKEN | {"x": "y" * 256 * 1024}).encode()
    data: Any = (body[start : start + 8192] for start in range(0, len(body), 8192)) if chunked else body
    answer = account.ask("POST", "/v1/tokens", data=data, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert account.call("POST", "/v1/tokens", TOKEN)["amount"] == 1999


def test_a_chunked_body_is_read(account: Account) -> None:
    parts = iter([json.dumps(TOKEN).encode()])
    answer = account.ask("POST", "/v1/tokens", data=parts, headers={"Content-Type": "application/json"})
    assert answer.status_code == 201


def test_an_empty_body_counts_as_an_empty_object(account: Account) -> None:
    paid = account.pay()
    answer = account.ask("POST", f"/v1/payments/{paid['id']}/capture", headers={"Content-Type": "text/plain"})
    assert answer.json()["status"] == "captured"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"amount": "1999"}, "/amount"),
        ({"amount": True}, "/amount"),
        ({"amount": 1999.0}, "/amount"),
        ({"amount": None}, "/amount"),
        ({"amount": 0}, "/amount"),
        ({"amount": -1}, "/amount"),
        ({"amount": 1_000_000_000_000}, "/amount"),
        ({"amount": 10**30}, "/amount"),
        ({"currency": "XXX"}, "/currency"),
        ({"currency": "XAU"}, "/currency"),
        ({"currency": "usdd"}, "/currency"),
        ({"currency": "\u017fek"}, "/currency"),
        ({"currency": 840}, "/currency"),
        ({"card": "4242"}, "/card"),
        ({"card": CARD | {"exp_month": 13}}, "/card/exp_month"),
        ({"card": CARD | {"exp_month": "12"}}, "/card/exp_month"),
        ({"card": CARD | {"name": "n" * 201}}, "/card/name"),
        ({"card": CARD | {"name": "a\x00b"}}, "/card/name"),
        ({"card": CARD | {"track": "2"}}, "/card/track"),
        ({"card": {name: value for name, value in CARD.items() if name != "cvc"}}, "/card/cvc"),
        ({"livemode": True}, "/livemode"),
        ({"a/b~c": 1}, "/a~1b~0c"),
        ({"billing_address": {}}, "/billing_address/line1"),
    ],
)
def test_a_wrong_member_is_named_by_its_pointer(account: Account, change: dict[str, Any], pointer: str) -> None:
    problem = account.refused(422, "validation_failed", "POST", "/v1/tokens", TOKEN | change)
    assert problem["param"] == pointer
    assert problem["errors"][0]["pointer"] == pointer
    assert problem["errors"][0]["detail"]


def test_every_wrong_member_is_named_at_once_and_no_input_is_repeated(account: Account) -> None:
    body = {"card": CARD | {"number": 4000000000000002, "cvc": 987}, "currency": "nonsense"}
    problem = account.refused(422, "validation_failed", "POST", "/v1/tokens", body)
    assert [error["pointer"] for error in problem["errors"]] == ["/card/number", "/card/cvc", "/amount", "/currency"]
    told = json.dumps(problem)
    assert not any(secret in told for secret in ("4000000000000002", "987", "nonsense"))


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"1", b"null"])
def test_a_body_must_be_an_object(account: Account, body: bytes) -> None:
    assert _raw(account, body).json()["code"] == "validation_failed"


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("limit=0", "/limit"),
        ("limit=101", "/limit"),
        ("limit=1.5", "/limit"),
        ("limit=%205", "/limit"),
        ("limit=1_0", "/limit"),
        ("limit=", "/limit"),
        ("limit=1&limit=2", "/limit"),
        ("colour=red", "/colour"),
        ("status=paid", "/status"),
        ("created_after=yesterday", "/created_after"),
        ("created_after=2026-02-30T00:00:00Z", "/created_after"),
        ("created_before=2026-01-01T00:00:00", "/created_before"),
        ("reference=a%00b", "/reference"),
    ],
)
def test_wrong_unknown_and_repeated_query_parameters_are_refused(account: Account, query: str, pointer: str) -> None:
    assert account.refused(422, "validation_failed", "GET", f"/v1/payments?{query}")["param"] == pointer


def test_query_parameters_are_refused_where_there_are_none(account: Account) -> None:
    assert account.refused(422, "validation_failed", "POST", "/v1/tokens?a=1", TOKEN)["param"] == "/a"
    assert account.refused(422, "validation_failed", "GET", "/v1/account?a=1")["param"] == "/a"


@pytest.mark.parametrize("code", ["usd", "USD", "Jpy", "kwd", "CLF"])
def test_currencies_are_taken_in_any_case_and_returned_in_capitals(account: Account, code: str) -> None:
    assert account.call("POST", "/v1/tokens", TOKEN | {"currency": code})["currency"] == code.upper()


@pytest.mark.parametrize("amount", [1, 999_999_999_999])
def test_the_smallest_and_the_largest_amount_are_taken(account: Account, amount: int) -> None:
    assert account.pay(amount=amount, capture=True)["amount_captured"] == amount


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Basic c2tfdGVzdF8=",
        "Bearer sk_test_short",
        "Bearer sk_test_" + "a" * 65,
        "Bearer sk_test_with-dashes-inside",
        "Bearer pk_test_000000000000000000000000",
        "Bearer pk_test_xyz",
        "sk_test_aaaaaaaaaaaa",
    ],
)
def test_without_a_well_formed_key_the_answer_is_401(account: Account, authorization: str | None) -> None:
    answer = account.ask("GET", "/v1/account", headers={"Authorization": authorization})
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_live_keys_are_refused(account: Account) -> None:
    answer = account.ask("GET", "/v1/account", headers={"Authorization": "Bearer sk_live_" + "a" * 24})
    assert (answer.status_code, answer.json()["code"]) == (401, "live_key_refused")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_the_publishable_key_makes_tokens_and_nothing_else(account: Account) -> None:
    publishable = account.call("GET", "/v1/account")["publishable_key"]
    browser = Account(account.gateway, publishable)
    made = browser.call("POST", "/v1/tokens", TOKEN)
    assert account.call("GET", f"/v1/tokens/{made['id']}") == made
    for method, path in (
        ("GET", f"/v1/tokens/{made['id']}"),
        ("GET", "/v1/account"),
        ("POST", "/v1/payments"),
        ("GET", "/_sandbox/cards"),
        ("POST", "/_sandbox/reset"),
        ("POST", "/_sandbox/tokens"),
    ):
        browser.refused(403, "publishable_key", method, path)
    browser.close()


def test_the_publishable_key_is_made_of_a_hash_of_the_secret_one(account: Account) -> None:
    expected = "pk_test_" + hashlib.sha256(account.key.encode()).hexdigest()[:24]
    assert account.call("GET", "/v1/account")["publishable_key"] == expected


@pytest.mark.parametrize(
    "path", ["/", "/nope", "/v1", "/v1/nope", "/v1/payments/", "/v1//payments", "/v1/payments/../x", "/assets/none.css"]
)
def test_an_unknown_address_is_a_problem_of_404(gateway: Gateway, path: str) -> None:
    with socket.create_connection(("127.0.0.1", int(gateway.url.rpartition(":")[2])), timeout=10) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
    assert answer.startswith("HTTP/1.1 404 ")
    assert re.search(r"(?i)^content-type: application/problem\+json\r$", answer, re.MULTILINE)
    assert json.loads(answer.partition("\r\n\r\n")[2])["code"] == "not_found"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/v1/payments", {"GET", "HEAD", "POST"}),
        ("DELETE", "/v1/tokens", {"OPTIONS", "POST"}),
        ("GET", "/v1/tokens", {"OPTIONS", "POST"}),
        ("OPTIONS", "/v1/payments", {"GET", "HEAD", "POST"}),
        ("PATCH", "/_sandbox/clock", {"GET", "HEAD", "POST"}),
        ("POST", "/healthz", {"GET", "HEAD"}),
    ],
)
def test_a_wrong_method_is_a_problem_of_405_with_allow(
    account: Account, method: str, path: str, allowed: set[str]
) -> None:
    answer = account.ask(method, path)
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert set(answer.headers["Allow"].split(", ")) == allowed


@pytest.mark.parametrize(
    "path", ["payments/pay_none", "payments/%00", "payments/%C3%A9", "refunds/re_1", "tokens/tok_1"]
)
def test_an_id_that_is_none_is_404(account: Account, path: str) -> None:
    account.refused(404, "not_found", "GET", f"/v1/{path}")


def test_a_problem_has_the_members_of_rfc_9457_and_a_page_behind_its_type(account: Account) -> None:
    answer = account.ask("GET", "/v1/payments/pay_none")
    problem = answer.json()
    assert problem["status"] == 404
    assert problem["request_id"] == answer.headers["Request-Id"]
    assert problem["type"] == "/problems/not-found"
    page = requests.get(account.gateway.url + problem["type"], timeout=10)
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert problem["title"] in page.text


def test_every_code_has_its_page(gateway: Gateway) -> None:
    index = requests.get(f"{gateway.url}/problems/", timeout=10).text
    pages = re.findall(r'href="(/problems/[a-z-]+)"', index)
    assert len(pages) > 25
    assert {requests.get(gateway.url + page, timeout=10).status_code for page in pages} == {200}


@pytest.mark.parametrize(
    ("given", "kept"),
    [("order-17_a", True), ("a" * 64, True), ("a" * 65, False), ("has space", False), ("", False), ("é", False)],
)
def test_a_well_formed_request_id_of_the_client_is_kept(account: Account, given: str, kept: bool) -> None:
    answer = account.ask("GET", "/v1/account", headers={"X-Request-Id": given.encode("utf-8").decode("latin-1")})
    found = answer.headers["Request-Id"]
    assert found == given if kept else re.fullmatch(r"req_[0-9a-v]{26}", found)


def test_browsers_of_any_origin_may_make_tokens_and_nothing_else(account: Account) -> None:
    origin = {"Origin": "https://shop.example"}
    preflight = account.gateway.url + "/v1/tokens"
    asked = origin | {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    answer = requests.options(preflight, headers=asked, timeout=10)
    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]
    for headers in (origin, origin | {"Authorization": "none"}):
        assert account.ask("POST", "/v1/tokens", TOKEN, headers=headers).headers["Access-Control-Allow-Origin"] == "*"
    for path in ("/v1/account", "/v1/payments", "/_sandbox/cards"):
        assert "Access-Control-Allow-Origin" not in account.ask("GET", path, headers=origin).headers


@pytest.mark.parametrize(
    "path", ["/v1/account", "/nope", "/problems/", "/docs", "/healthz", "/metrics", "/openapi.json"]
)
def test_every_answer_carries_the_safe_headers(account: Account, path: str) -> None:
    headers = (
        account.ask("GET", path).headers
        if path == "/v1/account"
        else requests.get(account.gateway.url + path, timeout=10).headers
    )
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


def test_health_readiness_and_metrics_need_no_key(gateway: Gateway) -> None:
    for path in ("/healthz", "/readyz"):
        assert requests.get(gateway.url + path, timeout=10).json() == {"status": "ok"}
    figures = requests.get(f"{gateway.url}/metrics", timeout=10).text
    assert re.search(r'^counterfoil_gateway_requests_total\{.*route="/readyz".*\} [1-9]', figures, re.MULTILINE)


def test_an_account_shows_its_settings_and_changes_those_that_are_named(account: Account) -> None:
    before = account.call("GET", "/v1/account")["settings"]
    assert before == account.call("GET", "/_sandbox/settings")
    changed = account.call("PATCH", "/_sandbox/settings", {"return_origins": ["https://Shop.example"]})
    assert changed == before | {"return_origins": ["https://shop.example"]}
    account.call("PATCH", "/_sandbox/settings", {"seed": "s", "rate_limit": {"requests": 1000}})
    emptied = {"return_origins": None, "seed": None, "rate_limit": None}
    assert account.call("PATCH", "/_sandbox/settings", emptied) == before


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"require_idempotency_keys": 1}, "/require_idempotency_keys"),
        ({"return_origins": ["https://a.example/path"]}, "/return_origins/0"),
        ({"return_origins": ["https://u@a.example"]}, "/return_origins/0"),
        ({"return_origins": ["javascript:alert(1)"]}, "/return_origins/0"),
        ({"rate_limit": {"requests": 0}}, "/rate_limit/requests"),
        ({"colour": "red"}, "/colour"),
    ],
)
def test_wrong_settings_are_refused(account: Account, change: dict[str, Any], pointer: str) -> None:
    assert account.refused(422, "validation_failed", "PATCH", "/_sandbox/settings", change)["param"] == pointer


def test_a_rate_limit_of_the_account_answers_429_with_its_headers(account: Account) -> None:
    account.call("PATCH", "/_sandbox/settings", {"rate_limit": {"requests": 3, "window_seconds": 3600}})
    left = [account.ask("GET", "/v1/account").headers["RateLimit"] for _ in range(3)]
    assert [text.partition(";t=")[0] for text in left] == [f'"default";r={rest}' for rest in (2, 1, 0)]
    answer = account.ask("GET", "/v1/account")
    assert (answer.status_code, answer.json()["code"]) == (429, "rate_limited")
    assert answer.headers["RateLimit-Policy"] == '"default";q=3;w=3600'
    assert 1 <= int(answer.headers["Retry-After"]) <= 3600
    account.call("PATCH", "/_sandbox/settings", {"rate_limit": None})
    assert "RateLimit" not in account.ask("GET", "/v1/account").headers
