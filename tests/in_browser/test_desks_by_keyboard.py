"""The main act of each desk, done by Tab, letters, Space and Enter alone."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from tests.clients import GatewayAccount, Json, OrderService
from tests.in_browser.desk import SETTLES_WITHIN_MS, Desk
from tests.stack import Stack, until

MOST_STOPS = 150
_FOCUSED = """
(() => {
  const one = document.activeElement;
  const words = one.getAttribute("aria-label") || (one.labels && one.labels[0] ? one.labels[0] : one).textContent;
  return words.trim().replace(/\\s+/g, " ");
})()
"""
TAG = secrets.token_hex(3)


@dataclass(frozen=True)
class Shop:
    """What the desks have to work on."""

    service: OrderService
    account: GatewayAccount

    def paid(self, customer: str = "ann") -> Json:
        """An order whose money is taken."""
        who = {"email": f"{customer}.{TAG}@example.com", "name": f"{customer.title()} {TAG}"}
        order = self.service.place(4999, customer=who)
        self.service.pay(order, capture=True)
        return order

    def disputed(self) -> str:
        """A dispute that the desk knows of."""
        order = self.paid()
        (payment,) = self.account.payments(order)
        self.account.call(
            "POST", f"/_sandbox/payments/{payment['id']}/next", {"action": "dispute_product_not_received"}
        )
        until(lambda: self.service.order(order)["disputed"], what="the dispute")
        return str(self.account.payments(order)[0]["disputes"][0]["id"])

    def twice(self) -> str:
        """The page on which one person, known as two, becomes one."""
        stays, goes = (str(self.paid(name)["customer"]["id"]) for name in ("olga", "helga"))
        return f"/customers/{stays}/merge?other={goes}"


@dataclass(frozen=True)
class Act:
    """Where it begins; what is stopped at, by name, and what it does or what is typed there; what is seen then."""

    name: str
    begins: Callable[[Shop], str]
    steps: Sequence[tuple[str, str]]
    seen: str


OPEN, GO, SPACE, SEND = "opens a dialog", "leads to a page", "is chosen", "is sent"
ACTS = (
    Act(
        "a refund",
        lambda shop: f"/orders/{shop.paid()['id']}",
        (("Refund", OPEN), ("Amount", "12.34"), ("Reason", "Requested"), ("Refund 12.34 USD", SEND)),
        "Partially refunded",
    ),
    Act(
        "evidence, told and sent",
        lambda shop: f"/disputes/{shop.disputed()}/evidence",
        (("Tracking number", "1Z999AA10123456784"), ("Save and review", GO), ("Submit, for good", SEND)),
        "Under review",
    ),
    Act(
        "two customers made one",
        Shop.twice,
        ((f"Olga {TAG} …", SPACE), ("Reason", "Confirmed by phone"), ("Merge for good", SEND)),
        "Confirmed by phone",
    ),
    Act(
        "a rule",
        lambda _: "/risk/rules/new",
        (
            ("Name", f"By keyboard {TAG}"),
            ("When", f'device.id = "{TAG}"'),
            ("Why this change", "Written by keyboard"),
            ("Save the rule", GO),
        ),
        f"By keyboard {TAG}",
    ),
    Act(
        "a value list",
        lambda _: "/risk/lists",
        (("Name", f"keys_{TAG}"), ("What is on it", "Typed by keyboard"), ("Make the list", GO)),
        f"keys_{TAG}",
    ),
    Act(
        "a merchant",
        lambda _: "/merchants/new",
        (("Name", f"Merchant {TAG}"), ("Currency", "EUR"), ("Make the merchant", GO)),
        f"Merchant {TAG}",
    ),
    Act(
        "an invitation",
        lambda _: "/settings/operators/new",
        (("Name", f"Ida {TAG}"), ("E-mail", f"ida.{TAG}@example.com"), ("Operator…", SPACE), ("Invite", GO)),
        f"Ida {TAG}",
    ),
)


@pytest.fixture(scope="module")
def shop(stack: Stack) -> Shop:
    return Shop(OrderService(stack), GatewayAccount(stack))


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.name)
def test_a_desk_s_main_act_needs_no_mouse(desk: Desk, shop: Shop, act: Act) -> None:
    page = desk.page
    desk.open(act.begins(shop))
    for name, done in act.steps:
        _tab_to(page, name)
        if done == SPACE:
            page.keyboard.press("Space")
        elif done == OPEN:
            page.keyboard.press("Enter")
            expect(page.get_by_role("dialog")).to_be_visible(timeout=SETTLES_WITHIN_MS)
        elif done == GO:
            with page.expect_navigation():
                page.keyboard.press("Enter")
        elif done == SEND:
            page.keyboard.press("Enter")
        else:
            page.keyboard.press("Control+a")
            page.keyboard.type(done)
    expect(page.locator("main").get_by_text(re.compile(re.escape(act.seen))).first).to_be_visible(
        timeout=SETTLES_WITHIN_MS
    )


def _tab_to(page: Page, name: str) -> None:
    """On to what is called so, or begins so where the name ends in …; in a dialog around once."""
    begins = name.removesuffix("…")
    for _ in range(MOST_STOPS):
        focused = str(page.evaluate(_FOCUSED))
        if focused == name or (begins != name and focused.startswith(begins.strip())):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{MOST_STOPS} times Tab did not lead to {name}")
