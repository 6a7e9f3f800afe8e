"""The overview in a real browser: a mark leads to its rows, by pointer, by keyboard, and without scripts."""

from __future__ import annotations

import re

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


def test_days_are_chosen_by_dragging_over_a_chart(desk: Desk) -> None:
    _decline_something(desk, "RON")
    desk.open("/?currency=RON&days=7")
    page, plot = desk.page, _panel(desk, "Orders by day").locator(".chart-plot")
    days = [day.get_attribute("data-day") for day in plot.locator("a[data-day]").all()]
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box is not None

    def over(day: int) -> tuple[float, float]:
        return box["x"] + box["width"] * (day + 0.5) / 7, box["y"] + 40

    page.mouse.move(*over(4))
    page.mouse.down()
    page.mouse.move(*over(2))
    expect(_panel(desk, "Orders by day").locator(".chart-range-told")).to_contain_text("3 days")
    page.keyboard.press("Escape")
    page.mouse.up()
    expect(page).to_have_url(re.compile("days=7$"))
    page.mouse.move(*over(6))
    page.mouse.down()
    page.mouse.move(*over(5))
    page.mouse.up()
    expect(page).to_have_url(re.compile(f"currency=RON&since={days[5]}&until={days[6]}$"))
    expect(page.get_by_role("heading", name="2 days")).to_be_visible()


def test_days_are_chosen_by_keyboard(desk: Desk) -> None:
    _decline_something(desk, "THB")
    desk.open("/?currency=THB&days=7")
    page = desk.page
    chooser = page.get_by_role("slider", name="Orders by day: choose days")
    chooser.focus()
    page.keyboard.press("ArrowRight")
    assert "1 order" in (chooser.get_attribute("aria-valuetext") or ""), "today"
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("Shift+ArrowLeft")
    expect(chooser).to_have_attribute("aria-valuetext", re.compile(": 3 days$"))
    expect(chooser).to_have_attribute("aria-valuenow", "4")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="3 days")).to_be_visible()
    page.locator("summary").filter(has_text=re.compile(r"\d{4} to \d")).press("Enter")
    last = page.get_by_label("To (UTC)")
    page.get_by_label("From (UTC)").fill(last.input_value())
    page.get_by_role("button", name="Show these days").press("Enter")
    expect(page.get_by_role("heading", name="1 day")).to_be_visible()


def test_figures_can_be_chosen_and_followed_without_scripts(desk: Desk, unscripted: Desk) -> None:
    reference = _decline_something(desk, "CZK")
    unscripted.open("/")
    unscripted.page.get_by_label("Currency", exact=True).select_option("CZK")
    unscripted.page.get_by_role("button", name="Show", exact=True).click()
    unscripted.page.get_by_role("link", name="7 days", exact=True).click()
    panel = _panel(unscripted, "Declined payments by day")
    panel.get_by_role("link", name="Never again with this card").click()
    expect(unscripted.page.get_by_role("link", name=reference)).to_be_visible()
