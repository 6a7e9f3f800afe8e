"""Two people and one refund: asked for in one window, decided in another, told in the first."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, Page, expect
from pytest_playwright.pytest_playwright import CreateContextCallback

from tests.in_browser.desk import SETTLES_WITHIN_MS, Desk
from tests.stack import Stack

APPROVAL_PAGE = re.compile(r"/approvals/apr_\w+$")


@pytest.fixture
def window_of(new_context: CreateContextCallback, stack: Stack) -> Iterator[Callable[[str], Desk]]:
    """A window of somebody of a role."""
    opened: list[Desk] = []

    def of_role(role: str) -> Desk:
        desk = Desk(new_context().new_page(), stack)
        desk.open(stack.sign_in_link(role))
        desk.page.get_by_role("button", name="Sign in").click()
        desk.page.wait_for_url(f"{stack.dashboard_url}/")
        opened.append(desk)
        return desk

    yield of_role
    assert [desk.complaints for desk in opened if desk.complaints] == []


def ask(desk: Desk) -> str:
    """Ask for a refund above the limit in the order's dialog; the order's reference."""
    reference = desk.place_order("visa_success", at_once=True, price="900.00")
    desk.sees("Paid")
    dialog = desk.begin("Refund")
    expect(dialog.get_by_text("takes a second person")).to_be_visible()
    dialog.get_by_label("Reason").select_option("Requested by the customer")
    dialog.get_by_label("Note").fill("The grinder arrived in two parts.")
    dialog.get_by_role("button", name=re.compile("900.00 USD")).click()
    expect(dialog).to_be_hidden(timeout=SETTLES_WITHIN_MS)
    expect(desk.page.get_by_text("waits for a second person").first).to_be_visible()
    return reference


def waiting(page: Page, asker: str) -> Locator:
    """The newest question of that person in the list of what waits."""
    return page.get_by_role("row").filter(has_text=asker).first.get_by_role("link").first


def decide(desk: Desk, asker: str, decision: str, reason: str) -> None:
    """Open what waits, and decide on it by the keyboard alone."""
    page = desk.page
    desk.open("/approvals?status=asked")
    waiting(page, asker).click()
    expect(page).to_have_url(APPROVAL_PAGE)
    expect(page.get_by_text("The grinder arrived in two parts.")).to_be_visible()
    page.get_by_label(decision).focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.type(reason)
    page.get_by_role("button", name="Decide on 900.00 USD").focus()
    page.keyboard.press("Enter")


def test_what_one_asks_for_another_approves_and_the_first_is_shown(window_of: Callable[[str], Desk]) -> None:
    asker, second = window_of("operator"), window_of("finance")
    reference = ask(asker)
    assert asker.told(reference)["amount_refunded"] == 0
    decide(second, "Local operator", "Approve: it is carried out at once", "Slip 4711 checked")
    expect(second.page.get_by_text("Slip 4711 checked")).to_be_visible(timeout=SETTLES_WITHIN_MS)
    asker.sees("Refunded")  # by itself
    assert asker.told(reference)["amount_refunded"] == 90_000


def test_a_refusal_takes_a_reason_which_the_asker_reads(window_of: Callable[[str], Desk]) -> None:
    asker, second = window_of("operator"), window_of("finance")
    reference = ask(asker)
    decide(second, "Local operator", "Refuse: nothing is done", "")
    expect(second.page.get_by_text("Write why")).to_be_visible()
    expect(second.page.get_by_label("Refuse: nothing is done")).to_be_checked()
    second.page.get_by_label("Reason").fill("No parcel came back.")
    second.page.get_by_role("button", name="Decide on 900.00 USD").click()
    expect(second.page.get_by_text("No parcel came back.")).to_be_visible()
    asker.open(second.page.url)
    expect(asker.page.get_by_text("No parcel came back.")).to_be_visible()
    expect(asker.page.get_by_role("button", name="Withdraw")).to_have_count(0)
    assert asker.told(reference)["amount_refunded"] == 0


def test_who_asked_is_offered_no_decision_whatever_the_role(window_of: Callable[[str], Desk]) -> None:
    admin = window_of("admin")
    reference = ask(admin)
    admin.open("/approvals?status=asked")
    waiting(admin.page, "Local admin").click()
    expect(admin.page.get_by_text("You asked for this, so somebody else decides")).to_be_visible()
    expect(admin.page.get_by_role("button", name=re.compile("^Decide"))).to_have_count(0)
    admin.page.get_by_label("Reason").fill("Wrong order")
    admin.page.get_by_role("button", name="Withdraw").click()
    expect(admin.page.get_by_text("Withdrawn").first).to_be_visible()
    assert admin.told(reference)["amount_refunded"] == 0
