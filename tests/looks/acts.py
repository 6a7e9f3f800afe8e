"""What is done on a page, once it is open, before it is looked at: the `then` of a view."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.app.people.hands import PASSWORD

COLLEAGUE, CAREFUL = "Fay Colleague", "Cara Careful"
"""Two people of the furnished installation; the second signs in with a code, too."""


def address_of(name: str) -> str:
    """The e-mail of one of them."""
    return f"{name.replace(' ', '.').lower()}@example.com"


def open_dialog(action: str) -> Callable[[Page], None]:
    def then(page: Page) -> None:
        link = page.get_by_role("link", name=action, exact=True)
        if not link.is_visible():
            page.get_by_text("More", exact=True).click()
        link.click()
        expect(page.get_by_role("dialog")).to_be_visible()

    return then


def unfold(summary: str) -> Callable[[Page], None]:
    def then(page: Page) -> None:
        for one in page.locator("main details > summary").filter(has_text=re.compile(rf"^\s*{summary}\s*$")).all():
            if one.is_visible():  # a phone's list has no columns to choose
                one.click()

    return then


def open_test_cards(page: Page) -> None:
    page.locator(".pay-presets summary").click()


def type_a_card_wrong(page: Page) -> None:
    page.get_by_label("Card number").fill("4242")
    page.get_by_role("button", name=re.compile("^Pay")).click()
    expect(page.get_by_text("Check the card number.")).to_be_visible()


def open_navigation(page: Page) -> None:
    button = page.get_by_role("button", name="Menu")
    if button.is_visible():
        button.click()


def open_keys(page: Page) -> None:
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()


def lose_an_answer(page: Page) -> None:
    if not page.locator("#armed").is_visible():
        unfold("Sandbox")(page)
        page.get_by_role("button", name="Lose the next answer").click()
    expect(page.locator("#armed")).to_be_visible()


def choose_all(page: Page) -> None:
    page.get_by_label("Choose every order of this page").check()
    expect(page.locator("#chosen")).to_contain_text("chosen")


def open_all_raw(page: Page) -> None:
    for summary in page.locator("main details:not(.menu) > summary").all():
        if summary.is_visible():
            summary.click()


def second_page(page: Page) -> None:
    page.get_by_role("link", name="Older").click()
    expect(page.get_by_role("link", name="Newer")).to_be_visible()


def refuse_refund(page: Page) -> None:
    open_dialog("Refund")(page)
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Amount").fill("99,999.00")
    dialog.get_by_label("Reason").select_option("other")
    dialog.get_by_role("button", name="Refund", exact=True).click()
    expect(dialog.locator(".field-error").first).to_be_visible()


def refuse_evidence(page: Page) -> None:
    page.get_by_label("Files", exact=True).set_input_files(
        {"name": "proof.png", "mimeType": "image/png", "buffer": b"\x00no picture"}
    )
    page.get_by_role("button", name="Save and review").click()
    expect(page.get_by_text("proof.png is neither")).to_be_visible()


def refuse_order(page: Page) -> None:
    page.get_by_label("E-mail", exact=True).fill("nowhere")
    page.get_by_label("Currency").select_option("JPY")
    page.get_by_label("Unit price of item 1").fill("49.90")
    page.get_by_role("button", name="Place the order").click()
    expect(page.get_by_text("The order is not placed yet.")).to_be_visible()


def send_as_is(button: str, folded: str | None = None) -> Callable[[Page], None]:
    """Send the form as it stands, which something is missing in; it may have to be unfolded first."""

    def then(page: Page) -> None:
        if folded:
            page.locator("summary", has_text=folded).click()
        page.get_by_role("button", name=button, exact=True).click()
        expect(page.locator(".field-error").first).to_be_visible()

    return then


def decide_nothing(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^Decide")).click()
    expect(page.locator(".field-error").first).to_be_visible()


def try_the_rule(page: Page) -> None:
    page.get_by_role("button", name="And on simulated months").click()
    expect(page.get_by_text("All fraud is known here.")).to_be_visible(timeout=120_000)


def write_a_wrong_rule(page: Page) -> None:
    page.get_by_label("When", exact=True).fill("amount > 500.00 EUR and device.card[1h] > 3")
    expect(page.get_by_text("There is no field device.card.")).to_be_visible()


def write_sign_in(page: Page, name: str, password: str) -> None:
    page.get_by_label("E-mail").fill(address_of(name))
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def sign_in_wrongly(page: Page) -> None:
    write_sign_in(page, COLLEAGUE, "not this one at all")
    expect(page.get_by_role("alert")).to_be_visible()


def make_a_token(page: Page) -> None:
    page.get_by_label("Name", exact=True).fill(f"shop {secrets.token_hex(4)}")
    page.get_by_label(re.compile("^Developer")).check()
    page.get_by_role("button", name="Make the token").click()
    expect(page.get_by_text("Keep it now")).to_be_visible()


def make_recovery_codes(page: Page) -> None:
    page.get_by_text("New recovery codes", exact=True).click()
    page.locator("#codes-password").fill(PASSWORD)
    page.get_by_role("button", name="Make new codes").click()
    expect(page.get_by_text("Keep these now")).to_be_visible()


def sign_in_half(page: Page) -> None:
    write_sign_in(page, CAREFUL, PASSWORD)
    expect(page.get_by_label("Code")).to_be_visible()
