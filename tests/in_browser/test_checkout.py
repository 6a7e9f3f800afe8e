"""The customer's own page on a phone: paid once, by a card that never passes through the shop, in their language."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, ViewportSize, expect
from pytest_playwright.pytest_playwright import CreateContextCallback

from tests.clients import GatewayAccount, Json, OrderService, both_agree
from tests.in_browser.desk import Desk
from tests.stack import Stack

ITEMS = [{"name": "Mug, stoneware", "quantity": 3, "unit_amount": 41152}]
WIDTH = 390


@pytest.fixture
def service(stack: Stack) -> OrderService:
    return OrderService(stack)


@pytest.fixture
def account(stack: Stack) -> GatewayAccount:
    return GatewayAccount(stack)


@pytest.fixture
def phone(new_context: CreateContextCallback, stack: Stack) -> Iterator[Callable[..., Page]]:
    """Opens windows of one customer's phone, which must have nothing to complain of at the end."""
    windows: list[Desk] = []

    def open_window(link: Json, locale: str = "en-US", *, scripts: bool = True) -> Page:
        if windows:
            page = windows[0].page.context.new_page()
        else:
            context = new_context(
                viewport=ViewportSize(width=WIDTH, height=844),
                has_touch=True,
                is_mobile=True,
                locale=locale,
                java_script_enabled=scripts,
            )
            page = context.new_page()
        windows.append(Desk(page, stack))
        page.goto(link["url"])
        return page

    yield open_window
    assert [complaint for window in windows for complaint in window.complaints] == []


def choose(page: Page, story: str) -> None:
    """Fill in the test card of that story."""
    cards = page.locator(".pay-presets")
    if cards.get_attribute("open") is None:
        cards.locator("summary").click()
    page.get_by_role("button", name=re.compile(f"^{re.escape(story)}")).first.click()


def press_pay(page: Page) -> None:
    page.locator("#pay button[type=submit]").click()


def sees(page: Page, heading: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    assert page.evaluate("document.documentElement.scrollWidth") <= WIDTH


def test_a_typed_card_pays_after_the_bank_asked_and_was_left_and_no_shop_ever_saw_it(
    phone: Callable[..., Page], service: OrderService, account: GatewayAccount
) -> None:
    order = service.place(123456, items=ITEMS, capture_policy="automatic")
    page = phone(service.pay_link(order))
    sent: list[tuple[str, str]] = []
    page.on("request", lambda request: sent.append((request.url, request.post_data or "")))
    number = page.locator("[data-number]", has_text="Asks for 3-D Secure").get_attribute("data-number")
    assert number is not None
    page.get_by_label("Card number").press_sequentially(number)
    groups = [number[at : at + 4] for at in range(0, len(number), 4)]
    expect(page.get_by_label("Card number")).to_have_value(" ".join(groups))
    page.get_by_label("Valid until").press_sequentially("1239")
    expect(page.get_by_label("Valid until")).to_have_value("12 / 39")
    page.get_by_label("Security code").press_sequentially("123")
    page.get_by_label("Name on the card").fill("Ann Example")
    page.get_by_role("button", name="Pay $1,234.56").click()

    approve = page.get_by_role("button", name=re.compile("Approve"))
    expect(approve).to_be_visible()
    page.goto(service.call("GET", f"/orders/{order['id']}/pay_links").json()["data"][0]["url"])
    sees(page, "Confirm with your bank")
    assert account.payments(order)[0]["status"] == "requires_action"
    page.get_by_role("link", name="Go to your bank").click()
    with page.expect_request(re.compile("/pay/return/")) as back:
        approve.click()
    sees(page, "Thank you")
    for lie in ("", "?status=declined", "?payment=pay_other"):
        page.goto(back.value.url + lie)
        sees(page, "Thank you")
    both_agree(service.order(order), account.payments(order))

    page.get_by_role("link", name="Receipt").click()
    sees(page, "Receipt")
    for words in ("$1,234.56", "Mug, stoneware", order["reference"], number[-4:]):
        expect(page.get_by_role("article")).to_contain_text(words)
    expect(page.get_by_role("button", name="Print")).to_be_visible()
    carried = [url for url, body in sent if number in (body + url).replace(" ", "")]
    assert carried == [f"{account.stack.gateway_url}/v1/tokens"]


def test_in_german_a_card_is_given_up_one_is_declined_and_a_third_one_pays(
    phone: Callable[..., Page], service: OrderService, account: GatewayAccount
) -> None:
    order = service.place(123456, "EUR", items=ITEMS)
    page = phone(service.pay_link(order), "de-DE")
    expect(page.locator("html")).to_have_attribute("lang", "de-DE")
    expect(page.locator(".pay-sum")).to_have_text("1.234,56\u00a0€")
    expect(page.locator(".pay-items")).to_contain_text("411,52\u00a0€")

    choose(page, "Fragt nach 3-D Secure")
    press_pay(page)
    expect(page.get_by_role("button", name=re.compile("Approve"))).to_be_visible()
    page.go_back()
    page.reload()
    sees(page, "Bei Ihrer Bank bestätigen")
    page.get_by_role("button", name="Mit einer anderen Karte zahlen").click()

    choose(page, "Abgelehnt: nicht genug Geld")
    press_pay(page)
    expect(page.get_by_text("Auf dem Konto ist nicht genug Geld für diese Zahlung.")).to_be_visible()
    choose(page, "Zahlt")
    press_pay(page)
    sees(page, "Vielen Dank")
    expect(page.get_by_role("main")).to_contain_text("1.234,56\u00a0€")
    after = service.order(order)
    assert [payment["status"] for payment in after["payments"]] == ["authorized", "declined", "voided"]
    both_agree(after, account.payments(order))

    page.get_by_role("link", name="English").click()
    sees(page, "Thank you")
    page.get_by_role("link", name="Receipt").click()
    sees(page, "Receipt")


def test_two_windows_pay_once_and_both_say_so(
    phone: Callable[..., Page], service: OrderService, account: GatewayAccount
) -> None:
    order = service.place()
    link = service.pay_link(order)
    first, second = phone(link), phone(link)
    for page in (first, second):
        choose(page, "Pays")
    for page in (first, second):
        page.locator("#pay button[type=submit]").click(no_wait_after=True)
    for page in (first, second):
        sees(page, "Thank you")
    after = service.order(order)
    assert len(after["payments"]) == 1
    both_agree(after, account.payments(order))


def test_what_is_wrong_with_a_card_is_said_where_it_was_typed_and_nothing_is_lost(
    phone: Callable[..., Page], service: OrderService
) -> None:
    order = service.place()
    page = phone(service.pay_link(order))
    number = page.get_by_label("Card number")
    choose(page, "Pays")
    number.fill("4242")
    press_pay(page)
    expect(page.get_by_text("Check the card number.")).to_be_visible()
    expect(number).to_be_focused()
    expect(number).to_have_accessible_description("Check the card number.")
    expect(page.get_by_label("Security code")).to_have_value("123")

    number.fill(unpublished_number())
    press_pay(page)
    expect(page.get_by_text("Only published test cards are taken here.")).to_be_visible()

    choose(page, "Pays")
    page.get_by_label("Valid until").fill("0120")
    press_pay(page)
    expect(page.get_by_text("Check the month and year, like 04 / 29.")).to_be_visible()
    expect(page.get_by_label("Valid until")).to_be_focused()
    assert service.order(order)["payments"] == []
    choose(page, "Pays")
    press_pay(page)
    sees(page, "Thank you")


def test_a_browser_without_scripts_is_told_what_it_takes_and_sends_no_card(
    phone: Callable[..., Page], service: OrderService
) -> None:
    order = service.place(items=[{"name": "Mug", "quantity": 1, "unit_amount": 1999}])
    page = phone(service.pay_link(order), scripts=False)
    # A browser whose scripts a test has switched off does not count as one without: what it would draw is in the page.
    assert "Your browser runs no scripts." in page.locator("noscript").inner_html()
    expect(page.get_by_text("Mug")).to_be_visible()
    number = page.locator("[data-number]").first.get_attribute("data-number")
    assert number is not None
    page.get_by_label("Card number").fill(number)
    with page.expect_request(re.compile("/payments$")) as sent:
        press_pay(page)
    assert number not in (sent.value.post_data or "")
    expect(page.get_by_role("alert")).to_contain_text("The card could not be taken. Nothing was charged.")
    page.get_by_role("link", name="Français").click()
    expect(page.locator("html")).to_have_attribute("lang", "fr")


def test_the_letter_that_mails_a_link_is_seen_as_it_will_be(desk: Desk, service: OrderService) -> None:
    order = service.place(4999, "EUR")
    desk.open(f"/orders/{order['id']}")
    dialog = desk.begin("Mail the pay link")
    letter = dialog.frame_locator("iframe")
    expect(letter.get_by_text("Hello Ann Example,")).to_be_visible()
    expect(letter.get_by_text("See all your payments")).to_be_visible()
    dialog.get_by_label("To").fill("bob@example.com")
    dialog.get_by_label("In which language").select_option("Deutsch")
    expect(dialog.get_by_text("Bitte bezahlen Sie Bestellung")).to_be_visible()
    expect(letter.get_by_text("Guten Tag Ann Example,")).to_be_visible()
    expect(letter.get_by_text("Alle Ihre Zahlungen ansehen")).to_have_count(0)
    expect(dialog.get_by_label("To")).to_have_value("bob@example.com")
    dialog.get_by_role("button", name="Mail the link").click()
    expect(desk.page.get_by_role("link", name="Mailed to bob@example.com")).to_be_visible()


def unpublished_number() -> str:
    """A number as real cards have one, which no catalogue holds."""
    digits = [5, 3, 9, 9, 0, 1, 7, 2, 6, 8, 3, 0, 4, 1, 5]
    doubled = [digit * 2 - 9 * (digit > 4) if at % 2 == 0 else digit for at, digit in enumerate(digits)]
    return "".join(map(str, [*digits, -sum(doubled) % 10]))
