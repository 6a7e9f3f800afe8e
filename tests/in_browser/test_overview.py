"""The overview in a real browser: a mark leads to its rows, by pointer, by keyboard, and without scripts."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from tests.in_browser.desk import Desk


def _decline_something(desk: Desk, currency: str) -> str:
    reference = desk.place_order("visa_lost_card", price="40.00", currency=currency)
    desk.sees("Declined")
    return reference


def _panel(desk: Desk, name: str) -> Locator:
    return desk.page.get_by_role("region", name=name, exact=True)


def test_a_mark_leads_to_its_rows(desk: Desk) -> None:
    reference = _decline_something(desk, "SEK")
    desk.open("/?currency=SEK&days=7")
    panel = _panel(desk, "Declined payments by day")
    mark = panel.locator(".chart-bar.series-2").first
    told = panel.locator("a:hover .chart-told")
    mark.hover()
    expect(told).to_be_visible()
    assert "1 declined payment" in (told.text_content() or "")
    mark.click()
    expect(desk.page.get_by_role("heading", name="Declined")).to_be_visible()
    expect(desk.page.get_by_role("link", name=reference)).to_be_visible()
    expect(desk.page.get_by_text("The card was reported lost.")).to_be_visible()


def test_the_numbers_of_a_chart_are_reached_by_keyboard(desk: Desk) -> None:
    reference = _decline_something(desk, "NOK")
    desk.open("/?currency=NOK&days=7")
    panel = _panel(desk, "Orders by day")
    panel.locator("summary").focus()
    desk.page.keyboard.press("Enter")
    last = panel.get_by_role("row").last.get_by_role("link").first
    expect(last).to_have_text("1")
    last.focus()
    desk.page.keyboard.press("Enter")
    expect(desk.page.get_by_role("link", name=reference)).to_be_visible()


def test_marks_are_no_stops_of_the_tab_key_and_the_drawing_is_one_image(desk: Desk) -> None:
    _decline_something(desk, "HUF")
    desk.open("/?currency=HUF&days=7")
    panel = _panel(desk, "Orders by day")
    assert panel.locator("svg a:not([tabindex='-1'])").count() == 0
    name = panel.get_by_role("img").get_attribute("aria-label") or ""
    assert name.startswith("Orders by day, ")
    assert "1 order in all" in name


def test_figures_can_be_chosen_and_followed_without_scripts(desk: Desk, unscripted: Desk) -> None:
    reference = _decline_something(desk, "CZK")
    unscripted.open("/")
    unscripted.page.get_by_label("Currency", exact=True).select_option("CZK")
    unscripted.page.get_by_role("button", name="Show", exact=True).click()
    unscripted.page.get_by_role("link", name="7 days", exact=True).click()
    panel = _panel(unscripted, "Declined payments by day")
    panel.get_by_role("link", name="Never again with this card").click()
    expect(unscripted.page.get_by_role("link", name=reference)).to_be_visible()
