"""Risk as people meet it: a rule from its first letter into force, blocked card testing, two reviews decided."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import cycle

import pytest
from playwright.sync_api import Page, expect

from tests.clients import Json, OrderService
from tests.in_browser.desk import Desk
from tests.stack import Stack, until


def test_a_rule_is_written_tried_shadowed_and_put_in_force(desk: Desk, stack: Stack) -> None:
    shop, device, page = OrderService(stack), f"device-{secrets.token_hex(6)}", desk.page
    context: Json = {"context": {"device_id": device}}
    for card in ("visa_generic_decline", "visa_insufficient_funds", "visa_success"):
        shop.pay(shop.place(100, **context), card)
    page.goto(f"{stack.dashboard_url}/risk/rules/new")
    page.get_by_label("Name", exact=True).fill(f"Card testing on {device}")
    page.get_by_label("When", exact=True).press_sequentially("device.cart[1h] >= 3")
    expect(page.get_by_text("There is no field device.cart.")).to_be_visible()
    expect(page.locator(".rule-text mark")).to_have_text("device.cart[1h]")
    page.get_by_label("When", exact=True).fill(f'device.cards[1h] >= 3 and device.id = "{device}"')
    expect(page.get_by_text("Understood.")).to_be_visible()
    page.get_by_role("button", name="Try it on the last 30 days").click()
    expect(page.locator("#rule-check")).to_contain_text(re.compile(r"Payments it would have hit\s+1\s+of"))
    page.get_by_role("button", name="And on simulated months").click()
    simulated = page.locator("#rule-simulated")
    expect(simulated).to_contain_text("All fraud is known here", timeout=120_000)
    expect(simulated).to_contain_text(re.compile(r"Fraud caught\s+0\s+of"))  # this device is nobody's there
    page.get_by_label("Then", exact=True).select_option("block")
    page.get_by_label("Why this change").fill("Cards are tested on one device")
    page.get_by_role("button", name="Save the rule").click()
    row = page.get_by_role("row", name=re.compile(f"Card testing on {device}"))
    expect(row).to_contain_text("Shadow")
    noted = shop.pay(shop.place(100, **context), "mastercard_success")
    assert (noted["status"], noted["risk"]["rules"][0]["mode"]) == ("authorized", "shadow")
    row.get_by_role("link").first.click()
    page.get_by_label("How far it goes").select_option("active")
    page.get_by_label("Why this change").fill("It hits what it should")
    page.get_by_role("button", name="Save version 2").click()
    expect(page.get_by_role("row", name=re.compile(f"Card testing on {device}"))).to_contain_text("In force")
    blocked = shop.pay(shop.place(100, **context), "amex_success")
    assert blocked["status"] == "blocked"
    page.goto(f"{stack.dashboard_url}/payments/{blocked['id']}")
    expect(page.get_by_text("Blocked by our own rules")).to_be_visible()
    expect(page.get_by_role("link", name=f"Card testing on {device}")).to_be_visible()


def test_what_is_tried_at_once_is_not_wiped_away_by_the_check_of_the_last_letter(desk: Desk, stack: Stack) -> None:
    page = desk.page
    page.clock.install()
    page.goto(f"{stack.dashboard_url}/risk/rules/new")
    page.clock.pause_at(datetime.now(UTC) + timedelta(hours=1))  # the check of the last letter waits until it is told
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.url.endswith("/check") else None)
    page.get_by_label("When", exact=True).fill("amount > 10.00 USD")
    page.get_by_role("button", name="Try it on the last 30 days").click()
    tried = page.get_by_role("heading", name="Here, the last 30 days")
    expect(tried).to_be_visible()
    page.clock.run_for(1000)
    page.get_by_label("When", exact=True).fill("amount > 10")
    with page.expect_request("**/check"):
        page.clock.run_for(1000)
    expect(page.get_by_text("Understood.")).to_have_count(0)
    assert len(asked) == 2, "other words are asked about"


def test_two_reviews_are_decided_by_keyboard_one_after_the_other(desk: Desk, stack: Stack) -> None:
    shop, device, page = OrderService(stack), f"device-{secrets.token_hex(6)}", desk.page
    page.goto(f"{stack.dashboard_url}/risk/rules/new")
    page.get_by_label("Name", exact=True).fill(f"Look at {device}")
    page.get_by_label("When", exact=True).fill(f'device.id = "{device}"')
    page.get_by_label("Then", exact=True).select_option("review")
    page.get_by_label("How far it goes").select_option("active")
    page.get_by_label("Why this change").fill("A test")
    page.get_by_role("button", name="Save the rule").click()
    expect(page.get_by_role("row", name=re.compile(f"Look at {device}"))).to_be_visible()
    asked: Json = {"capture_policy": "automatic", "context": {"device_id": device}}
    good, bad = shop.place(90_000_00, **asked), shop.place(80_000_00, **asked)
    for order in (good, bad):
        assert shop.pay(order)["status"] == "in_review"
    for order, key, verdict in ((good, "a", "Approve: the payment is good"), (bad, "f", "Decline as fraud")):
        page.goto(f"{stack.dashboard_url}/reviews")
        page.get_by_role("link", name=order["reference"], exact=True).focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name=f"Review of {order['reference']}")).to_be_visible()
        page.keyboard.press(key)
        expect(page.get_by_label(verdict)).to_be_checked()
        expect(page.get_by_label("Why", exact=True)).to_be_focused()
        page.keyboard.type("Looked at it, a safe find")  # inside a field keys are letters
        expect(page.get_by_label(verdict)).to_be_checked()
        page.keyboard.press("Enter")
        expect(page.get_by_text(re.compile(r"^(Approved\.|Declined: the hold)"))).to_be_visible()
    assert shop.order_when(good, "paid")["amount_captured"] == 90_000_00
    assert shop.order_when(bad, "canceled")["payments"][0]["status"] == "voided"


@pytest.fixture
def blocking_from_60(desk: Desk, stack: Stack) -> Iterator[None]:
    """For one test: other payments of this installation are not to be blocked."""
    at = f"{stack.dashboard_url}/risk/model"
    desk.page.goto(at)
    _block_from(desk.page, "60")
    yield
    desk.page.goto(at)
    _block_from(desk.page, "100")


@pytest.mark.usefixtures("blocking_from_60")
def test_card_testing_climbs_to_block_and_its_reasons_say_so(desk: Desk, stack: Stack) -> None:
    shop, page = OrderService(stack), desk.page
    cards = cycle(("visa_generic_decline", "visa_lost_card", "visa_stolen_card", "amex_success", "mastercard_success"))

    def pays(card: str, amount: int, who: str) -> Json | None:
        """The payment, if the model had the time to score it."""
        customer = {"email": f"{who}@example.com", "name": "Ann Example"}
        order = shop.place(amount, customer=customer, context={"device_id": f"device-{who}"})
        payment = shop.pay(order, card)
        return payment if payment["risk"]["score"] is not None else None

    def somebody() -> str:
        return f"ann-{secrets.token_hex(6)}"

    known = until(lambda: pays("diners_success", 4_990, somebody()), what="a payment to be scored", within=120)
    assert known["status"] == "authorized"
    tester = somebody()
    blocked = until(
        lambda: tried if (tried := pays(next(cards), 100, tester)) and tried["status"] == "blocked" else None,
        what="card testing to be blocked",
        within=200,
    )
    assert known["risk"]["score"] < blocked["risk"]["score"]
    page.goto(f"{stack.dashboard_url}/payments/{blocked['id']}")
    expect(page.locator("main")).to_contain_text(f"Score {blocked['risk']['score']}, 60 or more")
    expect(page.locator("main .reasons").first).to_contain_text(re.compile("device|decline|card"))


def _block_from(page: Page, score: str) -> None:
    thresholds = page.locator("form", has=page.get_by_role("button", name="Save the thresholds"))
    thresholds.get_by_label("Block from").fill(score)
    thresholds.get_by_label("Review from").fill(score)
    thresholds.get_by_label("Why").fill("A test")
    page.get_by_role("button", name="Save the thresholds").click()
    expect(page.get_by_text("The thresholds are in force from now on.")).to_be_visible()
