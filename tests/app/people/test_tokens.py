"""API tokens made at the desk: shown once, never more than their maker may, nobody's second person."""

from __future__ import annotations

import json
import re
import secrets

import pytest
import requests

from tests.app.people.hands import Hand, Person, hire
from tests.app.screens.visitor import Read, Visitor
from tests.clients import TIMEOUT, OrderService
from tests.stack import Stack

TOKEN = re.compile(r"<code>(cf_[\w-]{43})</code>")


def make(visitor: Visitor, role: str) -> tuple[str, str]:
    """A token's name, and the token."""
    name = f"shop {secrets.token_hex(4)}"
    page = visitor.send("/settings/tokens/new", "/settings/tokens", name=name, role=role)
    found = TOKEN.search(page.text)
    assert found is not None, page.text
    return name, found[1]


def status_of(stack: Stack, token: str) -> int:
    """What the API answers to it."""
    headers = {"Authorization": f"Bearer {token}"}
    return requests.get(f"{stack.dashboard_url}/api/orders", headers=headers, timeout=TIMEOUT).status_code


def test_a_token_is_shown_once_and_works_until_it_is_revoked(stack: Stack, admin: Visitor) -> None:
    name, token = make(admin, "operator")
    assert status_of(stack, token) == 200
    page = admin.read("/settings/tokens")
    assert token not in page.html
    row = page.html.partition(name)[2]
    path = re.search(r"/settings/tokens/key_\w+/revocation", row)
    assert path is not None
    assert admin.send("/settings/tokens", path[0]).status_code == 200
    assert status_of(stack, token) == 401
    told = [cells for cells in admin.read("/settings/tokens").row_texts() if cells and cells[0] == name]
    assert "revoked" in told[0][-1]


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ({"name": ""}, "Name it after the system"),
        ({"name": "shop/<b>"}, "Name it with 1 to 100 letters"),
        ({"name": "x" * 101}, "Name it with 1 to 100 letters"),
        ({"role": "king"}, "Not a valid choice"),
        ({"role": "operator"}, "Not a valid choice"),
    ],
)
def test_what_cannot_be_a_developers_token_is_told_beside_its_field(
    stack: Stack, written: dict[str, str], told: str
) -> None:
    developer = Visitor(stack, "developer")
    answer = developer.send(
        "/settings/tokens/new", "/settings/tokens", **({"name": "mine", "role": "viewer"} | written)
    )
    assert answer.status_code == 422
    assert told in Read(answer.text).text


def act_on(admin: Visitor, person: Person, act: str, **written: str) -> None:
    """Use the buttons of somebody's page."""
    at = f"/settings/operators/{person.id}"
    assert admin.send(at, f"{at}/{act}", **written).status_code == 200


def test_a_token_stands_and_falls_with_its_owner(stack: Stack, admin: Visitor) -> None:
    person = hire(stack, admin, "admin")
    hand = Hand(stack)
    hand.sign_in(person.email)
    tokens: dict[str, tuple[str, str]] = {}
    for role in ("admin", "viewer"):
        name = f"{role} {secrets.token_hex(4)}"
        made = hand.send("/settings/tokens/new", "/settings/tokens", name=name, role=role)
        found = TOKEN.search(made.text)
        assert found is not None
        tokens[role] = name, found[1]

    def holds(admins: str | None, viewers: str | None) -> None:
        """What hinders each of them, on the page and at the terminal, and whether it works."""
        rows = {cells[0]: cells for cells in admin.read("/settings/tokens").row_texts() if cells}
        listed = {
            one["name"]: one["hindrance"] for one in json.loads(stack.cli_here("api-token", "list", "--json"))["data"]
        }
        for role, hindrance in (("admin", admins), ("viewer", viewers)):
            name, token = tokens[role]
            said = name if hindrance is None else f"{name} {hindrance}: it does not work now."
            assert said in rows
            assert listed[name] == hindrance
            assert status_of(stack, token) == (200 if hindrance is None else 401)

    holds(None, None)
    act_on(admin, person, "role", role="viewer", reason="Another job")
    holds("May do more than its owner", None)
    act_on(admin, person, "role", role="admin", reason="The old job")
    holds(None, None)
    act_on(admin, person, "suspension", reason="Left")
    holds("Its owner is suspended", "Its owner is suspended")
    act_on(admin, person, "reinstatement", reason="Back")
    holds(None, None)


def test_a_token_that_may_more_than_oneself_stays_another_s(stack: Stack, admin: Visitor) -> None:
    name, token = make(admin, "finance")
    developer = Visitor(stack, "developer")
    path = re.search(r"/settings/tokens/key_\w+/revocation", admin.read("/settings/tokens").html.partition(name)[2])
    assert path is not None
    assert developer.send("/settings/tokens", path[0]).status_code == 403
    assert status_of(stack, token) == 200


def test_who_made_a_token_is_no_second_person_for_what_it_asks(
    stack: Stack, admin: Visitor, service: OrderService
) -> None:
    person = hire(stack, admin, "admin")
    hand = Hand(stack)
    hand.sign_in(person.email)
    made = hand.send("/settings/tokens/new", "/settings/tokens", name=f"till {secrets.token_hex(4)}", role="finance")
    found = TOKEN.search(made.text)
    assert found is not None
    order = service.place(90_000)
    service.pay(order, capture=True)
    asked = requests.post(
        f"{stack.dashboard_url}/api/orders/{order['id']}/refunds",
        json={},
        headers={"Authorization": f"Bearer {found[1]}"},
        timeout=TIMEOUT,
    )
    assert asked.status_code == 202
    path = f"/approvals/{asked.json()['approval']['id']}"
    token = Read(hand.get("/account").text).fields["csrf_token"]
    decision = {"csrf_token": token, "decision": "approve", "reason": "Mine"}
    answer = hand.session.post(f"{stack.dashboard_url}{path}/decision", data=decision, timeout=TIMEOUT)
    assert answer.status_code == 403
    assert "You asked for this yourself" in Read(answer.text).text
