"""Who may do what over the API: a token's role decides, on every call; without one nobody may do anything."""

from __future__ import annotations

import pytest
import requests

from tests.clients import OrderService
from tests.stack import Stack

NOBODY = "ord_00000000000000000000000000"
CALLS = {
    "list": ("GET", "/orders", None),
    "look": ("GET", f"/orders/{NOBODY}", None),
    "place": ("POST", "/orders", {}),
    "pay": ("POST", f"/orders/{NOBODY}/payments", {"test_card": "visa_success"}),
    "capture": ("POST", f"/orders/{NOBODY}/captures", {}),
    "ship": ("POST", f"/orders/{NOBODY}/shipments", {}),
    "cancel": ("POST", f"/orders/{NOBODY}/cancel", {}),
    "refund": ("POST", f"/orders/{NOBODY}/refunds", {}),
    "list disputes": ("GET", "/disputes", None),
    "look at a dispute": ("GET", "/disputes/dp_none", None),
    "gather evidence": ("POST", "/disputes/dp_none/evidence", {"fields": {"receipt": "R-1"}}),
    "submit evidence": ("POST", "/disputes/dp_none/submit", {}),
    "accept a dispute": ("POST", "/disputes/dp_none/accept", {}),
}
READING = {"list", "look", "list disputes", "look at a dispute"}
DISPUTING = {"gather evidence", "submit evidence", "accept a dispute"}
MAY = {
    "admin": set(CALLS),
    "operator": set(CALLS) - DISPUTING,
    "finance": READING | DISPUTING | {"refund"},
    "developer": READING,
    "viewer": READING,
}


@pytest.mark.parametrize("role", list(MAY))
def test_a_role_may_do_only_what_is_its_own(stack: Stack, role: str) -> None:
    service = OrderService(stack, role)
    for name, (method, path, body) in CALLS.items():
        answer = service.call(method, path, body)
        if name in MAY[role]:
            assert answer.status_code in (200, 404, 422), (name, answer.text)
        else:
            told = answer.json()
            assert (answer.status_code, told["code"]) == (403, "forbidden"), name
            assert role in told["detail"]


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer cf_wrong",
        "Basic Y2Y6Y2Y=",
        "cf_",
        "Bearer sk_test_12345678",
        "Bearer \xe9",
    ],
)
def test_without_a_token_nothing_is_shown_or_done(stack: Stack, authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization.encode("latin-1")}
    for method, path, body in CALLS.values():
        answer = requests.request(method, f"{stack.dashboard_url}/api{path}", json=body, headers=headers, timeout=30)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert answer.headers["Request-Id"] == answer.json()["request_id"]


def test_a_revoked_token_works_no_more(stack: Stack) -> None:
    token = stack.cli_here("api-token", "create", "leaver")
    headers = {"Authorization": f"Bearer {token}"}
    url = f"{stack.dashboard_url}/api/orders"
    assert requests.get(url, headers=headers, timeout=30).status_code == 200
    stack.cli_here("api-token", "revoke", "leaver")
    assert requests.get(url, headers=headers, timeout=30).status_code == 401


def test_a_signed_in_browser_does_not_open_this_door(stack: Stack) -> None:
    browser = requests.Session()
    link = stack.sign_in_link()
    page = browser.get(link, timeout=30).text
    csrf = page.partition('name="csrf_token"')[2].partition('value="')[2].partition('"')[0]
    browser.post(link, data={"csrf_token": csrf}, timeout=30)
    assert browser.get(f"{stack.dashboard_url}/orders", timeout=30, allow_redirects=False).status_code == 200
    assert browser.get(f"{stack.dashboard_url}/api/orders", timeout=30).status_code == 401
