"""The frame of the pages and the first minute: keys, looks, the menu of a phone, the tour, answers lost on purpose."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, StorageState, expect
from pytest_playwright.pytest_playwright import CreateContextCallback

from tests.clients import OrderService
from tests.in_browser.desk import ORDER_PAGE, SETTLES_WITHIN_MS, Desk
from tests.in_browser.signed_in import sign_in
from tests.stack import Stack

DARK, LIGHT = "rgb(14, 17, 22)", "rgb(246, 247, 249)"
BACKGROUND = "getComputedStyle(document.body).backgroundColor"
FOCUSED = "[document.activeElement.id, document.activeElement.textContent.trim().replace(/\\s+/g, ' ')]"


def _tab_to(page: Page, arrived: Callable[[str, str], bool]) -> None:
    for _ in range(80):
        page.keyboard.press("Tab")
        name, words = page.evaluate(FOCUSED)
        if arrived(name, words):
            return
    raise AssertionError("80 times Tab did not lead there")


@pytest.fixture(scope="module")
def newcomer_state(browser: Browser, stack: Stack) -> StorageState:
    """The cookies of a second administrator window; the tour belongs to the operator, so tests put it back."""
    return sign_in(browser, stack)


@pytest.fixture
def newcomer(new_context: CreateContextCallback, stack: Stack, newcomer_state: StorageState) -> Iterator[Desk]:
    """A window in which the tour is shown."""
    desk = Desk(new_context(storage_state=newcomer_state).new_page(), stack)
    desk.open("/help")
    desk.page.get_by_role("button", name="Show the tour on the overview").click()
    expect(desk.page.get_by_role("heading", name="Two minutes to see what this is")).to_be_visible()
    yield desk
    assert desk.complaints == []


def test_a_newcomer_pays_breaks_and_repairs_a_payment_by_keyboard_alone(newcomer: Desk) -> None:
    page = newcomer.page
    _tab_to(page, lambda _, words: words == "Lose one")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Lost answer")).to_have_attribute("aria-current", "true")
    expect(page.get_by_label("Lose the answer to this payment")).to_be_checked()
    _tab_to(page, lambda name, _: name == "reference")
    reference = page.get_by_label("Reference", exact=True).input_value()
    page.keyboard.press("Enter")

    expect(page).to_have_url(ORDER_PAGE)
    newcomer.sees("Paid")
    expect(page.locator(".call-lost").first).to_be_attached()
    expect(page.get_by_role("heading", name="on purpose")).to_have_count(0)
    assert newcomer.told(reference)["amount_captured"] == 4990
    assert len(newcomer.gateway.payments({"reference": reference})) == 1

    page.keyboard.press("g")
    page.keyboard.press("v")
    tour = page.get_by_role("region", name="Two minutes to see what this is")
    for step in ("Pay a test order", "Lose an answer on purpose", "Watch it repair itself"):
        expect(tour.get_by_role("listitem").filter(has_text=step)).to_contain_text("Done:")


def test_the_next_answer_is_lost_with_one_click_and_comes_through_when_told(desk: Desk) -> None:
    reference = desk.place_order("visa_success")
    page = desk.page
    page.get_by_text("Sandbox", exact=True).last.click()
    page.get_by_role("button", name="Lose the next answer").click()
    expect(page.get_by_role("heading", name="The next answer will be lost, on purpose")).to_be_visible()
    page.locator("#armed").get_by_role("button", name="Stop losing answers").click()
    expect(page.locator("#armed")).to_have_count(0)
    expect(page.get_by_text("No more answers are lost on purpose")).to_be_visible()
    desk.capture("100.00")
    desk.sees("Paid")
    assert [capture["amount"] for capture in desk.told(reference)["captures"]] == [10000]
    calls = desk.gateway.call("GET", "/_sandbox/requests?operation=capture")["data"]
    assert calls[0]["client_saw"] == "answer"


def test_a_lost_answer_stays_with_its_order(desk: Desk) -> None:
    desk.place_order("visa_success")
    desk.page.get_by_text("Sandbox", exact=True).last.click()
    desk.page.get_by_role("button", name="Lose the next answer").click()
    desk.place_order("visa_success", at_once=True)
    desk.sees("Paid")
    expect(desk.page.locator("#armed")).to_have_count(0)


def test_the_sandbox_menu_works_without_scripts(unscripted: Desk) -> None:
    unscripted.place_order("visa_success")
    unscripted.page.get_by_text("Sandbox", exact=True).last.click()
    unscripted.page.get_by_role("button", name="Lose the next answer").click()
    expect(unscripted.page.locator("#armed")).to_be_visible()
    unscripted.page.locator("#armed").get_by_role("button", name="Stop losing answers").click()
    expect(unscripted.page.locator("#armed")).to_have_count(0)


def test_only_developers_lose_answers(new_context: CreateContextCallback, stack: Stack) -> None:
    page = new_context().new_page()
    page.goto(stack.sign_in_link("operator"))
    page.get_by_role("button", name="Sign in").click()
    operator = Desk(page, stack)
    operator.place_order("visa_success")
    expect(page.get_by_role("button", name="Lose the next answer")).to_have_count(0)
    operator.open("/orders/new?story=lost")
    expect(page.get_by_role("link", name="Lost answer")).to_have_count(0)
    expect(page.get_by_label("Lose the answer to this payment")).to_have_count(0)
    answer = page.request.get(f"{stack.dashboard_url}/styleguide")
    assert answer.status == 403


def test_each_story_fills_the_form_and_says_what_comes_next(desk: Desk) -> None:
    desk.open("/orders/new")
    page = desk.page
    page.get_by_role("link", name="Declined, then paid").click()
    expect(page.get_by_label("Card", exact=True)).to_have_value("visa_insufficient_funds")
    page.get_by_role("button", name="Place the order").click()
    expect(page).to_have_url(ORDER_PAGE)
    desk.sees("Declined")
    expect(page.get_by_text("Choose Pay again, and another card.")).to_be_visible()

    desk.open("/orders/new")
    page.get_by_role("link", name="Captured in parts").click()
    expect(page.get_by_label("Unit price of item 1")).to_have_value("120.00")
    expect(page.locator("#order-total")).to_contain_text("120.00")


def test_a_card_is_explained_below_where_it_is_chosen(desk: Desk) -> None:
    desk.open("/orders/new")
    told = desk.page.locator("#card-story")
    expect(told).to_contain_text("The plain case: approved")
    desk.page.get_by_label("Card", exact=True).select_option("visa_challenge")
    expect(told).to_contain_text("asks the customer to confirm every payment")
    expect(desk.page.get_by_label("Card", exact=True)).to_have_accessible_description(
        re.compile("to confirm every payment")
    )


def test_cards_are_explained_without_scripts(unscripted: Desk) -> None:
    unscripted.open("/orders/new")
    unscripted.page.get_by_text("What each card does").click()
    expect(unscripted.page.get_by_text("Declined with insufficient_funds").first).to_be_visible()


@pytest.mark.parametrize(("theme", "scheme", "color"), [("Dark", "light", DARK), ("Light", "dark", LIGHT)])
def test_a_theme_is_kept_and_the_first_byte_has_it(
    new_context: CreateContextCallback, stack: Stack, signed_in: StorageState, theme: str, scheme: str, color: str
) -> None:
    context = new_context(storage_state=signed_in, color_scheme="dark" if scheme == "dark" else "light")
    desk = Desk(context.new_page(), stack)
    page = desk.page
    desk.open("/orders")
    before = page.evaluate(BACKGROUND)
    assert before != color
    with page.expect_response("**/look"):
        page.get_by_role("button", name=f"{theme} theme").click()
    assert page.evaluate(BACKGROUND) == color
    assert f'data-bs-theme="{theme.lower()}"' in context.request.get(f"{stack.dashboard_url}/orders").text()
    desk.open("/")
    assert page.evaluate(BACKGROUND) == color
    expect(page.get_by_role("button", name=f"{theme} theme")).to_have_attribute("aria-pressed", "true")
    with page.expect_response("**/look"):
        page.get_by_role("button", name="Theme of the system").click()
    assert page.evaluate(BACKGROUND) == before
    assert desk.complaints == []


def test_themes_and_density_are_kept_without_scripts(unscripted: Desk) -> None:
    page = unscripted.page
    unscripted.open("/orders?status=paid")
    page.get_by_role("button", name="Compact rows").click()
    expect(page).to_have_url(f"{unscripted.stack.dashboard_url}/orders?status=paid")
    expect(page.locator("html")).to_have_attribute("data-density", "compact")
    page.get_by_role("button", name="Dark theme").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    expect(page.locator("html")).to_have_attribute("data-density", "compact")


@pytest.mark.parametrize("back", ["//elsewhere.example", "https://elsewhere.example/", "/\\elsewhere.example", ""])
def test_a_look_leads_back_to_this_site_only(desk: Desk, back: str) -> None:
    desk.open("/orders")
    token = desk.page.locator("form.look input[name=csrf_token]").input_value()
    origin = desk.stack.dashboard_url
    answer = desk.page.request.post(
        f"{origin}/look",
        form={"csrf_token": token, "back": back, "theme": "dark"},
        headers={"Origin": origin, "Referer": f"{origin}/orders"},
        max_redirects=0,
    )
    assert (answer.status, answer.headers["location"]) == (303, "/")


def test_keys_lead_everywhere_and_are_letters_inside_fields(desk: Desk) -> None:
    service = OrderService(desk.stack)
    for _ in range(2):
        service.place()
    page = desk.page
    desk.open("/help")
    page.keyboard.press("g")
    page.keyboard.press("o")
    expect(page.get_by_role("heading", name="Orders", exact=True)).to_be_visible()
    page.wait_for_load_state()  # keys are heard once the scripts are there

    links = page.locator("main tbody a.row-link")
    page.keyboard.press("j")
    expect(links.nth(0)).to_be_focused()
    page.keyboard.press("j")
    expect(links.nth(1)).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    expect(page).to_have_url(ORDER_PAGE)
    page.wait_for_load_state()

    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("n")
    expect(page).to_have_url(ORDER_PAGE)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()

    page.keyboard.press("/")
    page.keyboard.type("n?jg")
    expect(page.get_by_role("searchbox")).to_have_value("n?jg")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+n")
    expect(page).to_have_url(ORDER_PAGE)
    page.keyboard.press("n")
    expect(page.get_by_role("heading", name="New test order")).to_be_visible()


def test_enter_in_a_field_places_the_order(desk: Desk) -> None:
    desk.open("/orders/new")
    desk.page.get_by_label("Item 2", exact=True).fill("Filter paper")
    desk.page.get_by_label("Unit price of item 2").fill("3.05")
    desk.page.get_by_label("Unit price of item 2").press("Enter")
    expect(desk.page).to_have_url(ORDER_PAGE)
    expect(desk.page.get_by_text("Filter paper")).to_be_visible()


def test_the_button_that_places_an_order_says_its_sum_as_it_is_typed(desk: Desk, unscripted: Desk) -> None:
    page = desk.page
    desk.open("/orders/new")
    button = page.locator(".form-end").get_by_role("button")
    expect(button).to_have_text("Place the order over 49.90 USD")
    page.get_by_label("Unit price of item 1").fill("12.50")
    expect(button).to_have_text("Place the order over 12.50 USD")
    page.get_by_label("Quantity of item 1").fill("3")
    expect(button).to_have_text("Place the order over 37.50 USD")
    page.get_by_label("Unit price of item 1").fill("much")
    expect(button).to_have_text("Place the order")
    page.get_by_label("Unit price of item 1").fill("900")
    page.get_by_label("Currency").select_option("JPY")
    expect(button).to_have_text("Place the order over 2,700 JPY")
    page.get_by_role("button", name="Take item 1 out").click()
    expect(button).to_have_text("Place the order")

    unscripted.open("/orders/new")
    unscripted.page.get_by_label("Unit price of item 1").fill("12.50")
    expect(unscripted.page.get_by_role("button", name="Place the order", exact=True)).to_be_visible()


def test_the_accounts_clock_goes_on_in_silence_unless_it_is_frozen(desk: Desk) -> None:
    page = desk.page
    page.clock.install()
    desk.open("/styleguide")
    _, goes, stands = page.locator("main .clock time").all()
    began, width = datetime.fromisoformat(goes.get_attribute("datetime") or ""), goes.bounding_box()
    frozen = stands.inner_text()
    page.clock.run_for(90_000)
    now = datetime.fromisoformat(goes.get_attribute("datetime") or "")
    assert timedelta(seconds=90) <= now - began < timedelta(seconds=180)
    expect(goes).to_have_text(f"{now.day} {now:%b %Y, %H:%M:%S} UTC")
    assert goes.bounding_box() == width, "nothing moved"
    assert goes.evaluate("(one) => one.closest('[aria-live], [role=status], [role=timer], [role=alert]')") is None
    assert stands.inner_text() == frozen


@pytest.mark.parametrize("width", [390, 900, 1100])
def test_the_menu_of_a_narrow_window_opens_and_closes(
    new_context: CreateContextCallback, stack: Stack, signed_in: StorageState, width: int
) -> None:
    context = new_context(storage_state=signed_in, viewport={"width": width, "height": 844})
    desk = Desk(context.new_page(), stack)
    page = desk.page
    desk.open("/help")
    orders = page.get_by_role("link", name="Orders", exact=True)
    button = page.get_by_role("button", name="Menu")
    expect(orders).to_be_hidden()
    expect(button).to_have_attribute("aria-expanded", "false")
    button.click()
    expect(button).to_have_attribute("aria-expanded", "true")
    expect(orders).to_be_visible()
    page.keyboard.press("Escape")
    expect(orders).to_be_hidden()
    expect(button).to_be_focused()
    button.click()
    page.get_by_text("The sandbox", exact=True).click()
    expect(orders).to_be_hidden()
    button.click()
    orders.click()
    expect(page.get_by_role("heading", name="Orders", exact=True)).to_be_visible()
    assert desk.complaints == []


def test_a_phone_without_scripts_shows_where_one_can_go(
    new_context: CreateContextCallback, stack: Stack, signed_in: StorageState
) -> None:
    context = new_context(storage_state=signed_in, viewport={"width": 390, "height": 844}, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{stack.dashboard_url}/help")
    expect(page.get_by_role("link", name="Orders", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Menu")).to_be_hidden()


def test_the_tour_once_put_away_stays_away(newcomer: Desk, new_context: CreateContextCallback) -> None:
    newcomer.page.get_by_role("button", name="Do not show this again").click()
    heading = "Two minutes to see what this is"
    expect(newcomer.page.get_by_role("heading", name="Overview")).to_be_visible()
    expect(newcomer.page.get_by_role("heading", name=heading)).to_have_count(0)
    page = new_context().new_page()
    page.goto(newcomer.stack.sign_in_link())
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    expect(page.get_by_role("heading", name=heading)).to_have_count(0)


def test_what_needs_a_person_is_counted_in_the_navigation(desk: Desk) -> None:
    reference = desk.place_order("visa_success")
    fault = desk.gateway.fault({"type": "drop_before"}, times=1000, operation="capture", reference=reference)
    desk.capture("100.00")
    desk.sees("Unknown outcome")
    line = desk.page.get_by_role("navigation", name="Needs a person").get_by_role("link", name="Unknown outcomes")
    expect(line).to_contain_text("waiting to be known", timeout=SETTLES_WITHIN_MS)
    before = desk.page.url
    line.click()
    expect(desk.page.get_by_role("link", name=reference)).to_be_visible()
    desk.gateway.call("DELETE", f"/_sandbox/faults/{fault['id']}")
    desk.open(before)
    desk.sees("Paid")


def test_what_was_done_stands_in_a_corner_and_can_be_put_away(desk: Desk) -> None:
    desk.place_order("visa_success")
    desk.capture("100.00")
    note = desk.page.locator(".toast-note")
    expect(note).to_contain_text("Captured 100.00 USD.")
    note.get_by_role("button", name="Dismiss").click()
    expect(note).to_have_count(0)
