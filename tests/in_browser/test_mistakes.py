"""Bad input, two windows at once, and hasty hands."""

from __future__ import annotations

from playwright.sync_api import Route, expect

from tests.in_browser.desk import ORDER_PAGE, Desk


def test_a_new_order_that_cannot_be_placed_keeps_what_was_typed(desk: Desk) -> None:
    desk.open("/orders/new")
    page = desk.page
    page.get_by_label("Name", exact=True).fill("Zoë <b>O'Neil</b>")
    page.get_by_label("E-mail", exact=True).fill("nowhere")
    page.get_by_label("Currency").select_option("JPY")
    page.get_by_label("Unit price of item 1").fill("49.90")
    page.get_by_label("Card", exact=True).select_option("visa_lost_card")
    page.get_by_role("button", name="Place the order").click()
    expect(page.get_by_text("The order is not placed yet.")).to_be_visible()
    expect(page.get_by_text("Write an e-mail address, like ann@example.com.")).to_be_visible()
    expect(page.get_by_text("JPY has no digits after the point; write it like 123450.")).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Zoë <b>O'Neil</b>")
    expect(page.get_by_label("E-mail", exact=True)).to_have_value("nowhere")
    expect(page.get_by_label("Currency")).to_have_value("JPY")
    expect(page.get_by_label("Card", exact=True)).to_have_value("visa_lost_card")

    page.get_by_label("E-mail", exact=True).fill("zoe@example.com")
    page.get_by_label("Unit price of item 1").fill("4,990")
    expect(page.locator("#order-total")).to_contain_text("4,990")
    page.get_by_role("button", name="Place the order").click()
    expect(page).to_have_url(ORDER_PAGE)
    desk.sees("Declined")
    expect(page.get_by_text("Zoë <b>O'Neil</b>").first).to_be_visible()


def test_a_refused_refund_says_why_in_the_dialog_and_loses_nothing(desk: Desk) -> None:
    reference = desk.place_order("visa_success", at_once=True)
    dialog = desk.begin("Refund")
    dialog.get_by_label("Amount", exact=True).fill("100.01")
    dialog.get_by_label("Reason").select_option("Charged twice")
    dialog.get_by_label("Note").fill("told on the phone")
    dialog.get_by_role("button", name="Refund", exact=True).click()
    expect(dialog.get_by_text("Only 100.00 USD is refundable; 100.01 USD is more.")).to_be_visible()
    expect(dialog.get_by_label("Amount", exact=True)).to_be_focused()
    expect(dialog.get_by_label("Amount", exact=True)).to_have_value("100.01")
    expect(dialog.get_by_label("Note")).to_have_value("told on the phone")
    dialog.get_by_label("Amount", exact=True).fill("0.10")
    dialog.get_by_role("button", name="Refund 0.10 USD").click()
    desk.sees("Partially refunded")
    assert [(refund["amount"], refund["reason"], refund["note"]) for refund in desk.told(reference)["refunds"]] == [
        (10, "duplicate", "told on the phone")
    ]


def test_the_button_says_a_sum_only_where_it_may_be_sent(desk: Desk) -> None:
    reference = desk.place_order("visa_success", at_once=True)
    dialog = desk.begin("Refund")
    button = dialog.locator("button[type=submit]")
    expect(button).to_have_text("Refund 100.00 USD")
    for written in ("1,05", "abc", "-5", "0", "0.00", "1.005", "100.01", "1e1", ""):
        dialog.get_by_label("Amount", exact=True).fill(written)
        expect(button).to_have_text("Refund")
    for written in ("0.01", "99.9", "100"):
        dialog.get_by_label("Amount", exact=True).fill(written)
        expect(button).to_have_text(f"Refund {written} USD")
    dialog.get_by_label("Amount", exact=True).fill("1,05")
    button.click()
    expect(dialog.get_by_text("Did you mean 1.05?")).to_be_visible()
    expect(dialog.get_by_text("Choose a reason.")).to_be_visible()
    expect(dialog.get_by_label("Amount", exact=True)).to_have_value("1,05")
    expect(button).to_have_text("Refund")
    assert desk.told(reference)["amount_refunded"] == 0


def test_a_dialog_begins_at_cancel_and_escape_leaves_all_as_it_was(desk: Desk) -> None:
    reference = desk.place_order("visa_success")
    dialog = desk.begin("Capture")
    expect(dialog.get_by_role("link", name="Cancel")).to_be_focused()
    desk.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(desk.page.locator("#do-capture")).to_be_focused()
    assert desk.told(reference)["amount_captured"] == 0


def test_the_second_of_two_windows_is_refused_with_an_explanation(desk: Desk) -> None:
    reference = desk.place_order("visa_success")
    other = Desk(desk.page.context.new_page(), desk.stack)
    other.open(desk.page.url)
    late = other.begin("Capture")
    desk.capture("100.00")
    desk.sees("Paid")
    late.get_by_role("button", name="Capture 100.00 USD").click()
    expect(late.get_by_role("alert").first).to_contain_text("The payment is captured: it cannot be captured now.")
    expect(late.get_by_role("alert").first).to_contain_text("What may be done now: refund.")
    assert [capture["amount"] for capture in desk.told(reference)["captures"]] == [10000]
    assert other.complaints == []


def test_two_clicks_make_one_refund(desk: Desk) -> None:
    reference = desk.place_order("visa_success", at_once=True)
    dialog = desk.begin("Refund")
    dialog.get_by_label("Amount", exact=True).fill("40.00")
    dialog.get_by_label("Reason").select_option("other")
    dialog.get_by_role("button", name="Refund 40.00 USD").dblclick()
    desk.sees("Partially refunded")
    expect(desk.sum_of("Refunded")).to_have_text("40.00")
    assert [refund["amount"] for refund in desk.told(reference)["refunds"]] == [4000]


def test_the_same_form_sent_twice_makes_one_refund(unscripted: Desk) -> None:
    """Without scripts nothing holds the second click back: the form's key does."""
    reference = unscripted.place_order("visa_success", at_once=True)
    page = unscripted.page
    order = page.url
    page.get_by_role("link", name="Refund", exact=True).click()
    page.get_by_label("Amount", exact=True).fill("40.00")
    page.get_by_label("Reason").select_option("other")
    sent: list[tuple[str, str]] = []

    def remember(route: Route) -> None:
        sent.append((route.request.url, route.request.post_data or ""))
        route.continue_()

    page.route("**/refunds", remember)
    page.get_by_role("button", name="Refund").click()
    unscripted.sees("Partially refunded")
    url, body = sent[0]
    again = page.request.post(
        url, data=body, headers={"Content-Type": "application/x-www-form-urlencoded", "Referer": order}
    )
    assert again.ok
    assert [refund["amount"] for refund in unscripted.told(reference)["refunds"]] == [4000]


def test_a_sum_that_is_busy_cannot_be_sent_again(desk: Desk) -> None:
    reference = desk.place_order("visa_success")
    fault = desk.gateway.fault({"type": "latency", "ms": 1500}, times=1, operation="capture", reference=reference)
    dialog = desk.begin("Capture")
    button = dialog.get_by_role("button", name="Capture 100.00 USD")
    button.click()
    expect(button).to_be_disabled()
    desk.page.keyboard.press("Escape")
    expect(dialog).to_be_visible()
    desk.sees("Paid")
    desk.gateway.call("DELETE", f"/_sandbox/faults/{fault['id']}")


def test_the_page_does_not_move_under_an_open_dialog(desk: Desk) -> None:
    desk.place_order("visa_challenge")
    dialog = desk.begin("Cancel order")
    dialog.get_by_label("Reason").fill("half written")
    desk.gateway.clock(advance="PT15M")
    other = Desk(desk.page.context.new_page(), desk.stack)
    other.open(desk.page.url)
    other.sees("Payment failed")
    expect(desk.badge).to_have_text("Awaiting authentication")
    expect(dialog.get_by_label("Reason")).to_have_value("half written")
    dialog.get_by_role("link", name="Keep the order").click()
    desk.sees("Payment failed")
