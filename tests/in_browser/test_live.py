"""Pages bring themselves up to date, never under somebody's hands, and say when they cannot."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests import stack as stacks
from tests.app.live.listening import Listener
from tests.app.screens.visitor import Visitor
from tests.clients import GatewayAccount, OrderService
from tests.in_browser.desk import SETTLES_WITHIN_MS, Desk
from tests.stack import Stack, until

HIDE = """hidden => {
  Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""
MARK = """() => { window.marked = true; }"""
HEARS = """name => document.body.addEventListener(name, () => { window.heard = true; })"""
SHIFTS = """() => {
  window.shifts = [];
  const what = one => one.sources.map(source => source.node && (source.node.outerHTML || source.node.data));
  new PerformanceObserver(list => window.shifts.push(...list.getEntries().flatMap(what)))
    .observe({ type: "layout-shift" });
}"""


def is_live(page: Page) -> None:
    """Wait until the mark says so."""
    expect(page.locator("#live")).to_have_attribute("data-state", "live", timeout=SETTLES_WITHIN_MS)
    expect(page.locator(".live-words")).to_have_text("Live")


def second_window(desk: Desk, path: str) -> Desk:
    """Another tab of the same operator, live, which notices when it is loaded anew."""
    other = Desk(desk.page.context.new_page(), desk.stack)
    other.open(path)
    is_live(other.page)
    other.page.evaluate(MARK)
    return other


def stayed(desk: Desk) -> None:
    """The page was not loaded anew, and had nothing to complain of."""
    assert desk.page.evaluate("window.marked") is True
    assert desk.complaints == []


def test_a_refund_in_one_tab_shows_in_the_other_with_all_that_was_open_there(desk: Desk) -> None:
    desk.place_order("visa_success", at_once=True)
    other = second_window(desk, desk.page.url)
    raw = other.page.locator(".timeline li.call > details.raw").last
    raw.locator("summary").first.click()
    entry = raw.locator("xpath=..").get_attribute("id")
    copied = other.page.locator("[data-copy]").first
    copied.focus()
    is_live(desk.page)
    dialog = desk.begin("Refund")
    dialog.get_by_label("Amount").fill("30.00")
    dialog.get_by_label("Reason").select_option("Requested by the customer")
    begun = time.monotonic()
    dialog.get_by_role("button", name="Refund 30.00 USD").click()
    other.sees("Partially refunded")
    sys.stdout.write(f"shown in the other tab {time.monotonic() - begun:.2f} s after the click\n")
    expect(other.page.locator(f"#{entry} > details.raw[open]")).to_have_count(1)
    expect(other.page.locator(".timeline li.call > details.raw[open]")).to_have_count(1)
    expect(copied).to_be_focused()
    expect(other.page.locator("#live [role=status]")).to_have_text(re.compile("Partially refunded"))
    stayed(other)


def test_a_list_changes_where_it_is_read_and_offers_what_is_new(desk: Desk) -> None:
    service = OrderService(desk.stack)
    known = service.place()
    other = second_window(desk, "/orders")
    other.page.evaluate(SHIFTS)
    row = other.page.locator(f"#{known['id']}")
    top = other.page.locator("tbody tr").first.get_attribute("id")
    service.pay(known)
    expect(row.locator(".badge-state")).to_have_text("Authorized", timeout=SETTLES_WITHIN_MS)
    expect(other.page.get_by_role("button", name=re.compile(r"^Show \d+ change"))).to_have_count(0)

    new = service.place()
    offer = other.page.get_by_role("button", name=re.compile(r"^Show \d+ change"))
    expect(offer).to_be_visible(timeout=SETTLES_WITHIN_MS)
    expect(other.page.locator("tbody tr").first).to_have_id(str(top))
    assert other.page.evaluate("window.shifts") == []
    offer.click()
    expect(other.page.locator(f"#{new['id']}")).to_be_visible()
    expect(offer).to_have_count(0)
    stayed(other)


def test_the_overview_tells_of_what_happens(desk: Desk) -> None:
    other = second_window(desk, "/")
    order = OrderService(desk.stack).place()
    expect(other.page.get_by_text(order["reference"]).first).to_be_visible(timeout=SETTLES_WITHIN_MS)
    stayed(other)


def test_nothing_changes_behind_an_open_dialog_and_all_of_it_afterwards(desk: Desk) -> None:
    service = OrderService(desk.stack)
    order = service.place()
    service.pay(order)
    other = second_window(desk, f"/orders/{order['id']}")
    other.sees("Authorized")
    dialog = other.begin("Capture")
    dialog.get_by_label("Amount").fill("1.00")
    other.page.evaluate(HEARS, f"live:{order['id']}")
    captured = service.call("POST", f"/orders/{order['id']}/captures", {})
    assert captured.status_code == 200, captured.text
    other.page.wait_for_function("() => window.heard")
    expect(other.badge).to_have_text("Authorized")
    expect(dialog.get_by_label("Amount")).to_have_value("1.00")
    other.page.keyboard.press("Escape")
    other.sees("Paid")
    stayed(other)


def _complaining(page: Page) -> list[str]:
    heard: list[str] = []
    page.on("pageerror", lambda error: heard.append(str(error)))
    return heard


@pytest.fixture(scope="module")
def small(databases: stacks.Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack whose dashboard keeps one stream at a time."""
    with stacks.running_stack("sqlite", databases, tmp_path_factory.mktemp("small"), threads=9) as running:
        yield running


@pytest.fixture
def window(browser: Browser, small: Stack) -> Iterator[Page]:
    """A signed-in window at the small stack."""
    context: BrowserContext = browser.new_context()
    page = context.new_page()
    page.goto(small.sign_in_link())
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{small.dashboard_url}/")
    yield page
    context.close()


def has_room(visitor: Visitor) -> bool:
    """Whether the one stream is free now."""
    listener = Listener(visitor)
    listener.close()
    return listener.status == 200


def test_a_hidden_tab_leaves_its_stream_and_takes_it_up_again(window: Page, small: Stack) -> None:
    errors = _complaining(window)
    visitor, service = Visitor(small), OrderService(small)
    order = service.place()
    window.goto(f"{small.dashboard_url}/orders/{order['id']}")
    is_live(window)
    assert not has_room(visitor)
    window.evaluate(HIDE, True)
    until(lambda: has_room(visitor), what="the hidden tab to leave its stream")
    service.pay(order)
    expect(window.locator(".order-sum .badge-state")).to_have_text("Awaiting payment")
    window.evaluate(HIDE, False)
    expect(window.locator(".order-sum .badge-state")).to_have_text("Authorized", timeout=SETTLES_WITHIN_MS)
    is_live(window)
    assert not has_room(visitor)
    assert errors == []


def test_a_page_that_gets_no_stream_says_so_and_looks_again_by_the_clock(window: Page, small: Stack) -> None:
    window.goto("about:blank")
    visitor, service = Visitor(small), OrderService(small)
    until(lambda: has_room(visitor), what="the stream to be free")
    taken = Listener(visitor).stands()
    order = service.place()
    service.pay(order, "visa_processing_approved")
    window.goto(f"{small.dashboard_url}/orders/{order['id']}")
    expect(window.locator("#live")).to_have_attribute("data-state", re.compile("reconnecting|off"))
    badge = window.locator(".order-sum .badge-state")
    expect(badge).to_have_text("Unknown outcome")
    GatewayAccount(small).clock(advance="PT10M")
    expect(badge).to_have_text("Authorized", timeout=SETTLES_WITHIN_MS)
    expect(window.locator(".live-words")).to_have_text("Not live", timeout=SETTLES_WITHIN_MS)
    taken.close()
    is_live(window)


def test_the_mark_shows_when_the_desk_is_down_and_when_it_is_back(window: Page, small: Stack) -> None:
    window.goto(f"{small.dashboard_url}/orders")
    is_live(window)
    small.stop()
    expect(window.locator("#live")).to_have_attribute("data-state", "off", timeout=SETTLES_WITHIN_MS)
    expect(window.locator(".live-words")).to_have_text("Not live")
    expect(window.locator("#live [role=status]")).to_have_text(re.compile("no live connection"))
    small.start()
    is_live(window)
    expect(window.locator("#live [role=status]")).not_to_have_text(re.compile("no live connection"))


def test_signing_out_in_one_tab_ends_the_streams_of_the_others(window: Page, small: Stack) -> None:
    window.goto("about:blank")
    visitor = Visitor(small)
    until(lambda: has_room(visitor), what="the stream to be free")
    window.goto(f"{small.dashboard_url}/orders")
    is_live(window)
    visitor.session.cookies.clear()
    visitor.session.cookies.update({cookie["name"]: cookie["value"] for cookie in window.context.cookies()})
    visitor.send("/orders", "/sign-out")
    told = window.locator(".live-words", has_text="Signed out")
    gone = window.get_by_role("heading", name="Sign in")  # where the page asked for something just then
    expect(told.or_(gone).first).to_be_attached(timeout=SETTLES_WITHIN_MS)
