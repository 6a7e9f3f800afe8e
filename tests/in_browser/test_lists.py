"""Lists in a real browser: filters that survive going back, rows chosen and captured together, by keyboard too."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.clients import Json, OrderService
from tests.in_browser.desk import Desk
from tests.stack import Stack


@pytest.fixture(scope="module")
def service(stack: Stack) -> OrderService:
    """An order service that may place and pay orders."""
    return OrderService(stack)


@pytest.fixture
def somebody(service: OrderService) -> Callable[[int], tuple[str, list[Json]]]:
    """Held orders of a customer whom no other test has, the newest first."""

    def make(number: int) -> tuple[str, list[Json]]:
        customer = {"email": f"{secrets.token_hex(6)}@example.com", "name": "Bea Browser"}
        orders = [service.place(1000 + at, customer=customer) for at in range(number)]
        for order in orders:
            service.pay(order)
        return customer["email"], orders[::-1]

    return make


def test_filters_survive_a_refresh_and_going_back(
    desk: Desk, somebody: Callable[[int], tuple[str, list[Json]]]
) -> None:
    email, orders = somebody(2)
    page = desk.page
    desk.open("/orders")
    page.keyboard.press("/")
    page.keyboard.type(f"customer:{email} status:authorized amount:>10.00")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"status=authorized"))
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(1)
    expect(page.locator(".chip")).to_have_count(3)
    page.reload()
    expect(rows).to_have_count(1)
    page.get_by_role("link", name=orders[0]["reference"]).click()
    expect(desk.badge).to_have_text("Authorized")
    page.go_back()
    expect(rows).to_have_count(1)
    page.locator(".chip").filter(has_text="Amount").click()
    expect(rows).to_have_count(2)
    page.get_by_role("link", name="Clear all").click()
    expect(page).to_have_url(f"{desk.stack.dashboard_url}/orders")


def test_a_view_is_saved_and_taken_away_again(desk: Desk, somebody: Callable[[int], tuple[str, list[Json]]]) -> None:
    email, _ = somebody(1)
    page, name = desk.page, f"View {secrets.token_hex(3)}"
    desk.open(f"/orders?customer={email}&created=7d")
    page.get_by_text("Save view").click()
    page.get_by_role("textbox", name="Name").fill(name)
    page.get_by_role("button", name="Save", exact=True).click()
    tab = page.get_by_role("link", name=re.compile(f"^{name}"))
    expect(tab).to_have_attribute("aria-current", "page")
    desk.open("/orders")
    tab.click()
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_text("Change view").click()
    page.get_by_role("button", name="Remove this view").click()
    expect(tab).to_have_count(0)


def test_chosen_orders_are_captured_together_without_a_mouse(
    desk: Desk, service: OrderService, somebody: Callable[[int], tuple[str, list[Json]]]
) -> None:
    email, orders = somebody(3)
    page = desk.page
    desk.open(f"/orders?customer={email}")
    boxes = page.locator("tbody").get_by_role("checkbox")
    bar = page.locator(".bulk-bar")
    boxes.nth(0).focus()
    page.keyboard.press("Space")
    expect(bar).to_contain_text("1 order chosen")
    boxes.nth(1).focus()
    page.keyboard.press("Space")
    expect(bar).to_contain_text("2 orders chosen")
    expect(bar).to_contain_text("20.03 USD")
    bar.get_by_role("button", name="Capture 2…").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Capture 2 orders")).to_be_visible()
    page.get_by_role("button", name="Capture 20.03 USD").press("Enter")
    expect(page.get_by_role("heading", name="Captured 2 of 2")).to_be_visible()
    assert [service.order(order)["status"] for order in orders] == ["paid", "paid", "authorized"]

    desk.open(f"/orders?customer={email}")
    page.get_by_role("checkbox", name="Choose every order of this page").check()
    expect(bar).to_contain_text("3 orders chosen")
    expect(bar).to_contain_text("2 will be left out")
    page.get_by_role("button", name="Choose none").click()
    expect(bar).to_have_count(0)


def test_the_head_of_a_list_stays_in_sight(desk: Desk, somebody: Callable[[int], tuple[str, list[Json]]]) -> None:
    email, _ = somebody(25)
    page = desk.page
    page.set_viewport_size({"width": 1360, "height": 600})
    desk.open(f"/orders?customer={email}")
    expect(page.locator("html")).to_have_class(re.compile("table-fits"))
    page.mouse.wheel(0, 600)
    page.wait_for_function("document.querySelector('thead th:nth-child(2)').getBoundingClientRect().top < 60")
    assert page.locator("thead th").nth(1).is_visible()
    assert page.locator("thead th").nth(1).bounding_box()["y"] >= 0  # type: ignore[index]  # visible, so it has a box


def test_a_list_works_without_scripts(unscripted: Desk, somebody: Callable[[int], tuple[str, list[Json]]]) -> None:
    email, orders = somebody(2)
    page = unscripted.page
    unscripted.open(f"/orders?customer={email}")
    page.locator("tbody").get_by_role("checkbox").first.check()
    page.get_by_role("button", name="capture the chosen ones").click()
    expect(page.get_by_role("heading", name="Capture 1 order")).to_be_visible()
    unscripted.open("/payments")
    page.get_by_text("More filters").click()
    page.get_by_role("textbox", name="Customer").fill(email)
    page.get_by_role("textbox", name="Amount").fill("10..10.00")
    page.get_by_role("button", name="Filter", exact=True).last.click()
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_role("link", name=orders[1]["reference"]).click()
    expect(page.get_by_role("heading", name=f"Payment of order {orders[1]['reference']}")).to_be_attached()


def test_a_call_on_the_gateway_is_one_click_away(desk: Desk, somebody: Callable[[int], tuple[str, list[Json]]]) -> None:
    _, (order,) = somebody(1)
    page = desk.page
    desk.open(f"/search?q={order['reference']}")
    page.locator(".row-link").click()
    page.get_by_role("link", name="Payment", exact=True).click()
    page.locator(".call summary").filter(has_text="POST /v1/payments").click()
    expect(page.locator(".call").first).to_contain_text("Idempotency key")
    expect(page.get_by_role("group", name="Request", exact=True)).to_contain_text(order["reference"])
