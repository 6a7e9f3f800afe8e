"""Every page, in both color schemes and on a phone: quiet, whole, and from nobody else's host. And signing in."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, StorageState, expect
from pytest_playwright.pytest_playwright import CreateContextCallback

from tests.in_browser.desk import Desk
from tests.in_browser.signed_in import signed_in_state
from tests.stack import Stack

WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
INLINE = "[...document.querySelectorAll('[style], style, script:not([src])')].map(one => one.outerHTML)"


@pytest.fixture(scope="module")
def orders(browser: Browser, stack: Stack) -> list[str]:
    """Addresses of orders in every kind of state."""
    context = browser.new_context(storage_state=signed_in_state(browser, stack))
    desk = Desk(context.new_page(), stack)
    found = []
    for card, at_once in (
        ("", False),
        ("visa_success", False),
        ("mastercard_success", True),
        ("visa_do_not_honor", False),
        ("visa_challenge", False),
    ):
        desk.place_order(card, at_once=at_once, price="1,234,567.89")
        found.append(desk.page.url)
    desk.open(found[2])
    desk.refund("100.00")
    desk.sees("Partially refunded")
    context.close()
    return found


@pytest.mark.parametrize(("scheme", "width", "resized_to"), [("light", 1280, 390), ("dark", 390, 1280)])
def test_every_page_is_quiet_and_whole(
    new_context: CreateContextCallback,
    stack: Stack,
    signed_in: StorageState,
    orders: list[str],
    scheme: str,
    width: int,
    resized_to: int,
) -> None:
    """Opened on a screen of one width and looked at in both, in either scheme; `tests/looks` measures much more."""
    context = new_context(
        storage_state=signed_in,
        color_scheme="dark" if scheme == "dark" else "light",
        viewport={"width": width, "height": 844},
    )
    desk = Desk(context.new_page(), stack)
    plain = [
        "/",
        "/orders",
        "/orders?status=paid&since=2020-01-01&q=nobody",
        "/orders?since=2026-12-02&until=2026-12-01",
        "/orders/new",
    ]
    figures = [f"/overview/{name}?days=30" for name in ("captured", "refunded", "declined")]
    dialogs = [f"{orders[0]}/pay", f"{orders[0]}/cancel", f"{orders[1]}/capture", f"{orders[1]}/void"]
    for address in [*plain, *figures, *orders, *dialogs, f"{orders[2]}/refund", "/orders/ord_0", "/sign-in"]:
        desk.open(address)
        expect(desk.page.locator("h1").first).to_be_attached()
        assert desk.page.evaluate(WIDER) <= 0, f"{address} is wider than {width} px"
        assert desk.page.evaluate(INLINE) == [], f"{address} has an inline style or script"
        desk.page.set_viewport_size({"width": resized_to, "height": 844})
        assert desk.page.evaluate(WIDER) <= 0, f"{address} is wider than {resized_to} px"
        desk.page.set_viewport_size({"width": width, "height": 844})
    desk.open(orders[1])
    desk.begin("Capture")
    assert desk.page.evaluate(WIDER) <= 0
    background = desk.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (background == "rgb(14, 17, 22)") == (scheme == "dark")
    assert desk.complaints == []


def test_the_whole_way_to_a_capture_needs_no_mouse(desk: Desk) -> None:
    desk.place_order("visa_success")
    page = desk.page
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    _press_until(page, "Tab", lambda: page.evaluate("document.activeElement.id") == "do-capture")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("link", name="Cancel")).to_be_focused()
    page.keyboard.press("Tab")
    expect(dialog.get_by_role("button", name="Capture 100.00 USD")).to_be_focused()
    page.keyboard.press("Enter")
    desk.sees("Paid")


def _press_until(page: Page, key: str, arrived: Callable[[], bool]) -> None:
    for _ in range(40):
        if arrived():
            return
        page.keyboard.press(key)
    raise AssertionError(f"40 times {key} did not lead there")


def test_an_id_is_copied_whole(desk: Desk) -> None:
    desk.place_order("visa_success")
    desk.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    order_id = desk.page.url.rpartition("/")[2]
    desk.page.get_by_role("button", name=f"Copy the order's id {order_id}").click()
    desk.page.wait_for_function("id => navigator.clipboard.readText().then(text => text === id)", arg=order_id)


def test_a_sign_in_link_works_once_and_signing_out_ends_the_session(
    new_context: CreateContextCallback, stack: Stack
) -> None:
    link = stack.sign_in_link("viewer")
    context = new_context()
    page = context.new_page()
    page.goto(link)
    page.goto(link)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    expect(page.get_by_text("Local viewer")).to_be_visible()
    expect(page.get_by_role("link", name="New test order")).to_have_count(0)
    cookies = context.cookies()
    assert [cookie["httpOnly"] for cookie in cookies] == [True]

    stranger = new_context().new_page()
    stranger.goto(link)
    expect(stranger.get_by_role("heading", name="This link does not work any more")).to_be_visible()

    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    context.add_cookies([{name: cookie[name] for name in ("name", "value", "domain", "path")} for cookie in cookies])  # type: ignore[misc]  # names of a cookie's own members
    page.goto(f"{stack.dashboard_url}/orders")
    expect(page).to_have_url(f"{stack.dashboard_url}/sign-in")
