"""Each address as each role, over HTTP: docs/roles.md says who may, nobody else does, and no other site can."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import requests

from tests.app.people.hands import Hand, hire
from tests.app.screens.visitor import Read, Visitor
from tests.building.tables import ROLES, Address, addresses
from tests.clients import TIMEOUT, OrderService
from tests.stack import Stack

REFUSED_TO_A_ROLE = "it takes the permission"
GUARDED = [one for one in addresses() if one.roles is not None]
SCREENS = [one for one in GUARDED if not one.is_api]
CALLS = [one for one in GUARDED if one.is_api]
ELSEWHERE = ("/webhooks/gateway", "/pay/<token>/payments", "/pay/<token>/restart")
"""Takes signed deliveries, and no browser's cookie opens it; a customer's forms have a test of their own."""
FORMS = [one for one in addresses() if one.method != "GET" and not one.is_api and one.rule not in ELSEWHERE]


@dataclass
class Crawler:
    """A browser that tries addresses which name nothing that there is, with a form that holds its token alone."""

    hand: Hand
    token: str

    def asks(self, address: Address, fields: dict[str, str] | None = None, **headers: str) -> requests.Response:
        """The answer; only its head where it never ends. Asked for as a part of a page, so that errors are short."""
        sent = {"csrf_token": self.token} if fields is None else fields
        with self.hand.session.request(
            address.method,
            self.hand.stack.dashboard_url + address.path,
            data=None if address.method == "GET" else sent,
            headers={"HX-Request": "true"} | headers,
            timeout=TIMEOUT,
            allow_redirects=False,
            stream=True,
        ) as answer:
            if not answer.headers["Content-Type"].startswith("text/event-stream"):
                _ = answer.content
            return answer


def crawler(stack: Stack, admin: Visitor, role: str) -> Crawler:
    """Somebody new of the role: what they do to their own account is nobody else's trouble."""
    hand = Hand(stack)
    hand.sign_in(hire(stack, admin, role).email)
    return Crawler(hand, Read(hand.get("/account").text).fields["csrf_token"])


def let_in(answer: requests.Response) -> bool:
    """Whether the guard let it through to what stands behind; AssertionError if that broke."""
    assert answer.status_code < 500, f"{answer.request.method} {answer.url}: {answer.text[:500]}"
    return answer.status_code != 401 and not (answer.status_code == 403 and REFUSED_TO_A_ROLE in answer.text)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_do_what_the_page_of_roles_says_and_nothing_else(stack: Stack, admin: Visitor, role: str) -> None:
    browser = crawler(stack, admin, role)
    told = {one.name: let_in(browser.asks(one)) for one in SCREENS}
    assert told == {one.name: role in (one.roles or ()) for one in SCREENS}


@pytest.mark.parametrize("role", ROLES)
def test_so_may_an_api_token_of_that_role(stack: Stack, role: str) -> None:
    service = OrderService(stack, role)
    told = {
        one.name: let_in(service.call(one.method, one.path.removeprefix("/api"), None if one.method == "GET" else {}))
        for one in CALLS
    }
    assert told == {one.name: role in (one.roles or ()) for one in CALLS}


@pytest.mark.parametrize("way", ["without a token", "with another session's token", "from another site", "by a link"])
def test_no_form_is_taken_from_elsewhere(stack: Stack, admin: Visitor, way: str) -> None:
    browser = crawler(stack, admin, "admin")
    fields = {
        "without a token": {},
        "with another session's token": {"csrf_token": Read(Hand(stack).get("/sign-in").text).fields["csrf_token"]},
    }.get(way)
    headers = {
        "from another site": {"Sec-Fetch-Site": "cross-site"},
        "by a link": {"Sec-Fetch-Site": "same-site", "Origin": "http://elsewhere.example"},
    }.get(way, {})
    codes = {one.name: browser.asks(one, fields, **headers).status_code for one in FORMS}
    assert codes == {one.name: 403 for one in FORMS}
    assert browser.hand.is_in()  # the form to sign out was among them


def test_every_answer_tells_browsers_what_a_page_may_do(stack: Stack, admin: Visitor) -> None:
    browser = crawler(stack, admin, "viewer")
    for address in (one for one in addresses() if one.method == "GET"):
        headers = browser.asks(address).headers
        policy = dict(part.strip().partition(" ")[::2] for part in headers["Content-Security-Policy"].split(";"))
        assert policy["default-src"] == "'none'", address.name
        assert "unsafe" not in policy.get("script-src", ""), address.name
        assert policy["frame-ancestors"] in ("'none'", "'self'"), address.name
        assert policy["form-action"].startswith(("'self'", "'none'")), address.name
        assert headers["X-Content-Type-Options"] == "nosniff", address.name
        assert headers["Referrer-Policy"] in ("same-origin", "no-referrer"), address.name
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin", address.name
        assert headers["X-Frame-Options"] in ("DENY", "SAMEORIGIN"), address.name
        assert "Server" not in headers or "/" not in headers["Server"], address.name
