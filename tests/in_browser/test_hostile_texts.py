"""Texts that would be code, in every field that takes any: pages show them as they are, and nothing of them runs."""

from __future__ import annotations

import re
import secrets

import pytest
from playwright.sync_api import Dialog

from tests.app.disputes.desk import Desk as DisputeDesk
from tests.app.disputes.test_files import attach
from tests.app.people.hands import hire
from tests.app.screens.visitor import Visitor
from tests.clients import Json, OrderService
from tests.hostile import FORMULA, LONG, NASTY, TURNED
from tests.in_browser.desk import Desk
from tests.stack import Stack


@pytest.fixture(scope="module")
def written(stack: Stack) -> list[str]:
    """The text put into every field by API and form; the pages that show it."""
    shop, admin = OrderService(stack), Visitor(stack)
    order = shop.place(
        90_000,
        reference=f"X {NASTY}"[:60] + f" {stack.facts['dashboard'][-4:]}",
        customer={"email": "ann@example.com", "name": NASTY},
        items=[{"name": NASTY, "quantity": 1, "unit_amount": 90_000}],
        metadata={"told": NASTY},
        context={"user_agent": NASTY},
    )
    shop.pay(order, capture=True)
    assert shop.call("POST", f"/orders/{order['id']}/refunds", {"amount": 100, "note": NASTY}).ok
    asked = shop.call("POST", f"/orders/{order['id']}/refunds", {"note": NASTY}).json()["approval"]["id"]
    admin.send(f"/approvals/{asked}", f"/approvals/{asked}/decision", decision="refuse", reason=NASTY)
    person = hire(stack, admin, "viewer", "X <svg onload=alert(1)> {{7*7}}")
    admin.send(f"/settings/operators/{person.id}", f"/settings/operators/{person.id}/suspension", reason=NASTY)
    admin.send("/settings/policy", "/settings/policy", approval_days="6", reason=NASTY)
    admin.send("/orders?status=paid", "/lists/orders/views", name=NASTY[:60])
    canceled = _canceled(shop)
    return [
        *_of_dispute(stack),
        *_of_risk(admin),
        "/",
        f"/orders/{order['id']}",
        f"/orders/{canceled['id']}",
        f"/payments/{shop.order(order)['payments'][0]['id']}",
        f"/approvals/{asked}",
        "/orders",
        "/payments",
        "/refunds",
        "/approvals",
        "/customers",
        f"/customers/{order['customer']['id']}",
        "/notices",
        "/notifications",
        "/audit",
        "/settings/policy",
        "/settings/operators",
        f"/settings/operators/{person.id}",
        f"/orders?q={NASTY}&customer={NASTY}",
        f"/search?q={NASTY}",
        f"/audit?q={NASTY}&who={NASTY}",
    ]


def _canceled(shop: OrderService) -> Json:
    order = shop.place()
    assert shop.call("POST", f"/orders/{order['id']}/cancel", {"reason": NASTY}).ok
    return order


def _of_dispute(stack: Stack) -> list[str]:
    """Evidence: texts, and a file whose name is one."""
    desk = DisputeDesk(stack)
    dispute = desk.opened(desk.captured())
    attach(desk, dispute, [("{{7*7}}<svg onload=alert(4)>.txt", NASTY.encode())])
    desk.gather(dispute["id"], customer_name=NASTY, uncategorized_text=NASTY)
    return [f"/disputes/{dispute['id']}", f"/disputes/{dispute['id']}/evidence"]


def _of_risk(admin: Visitor) -> list[str]:
    """A rule that fires on nothing, and a list that nothing asks."""
    written = {"name": f"{NASTY[:90]} {secrets.token_hex(3)}", "condition": "amount > 9000000.00 USD", "reason": NASTY}
    rule = admin.send("/risk/rules/new", "/risk/rules", action="review", mode="shadow", **written)
    assert rule.status_code == 200, rule.text
    name = "nasty_" + secrets.token_hex(4)
    admin.send("/risk/lists", "/risk/lists", name=name, words=NASTY)
    at = f"/risk/lists/{name}"
    assert admin.send(at, at, values=NASTY, note=NASTY).status_code == 200
    return ["/risk/rules", "/risk/lists", at]


def test_nothing_that_is_written_runs(desk: Desk, written: list[str]) -> None:
    opened: list[str] = []

    def seen(dialog: Dialog) -> None:
        opened.append(f"{desk.page.url}: {dialog.message}")
        dialog.dismiss()

    desk.page.on("dialog", seen)
    told = 0
    for path in written:
        desk.open(path)
        told += desk.page.get_by_text("{{7*7}}").count()
        strangers = desk.page.locator("svg[onload], img[onerror], main script:not([src])")
        assert strangers.count() == 0, path
        assert not re.search(r"49\$?\{?49", desk.page.locator("main").inner_text()), path
    assert opened == []
    assert told >= len(written) - 3  # a few lists show none of what was written


PHONE = {"width": 390, "height": 844}


def test_texts_that_no_line_holds_or_that_run_backwards_break_no_page(desk: Desk, stack: Stack) -> None:
    shop, name = OrderService(stack), f"{LONG} {TURNED} {FORMULA}"
    email = f"{'a' * 60}@{'b' * 60}.{'c' * 60}.example"
    order = shop.place(
        reference=f"{secrets.token_hex(4)}{LONG}"[:100],
        customer={"email": email, "name": name[:200]},
        items=[{"name": name[:200], "quantity": 1, "unit_amount": 1999}],
        metadata={LONG[:40]: name},
    )
    shop.pay(order, capture=True)
    assert shop.call("POST", f"/orders/{order['id']}/refunds", {"amount": 100, "note": name}).ok
    payment = shop.order(order)["payments"][0]["id"]
    pages = (f"/orders/{order['id']}", f"/payments/{payment}", f"/customers/{order['customer']['id']}", "/orders", "/")
    for size in (PHONE, {"width": 1280, "height": 800}):
        desk.page.set_viewport_size(size)  # type: ignore[arg-type]  # Playwright's own shape of it
        for path in pages:
            desk.open(path)
            beyond = desk.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert beyond <= 0, f"{path} at {size['width']} px"
