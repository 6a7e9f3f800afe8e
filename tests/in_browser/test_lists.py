"""Lists in a real browser: filters that survive going back, rows chosen and captured together, by keyboard too."""

from __future__ import annotations

import re
import secrets
from collections import Counter
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

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


def test_a_column_is_made_wider_by_its_edge_and_stays_so(
    desk: Desk, somebody: Callable[[int], tuple[str, list[Json]]]
) -> None:
    email, _ = somebody(1)
    page = desk.page
    desk.open(f"/orders?customer={email}")
    head, others = page.get_by_role("columnheader", name="Customer"), page.get_by_role("columnheader", name="Card")

    def width(of: Locator) -> float:
        box = of.bounding_box()
        assert box is not None
        return box["width"]

    was, other = width(head), width(others)
    edge = page.get_by_role("separator", name="Width of Customer")
    box = edge.bounding_box()
    assert box is not None
    with page.expect_response("**/widths"):
        page.mouse.move(box["x"] + 5, box["y"] + 10)
        page.mouse.down()
        page.mouse.move(box["x"] - 55, box["y"] + 10)
        page.mouse.up()
    assert abs(width(head) - (was - 60)) < 2
    assert abs(width(others) - other) < 2
    page.get_by_role("separator", name="Width of Reference").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(edge).to_be_focused()
    with page.expect_response("**/widths"):
        page.keyboard.press("Shift+ArrowRight")
    page.reload()
    assert abs(width(head) - (was - 10)) < 2
    with page.expect_response("**/widths"):
        edge.dblclick()
    assert page.locator("td .clip").first.evaluate("one => one.scrollWidth <= one.clientWidth"), "all of it is read"
    page.get_by_text("Columns").click()
    page.get_by_role("button", name="Automatic widths").click()
    assert abs(width(head) - was) < 2


def test_on_a_phone_a_row_is_a_card_to_tap_and_still_a_row(
    desk: Desk, somebody: Callable[[int], tuple[str, list[Json]]]
) -> None:
    email, orders = somebody(3)
    page = desk.page
    page.set_viewport_size({"width": 390, "height": 844})
    desk.open(f"/orders?customer={email}")
    row = page.locator(f"tr#{orders[0]['id']}")
    for fact in (orders[0]["reference"], "Authorized", "10.02 USD"):
        expect(row.get_by_text(fact)).to_be_visible()
    expect(row.locator("time")).to_be_visible()
    box = row.bounding_box()
    assert box is not None
    assert box["height"] < 80, "two lines"

    tree = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    roles = Counter(node["role"]["value"] for node in tree if not node["ignored"])
    assert (roles["table"], roles["row"], roles["rowheader"]) == (1, 4, 0)
    assert roles["columnheader"] > 4
    assert roles["cell"] == 3 * 5, "the box, the reference, the status, the time and the sum of each"

    row.click(position={"x": 12, "y": box["height"] / 2})
    expect(row.get_by_role("checkbox")).to_be_checked()
    row.click(position={"x": box["width"] - 20, "y": box["height"] - 8})
    expect(page).to_have_url(re.compile(f"/orders/{orders[0]['id']}$"))


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
