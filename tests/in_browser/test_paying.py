"""Orders through their whole payment life, in a browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.in_browser.desk import ORDER_PAGE, Desk
from tests.stack import until


def test_one_order_goes_through_challenge_captures_and_refunds(desk: Desk) -> None:
    reference = desk.place_order("visa_challenge")
    desk.sees("Awaiting authentication")
    desk.page.get_by_role("link", name="Continue to 3-D Secure").click()
    desk.page.get_by_role("button", name=re.compile("Approve")).click()
    expect(desk.page).to_have_url(ORDER_PAGE)
    desk.sees("Authorized")
    expect(desk.sum_of("Still held")).to_have_text("100.00")

    desk.capture("30.00")
    desk.sees("Partly captured")
    expect(desk.sum_of("Captured")).to_have_text("30.00")
    expect(desk.sum_of("Still held")).to_have_text("70.00")

    desk.capture("50.00", final=True)
    desk.sees("Paid")
    expect(desk.sum_of("Captured")).to_have_text("80.00")
    expect(desk.sum_of("Still held")).to_have_text("0.00")

    desk.refund("30.00")
    desk.sees("Partially refunded")
    expect(desk.sum_of("May be refunded")).to_have_text("50.00")

    desk.refund("50.00")
    desk.sees("Refunded")
    told = desk.told(reference)
    assert (told["status"], told["amount_captured"], told["amount_refunded"]) == ("refunded", 8000, 8000)
    assert [refund["amount"] for refund in told["refunds"]] == [3000, 5000]


def test_a_declined_order_is_paid_again_with_another_card(desk: Desk) -> None:
    reference = desk.place_order("visa_insufficient_funds")
    desk.sees("Declined")
    expect(desk.page.get_by_role("heading", name="There is not enough money in the account.")).to_be_visible()
    expect(desk.page.get_by_text("Try again in a few days, or ask for another card.")).to_be_visible()

    dialog = desk.begin("Pay again")
    dialog.get_by_label("Card").select_option("mastercard_success")
    dialog.get_by_role("button", name="Pay 100.00 USD").click()
    desk.sees("Authorized")
    expect(desk.page.get_by_role("heading", name="Payment 2 of 2")).to_be_visible()
    expect(desk.page.get_by_role("heading", name="Payment 1 of 2")).to_be_visible()
    assert [payment["status"] for payment in desk.gateway.payments({"reference": reference})] == [
        "authorized",
        "declined",
    ]


@pytest.mark.parametrize(
    ("button", "words"),
    [
        ("Fail the authentication", "The customer could not prove who they are."),
        ("Cancel", "The customer turned the confirmation away."),
    ],
)
def test_a_challenge_that_is_not_passed_declines_the_payment(desk: Desk, button: str, words: str) -> None:
    desk.place_order("visa_challenge")
    desk.page.get_by_role("link", name="Continue to 3-D Secure").click()
    desk.page.get_by_role("button", name=button, exact=True).click()
    expect(desk.page).to_have_url(ORDER_PAGE)
    desk.sees("Declined")
    expect(desk.page.get_by_role("heading", name=words)).to_be_visible()
    expect(desk.page.get_by_role("link", name="Pay again")).to_be_visible()


def test_a_challenge_walked_away_from_expires_and_the_page_says_so_by_itself(desk: Desk) -> None:
    reference = desk.place_order("visa_challenge")
    address = desk.page.url
    desk.page.get_by_role("link", name="Continue to 3-D Secure").click()
    expect(desk.page.get_by_role("button", name=re.compile("Approve"))).to_be_visible()
    desk.open(address)
    desk.sees("Awaiting authentication")
    desk.gateway.clock(advance="PT15M")
    desk.sees("Payment failed")
    expect(desk.page.get_by_role("link", name="Pay again")).to_be_visible()
    assert desk.told(reference)["status"] == "expired"

    def clock_shown() -> bool:  # once the worker has read it
        desk.open("/")
        return desk.page.get_by_text("Account clock").count() == 1

    until(clock_shown, what="the account's clock in the top bar")


def test_the_address_that_3d_secure_returns_to_proves_nothing(desk: Desk) -> None:
    reference = desk.place_order("visa_challenge")
    payment = desk.page.locator("section[id^=pay_]").get_attribute("id")
    desk.open(f"/payments/{payment}/return?payment={payment}&status=authorized&outcome=approved")
    expect(desk.page).to_have_url(ORDER_PAGE)
    desk.sees("Awaiting authentication")
    assert desk.told(reference)["status"] == "requires_action"


def test_a_capture_that_was_made_is_known_although_every_answer_to_it_is_lost(desk: Desk) -> None:
    reference = desk.place_order("visa_success")
    fault = desk.gateway.fault({"type": "drop_after"}, times=1000, operation="capture", reference=reference)
    desk.capture("100.00")
    desk.sees("Paid")
    desk.gateway.call("DELETE", f"/_sandbox/faults/{fault['id']}")
    assert [capture["amount"] for capture in desk.told(reference)["captures"]] == [10000]


def test_a_capture_that_never_arrives_is_unknown_until_the_worker_knows(desk: Desk) -> None:
    reference = desk.place_order("visa_success")
    fault = desk.gateway.fault({"type": "drop_before"}, times=1000, operation="capture", reference=reference)
    desk.capture("100.00")
    desk.sees("Unknown outcome")
    expect(desk.page.get_by_role("heading", name="The outcome is unknown")).to_be_visible()
    expect(desk.page.get_by_text("No answer yet").first).to_be_visible()
    expect(desk.page.get_by_role("link", name="Capture", exact=True)).to_have_count(0)
    desk.gateway.call("DELETE", f"/_sandbox/faults/{fault['id']}")
    desk.sees("Paid")
    expect(desk.page.get_by_role("heading", name="The outcome is unknown")).to_have_count(0)
    told = desk.told(reference)
    assert [capture["amount"] for capture in told["captures"]] == [10000]


def test_a_lost_answer_to_an_authorization_is_unknown_and_charges_once(desk: Desk) -> None:
    reference = "B-lost-authorization-" + desk.stack.engine
    fault = desk.gateway.fault({"type": "drop_after"}, times=1000, operation="payment", reference=reference)
    desk.open("/orders/new")
    desk.page.get_by_label("Reference", exact=True).fill(reference)
    desk.page.get_by_role("button", name="Place the order").click()
    expect(desk.page).to_have_url(ORDER_PAGE, timeout=30_000)
    desk.sees("Unknown outcome")
    desk.gateway.call("DELETE", f"/_sandbox/faults/{fault['id']}")
    desk.sees("Authorized")
    assert len(desk.gateway.payments({"reference": reference})) == 1


def test_a_hold_is_voided_and_the_order_may_be_paid_again(desk: Desk) -> None:
    reference = desk.place_order("visa_success")
    dialog = desk.begin("Void payment")
    expect(dialog.get_by_role("heading", name="Release 100.00 USD")).to_be_visible()
    dialog.get_by_role("button", name="Release 100.00 USD").click()
    desk.sees("Awaiting payment")
    expect(desk.page.get_by_role("link", name="Pay again")).to_be_visible()
    assert desk.told(reference)["status"] == "voided"


def test_what_a_partial_capture_left_is_released(desk: Desk) -> None:
    reference = desk.place_order("visa_success")
    desk.capture("25.00")
    dialog = desk.begin("Release the rest")
    dialog.get_by_role("button", name="Release 75.00 USD").click()
    desk.sees("Paid")
    assert desk.told(reference)["amount_captured"] == 2500


def test_canceling_an_order_voids_its_hold_first(desk: Desk) -> None:
    reference = desk.place_order("visa_success")
    dialog = desk.begin("Cancel order")
    dialog.get_by_role("button", name="Cancel the order over 100.00 USD").click()
    expect(dialog.get_by_text("Write why, like Ordered by mistake.")).to_be_visible()
    dialog.get_by_label("Reason").fill("Ordered twice")
    dialog.get_by_role("button", name="Cancel the order over 100.00 USD").click()
    desk.sees("Canceled")
    expect(desk.page.get_by_text("Ordered twice").first).to_be_visible()
    expect(desk.page.locator(".order-actions").get_by_role("link")).to_have_count(0)
    assert desk.told(reference)["status"] == "voided"


def test_an_answer_that_takes_its_time_comes_in_by_itself(desk: Desk) -> None:
    desk.place_order("visa_processing_approved")
    desk.sees("Unknown outcome")
    desk.gateway.clock(advance="PT10M")
    desk.sees("Authorized")


def test_the_main_job_works_without_scripts(unscripted: Desk) -> None:
    reference = unscripted.place_order("visa_challenge", price="80.00")
    page = unscripted.page
    page.get_by_role("link", name="Continue to 3-D Secure").click()
    page.get_by_role("button", name=re.compile("Approve")).click()
    unscripted.sees("Authorized")

    page.get_by_role("link", name="Capture", exact=True).click()
    page.get_by_label("Amount", exact=True).fill("99")
    page.get_by_role("button", name="Capture").click()
    expect(page.get_by_text("Only 80.00 USD is held; 99.00 USD is more.")).to_be_visible()
    expect(page.get_by_label("Amount", exact=True)).to_have_value("99")
    page.get_by_label("Amount", exact=True).fill("80.00")
    page.get_by_role("button", name="Capture").click()
    unscripted.sees("Paid")

    page.get_by_role("link", name="Refund", exact=True).click()
    page.get_by_label("Reason").select_option("duplicate")
    page.get_by_role("button", name="Refund").click()
    unscripted.sees("Refunded")
    assert unscripted.told(reference)["amount_refunded"] == 8000


def test_items_are_added_and_taken_out_without_scripts(unscripted: Desk) -> None:
    unscripted.open("/orders/new")
    page = unscripted.page
    page.get_by_label("Item 2", exact=True).fill("Filter paper")
    page.get_by_label("Unit price of item 2").fill("3.05")
    page.get_by_label("Quantity of item 2").fill("2")
    page.get_by_role("button", name="Add an item").click()
    expect(page.get_by_label("Item 4", exact=True)).to_be_visible()
    expect(page.get_by_label("Item 2", exact=True)).to_have_value("Filter paper")
    expect(page.locator("#order-total")).to_contain_text("56.00")
    page.get_by_role("button", name="Take item 1 out").click()
    expect(page.get_by_label("Item 1", exact=True)).to_have_value("Filter paper")
    expect(page.locator("#order-total")).to_contain_text("6.10")
