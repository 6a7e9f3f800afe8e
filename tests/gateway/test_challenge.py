"""The 3-D Secure page: one decision behind an unguessable link, and where the browser goes then."""

from __future__ import annotations

import re
from typing import Any

import pytest
import requests
from playwright.sync_api import Page

from tests.gateway.client import Account, Json
from tests.stack import until

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def _challenged(account: Account, card: str = "visa_challenge", **more: Any) -> tuple[Json, str]:
    paid = account.pay(card, **more)
    assert paid["status"] == "requires_action"
    assert paid["next_action"]["type"] == "redirect_to_url"
    return paid, paid["next_action"]["url"]


def _decide(url: str, decision: str) -> requests.Response:
    return requests.post(url, data={"decision": decision}, headers=HTML, allow_redirects=False, timeout=10)


@pytest.mark.parametrize(
    ("card", "capture", "decision", "status", "decline", "outcome"),
    [
        ("visa_challenge", False, "approve", "authorized", None, "challenge_passed"),
        ("visa_challenge", True, "approve", "captured", None, "challenge_passed"),
        ("visa_challenge", True, "fail", "declined", "authentication_failed", "challenge_failed"),
        ("visa_challenge", True, "cancel", "declined", "authentication_canceled", "challenge_canceled"),
        ("visa_challenge_declined", True, "approve", "declined", "generic_decline", "challenge_passed"),
        ("visa_challenge_declined", True, "fail", "declined", "authentication_failed", "challenge_failed"),
    ],
)
def test_each_decision_leads_where_it_should(
    account: Account, card: str, capture: bool, decision: str, status: str, decline: str | None, outcome: str
) -> None:
    paid, url = _challenged(account, card, capture=capture)
    answer = _decide(url, decision)
    assert answer.status_code == 200
    assert status in answer.text
    after = account.payment(paid["id"])
    assert (after["status"], after["next_action"]) == (status, None)
    assert (after["decline"] or {}).get("code") == decline
    assert after["authentication"]["outcome"] == outcome
    assert after["authentication"]["eci"] == ("05" if decision == "approve" else None)
    types = [event["type"] for event in account.events()]
    assert (
        types
        == ["payment.requires_action"]
        + {
            "authorized": ["payment.authorized"],
            "captured": ["payment.authorized", "payment.captured"],
            "declined": ["payment.declined"],
        }[status]
    )


def test_the_page_can_be_reloaded_until_the_one_decision_and_is_gone_afterwards(account: Account) -> None:
    paid, url = _challenged(account, amount=123456, currency="KWD", description="<script>alert(1)</script>")
    for _ in range(3):
        page = requests.get(url, headers=HTML, timeout=10)
        assert page.status_code == 200
        assert "123.456 KWD" in page.text
        assert "<script>alert" not in page.text
    assert set(re.findall(r'name="decision" value="(\w+)"', page.text)) == {"approve", "fail", "cancel"}
    assert _decide(url, "approve").status_code == 200
    before = account.payment(paid["id"])
    for answer in (
        requests.get(url, headers=HTML, timeout=10),
        _decide(url, "fail"),
        requests.get(url, timeout=10),
    ):
        assert answer.status_code == 410
    assert answer.json()["code"] == "gone"
    assert account.payment(paid["id"]) == before


def test_a_challenge_without_a_decision_expires_after_fifteen_minutes(account: Account) -> None:
    account.freeze()
    paid, url = _challenged(account)
    account.clock(advance="PT14M59S")
    assert requests.get(url, headers=HTML, timeout=10).status_code == 200
    account.clock(advance="PT1S")
    assert requests.get(url, headers=HTML, timeout=10).status_code == 410
    assert _decide(url, "approve").status_code == 410
    after = account.payment(paid["id"])
    assert (after["status"], after["authentication"]["outcome"]) == ("expired", "challenge_abandoned")
    assert [event["type"] for event in account.events()] == ["payment.requires_action", "payment.expired"]


def test_a_voided_challenge_is_gone(account: Account) -> None:
    paid, url = _challenged(account)
    assert account.act(paid["id"], "void").json()["status"] == "voided"
    assert requests.get(url, timeout=10).status_code == 410
    assert account.call("GET", "/_sandbox/clock")["next"] == []


@pytest.mark.parametrize(
    ("return_url", "expected"),
    [
        ("http://localhost:8000/back", "http://localhost:8000/back?payment={id}"),
        ("http://127.0.0.1/back?order=7", "http://127.0.0.1/back?order=7&payment={id}"),
        ("https://[::1]:9/back?a=1&b=2#part", "https://[::1]:9/back?a=1&b=2&payment={id}#part"),
        ("http://127.8.8.8", "http://127.8.8.8?payment={id}"),
    ],
)
def test_the_browser_goes_back_with_the_payments_id(account: Account, return_url: str, expected: str) -> None:
    paid, url = _challenged(account, return_url=return_url)
    origin = re.match(r"https?://[^/?]+", return_url)
    assert origin is not None
    page = requests.get(url, headers=HTML, timeout=10)
    assert f"form-action 'self' {origin.group()};" in page.headers["Content-Security-Policy"]
    answer = _decide(url, "approve")
    assert answer.status_code == 303
    assert answer.headers["Location"] == expected.format(id=paid["id"])


@pytest.mark.parametrize(
    "return_url",
    [
        "https://evil.example/",
        "//evil.example",
        "/relative",
        "javascript:alert(1)",
        "http://localhost@evil.example/",
        "http://localhost\\@evil.example/",
        "http://localhost:8000\\.evil.example",
        "http://localhost.evil.example/",
        "http://127.0.0.1.evil.example/",
        "http://localhost:8000/\r\nX: y",
        "http://localhost:99999/",
        "http://localhost:0/",
        "http:///path",
        "ftp://localhost/",
        "http://[::1/",
        "http://localhost/ä",
        "http://2130706433/",
        "",
        "http://localhost/" + "a" * 2000,
    ],
)
def test_an_address_outside_the_return_origins_is_refused(account: Account, return_url: str) -> None:
    body = {"token": account.token("visa_challenge"), "amount": 1999, "currency": "USD", "return_url": return_url}
    assert account.refused(422, "validation_failed", "POST", "/v1/payments", body)["param"] == "/return_url"
    assert account.call("GET", f"/v1/tokens/{body['token']}")["used"] is False


def test_an_account_can_name_its_return_origins(account: Account) -> None:
    account.call("PATCH", "/_sandbox/settings", {"return_origins": ["https://shop.example"]})
    _challenged(account, return_url="https://SHOP.example/back")
    for other in ("http://shop.example/", "https://shop.example:444/", "http://localhost/"):
        body = {"token": account.token(), "amount": 1999, "currency": "USD", "return_url": other}
        account.refused(422, "validation_failed", "POST", "/v1/payments", body)


@pytest.mark.parametrize("secret", ["guess", "0" * 52, "%00", "a-b", "é"])
def test_a_guessed_link_is_404(account: Account, secret: str) -> None:
    _challenged(account)
    for method in ("GET", "POST"):
        answer = requests.request(
            method, f"{account.gateway.url}/challenge/{secret}", data={"decision": "approve"}, timeout=10
        )
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("data", [{}, {"decision": "pay"}, {"other": "approve"}, {"decision": "approve" * 2000}])
def test_a_decision_that_is_none_changes_nothing(account: Account, data: dict[str, str]) -> None:
    paid, url = _challenged(account)
    answer = requests.post(url, data=data, timeout=10)
    assert answer.status_code in (413, 422)
    assert account.payment(paid["id"]) == paid


def test_the_secret_is_long_and_in_no_list_of_problems(account: Account) -> None:
    links = {_challenged(account)[1].rpartition("/")[2] for _ in range(3)}
    assert len(links) == 3
    assert all(re.fullmatch(r"[0-9a-v]{52}", link) for link in links)


def test_an_expired_challenge_of_a_live_account_is_noticed_without_being_asked(account: Account) -> None:
    paid, _ = _challenged(account)
    account.clock(advance="PT14M59S")

    def expired() -> bool:
        return bool(account.payment(paid["id"])["status"] == "expired")

    until(expired, what="the challenge to expire", within=20)


@pytest.mark.parametrize(
    ("button", "status"),
    [("Approve the payment of 19.99 USD", "captured"), ("Fail the authentication", "declined"), ("Cancel", "declined")],
)
def test_in_a_browser_each_button_decides_and_leads_back_to_the_other_origin(
    account: Account, page: Page, button: str, status: str
) -> None:
    back = account.gateway.url.replace("127.0.0.1", "localhost") + "/healthz"
    paid, url = _challenged(account, capture=True, return_url=back)
    troubles: list[str] = []
    page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
    page.goto(url)
    page.reload()
    assert page.get_by_role("heading", name="Confirm your payment").is_visible()
    page.get_by_role("button", name=button).click()
    page.wait_for_url(f"{back}?payment={paid['id']}")
    assert account.payment(paid["id"])["status"] == status
    assert troubles == []


def test_in_a_browser_the_page_says_that_it_is_done_and_later_that_it_is_over(account: Account, page: Page) -> None:
    _, url = _challenged(account)
    page.goto(url)
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("heading", name="Done").wait_for()
    page.goto(url)
    page.get_by_role("heading", name="No longer open").wait_for()
