"""Every page of both programs and how to reach it: the one list that the checks of looks and the screenshots share.

A test holds it against the dashboard's routes, so that a new page cannot be forgotten.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.clients import GatewayAccount, Json, OrderService
from tests.stack import Stack

Who = Literal["admin", "viewer", "nobody", "newcomer", "customer"]
"""Whose window: signed in as one, signed in where there is no order yet, or a customer at the gateway."""


@dataclass(frozen=True)
class View:
    """A page in one of its states. `address` names what was furnished in braces; `then` is done once it is open."""

    name: str
    address: str
    who: Who = "admin"
    status: int = 200
    then: Callable[[Page], None] | None = None


def _open(action: str) -> Callable[[Page], None]:
    def then(page: Page) -> None:
        link = page.get_by_role("link", name=action, exact=True)
        if not link.is_visible():
            page.get_by_text("More", exact=True).click()
        link.click()
        expect(page.get_by_role("dialog")).to_be_visible()

    return then


def _open_every(summary: str) -> Callable[[Page], None]:
    def then(page: Page) -> None:
        for one in page.locator("main details > summary").filter(has_text=re.compile(rf"^\s*{summary}\s*$")).all():
            one.click()

    return then


def _open_navigation(page: Page) -> None:
    button = page.get_by_role("button", name="Menu")
    if button.is_visible():
        button.click()


def _open_keys(page: Page) -> None:
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()


def _lose_an_answer(page: Page) -> None:
    if not page.locator("#armed").is_visible():
        _open_every("Sandbox")(page)
        page.get_by_role("button", name="Lose the next answer").click()
    expect(page.locator("#armed")).to_be_visible()


def _choose_all(page: Page) -> None:
    page.get_by_label("Choose every order of this page").check()
    expect(page.locator("#chosen")).to_contain_text("chosen")


def _open_all_raw(page: Page) -> None:
    for summary in page.locator("main details:not(.menu) > summary").all():
        if summary.is_visible():
            summary.click()


def _second_page(page: Page) -> None:
    page.get_by_role("link", name="Older").click()
    expect(page.get_by_role("link", name="Newer")).to_be_visible()


def _refuse_refund(page: Page) -> None:
    _open("Refund")(page)
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Amount").fill("99,999.00")
    dialog.get_by_label("Reason").select_option("other")
    dialog.get_by_role("button", name="Refund 99,999.00").click()
    expect(dialog.locator(".field-error").first).to_be_visible()


def _refuse_order(page: Page) -> None:
    page.get_by_label("E-mail", exact=True).fill("nowhere")
    page.get_by_label("Currency").select_option("JPY")
    page.get_by_label("Unit price of item 1").fill("49.90")
    page.get_by_role("button", name="Place the order").click()
    expect(page.get_by_text("The order is not placed yet.")).to_be_visible()


ORDERS = (
    "awaiting_payment",
    "awaiting_authentication",
    "authorized",
    "partially_captured",
    "paid",
    "payment_failed",
    "declined",
    "payment_unknown",
    "canceled",
    "partially_refunded",
    "refunded",
)
"""One order of each status is furnished, and `long`, whose every text is as long as it may be."""

VIEWS: tuple[View, ...] = (
    View("overview", "/"),
    View("overview, another currency", "/?days=90&currency=EUR"),
    View("overview, nothing yet", "/", who="newcomer"),
    View("overview, figures in full", "/", then=_open_all_raw),
    View("overview, menu of a phone", "/", then=_open_navigation),
    View("overview, keys", "/", then=_open_keys),
    *(
        View(f"overview, {figure}", f"/overview/{figure}?days=30")
        for figure in ("captured", "refunded", "orders", "tried", "approved", "declined", "unfinished")
    ),
    *(View(f"overview, needs {need}", f"/overview/needs/{need}") for need in ("discrepancy", "expiring")),
    View("orders", "/orders"),
    View("orders, older", "/orders", then=_second_page),
    View("orders, filtered", "/orders?status=paid&since=2020-01-01"),
    View("orders, all filters", "/orders?amount=>10&currency=USD&sort=-amount", then=_open_every("More filters")),
    View("orders, statuses", "/orders", then=_open_every("Any status")),
    View("orders, columns", "/orders", then=_open_every("Columns")),
    View("orders, save a view", "/orders?status=paid", then=_open_every("Save view")),
    View("orders, none fits", "/orders?q=nobody@example.com&status=declined"),
    View("orders, wrong filter", "/orders?amount=much&since=2026-12-02&until=2026-12-01", status=422),
    View("orders, none yet", "/orders", who="newcomer"),
    View("orders, chosen", "/orders", then=_choose_all),
    View("orders, to a viewer", "/orders", who="viewer"),
    View("capture several", "/orders/captures?order={authorized}&order={partially_captured}&order={paid}"),
    View("capture several, none", "/orders/captures"),
    View("payments", "/payments"),
    View("payments, filtered", "/payments?status=declined&since=2020-01-01"),
    View("payments, none fits", "/payments?q=nobody@example.com"),
    View("payments, none yet", "/payments", who="newcomer"),
    View("search, no such id", "/search?q=ord_00000000000000", status=404),
    View("new order", "/orders/new"),
    View("new order, refused", "/orders/new", then=_refuse_order),
    *(View(f"order, {status.replace('_', ' ')}", f"/orders/{{{status}}}") for status in ORDERS),
    View("order, long texts", "/orders/{long}"),
    View("order, raw", "/orders/{partially_refunded}", then=_open_all_raw),
    View("order, menu", "/orders/{authorized}", then=_open_every("More")),
    View("order, sandbox menu", "/orders/{authorized}", then=_open_every("Sandbox")),
    View("order, answers are lost", "/orders/{lossy}", then=_lose_an_answer),
    View("order, to a viewer", "/orders/{authorized}", who="viewer"),
    *(
        View(f"payment, {status.replace('_', ' ')}", f"/payments/{{payment_{status}}}")
        for status in ("authorized", "declined", "partially_refunded", "long")
    ),
    View("pay", "/orders/{declined}", then=_open("Pay again")),
    View("capture", "/orders/{authorized}", then=_open("Capture")),
    View("void", "/orders/{authorized}", then=_open("Void payment")),
    View("refund", "/orders/{paid}", then=_open("Refund")),
    View("refund, refused", "/orders/{paid}", then=_refuse_refund),
    View("cancel", "/orders/{awaiting_payment}", then=_open("Cancel order")),
    View("pay, a page", "/orders/{declined}/pay"),
    View("capture, a page", "/orders/{authorized}/capture"),
    View("void, a page", "/orders/{authorized}/void"),
    View("refund, a page", "/orders/{paid}/refund"),
    View("cancel, a page", "/orders/{awaiting_payment}/cancel"),
    View("help", "/help"),
    View("design system", "/styleguide"),
    View("sign-in", "/sign-in", who="nobody"),
    View("sign-in link", "{link}", who="nobody"),
    View("sign-in link, used up", "/sign-in/link/used-up", who="nobody", status=410),
    View("a problem of the API", "/api/problems/invalid-transition"),
    View("error 403", "/orders/new", who="viewer", status=403),
    View("error 404", "/orders/ord_00000000000000", status=404),
    View("error 404, to nobody", "/nothing-here", who="nobody", status=404),
    View("error 405", "/sign-out", status=405),
    View("error 409", "/orders/{refunded}/refund", status=409),
    View("error 500", "/orders/{broken}", status=500),
    View("gateway, challenge", "{challenge}", who="customer"),
    View("gateway, challenge over", "{challenge_over}", who="customer", status=410),
    View("gateway, problems", "/problems/", who="customer"),
    View("gateway, a problem", "/problems/invalid-transition", who="customer"),
)

NO_PAGES = {
    "assets.serve": "a file",
    "health.healthz": "a word for machines",
    "health.readyz": "a word for machines",
    "api.openapi": "a document for machines",
    "live.stream": "a stream of events",
    "bulk.chosen": "a part of the list of orders",
    "shell.show_todos": "a part of every page",
    "payments.back": "leads to its order",
}
"""GET routes of the dashboard that show no page, and why. (The gateway's /docs is Swagger UI's own page.)"""

Furnished = dict[str, str]

_LONG = {
    "reference": "LONG-" + "W" * 60,
    "customer": {
        "name": "Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh of Llanfairpwllgwyngyll",
        "email": "wolfeschlegelsteinhausenbergerdorff.featherstonehaugh@llanfairpwllgwyngyll.example.com",
    },
    "items": [
        {
            "name": "Grinder with conical burrs of hardened steel, forty settings, for filter and espresso",
            "quantity": 999,
            "unit_amount": 1_001_001_000,
        }
    ],
}


def furnish(stack: Stack) -> Furnished:
    """Make one order of each status, and enough of them for a second page. The ids by the names in `VIEWS`."""
    shop = OrderService(stack)
    bank = GatewayAccount(stack)
    made: dict[str, Json] = {}

    def place(name: str, card: str = "", *, capture: bool = False, **more: Any) -> Json:
        order = made[name] = shop.place(4999, **{"reference": f"WEB-{len(made) + 2001}", **more})
        return shop.pay(order, card, capture=capture) if card else {}

    def act(name: str, doing: str, **body: object) -> None:
        answer = shop.call("POST", f"/orders/{made[name]['id']}/{doing}", dict(body))
        assert answer.ok, answer.text

    over = place("payment_failed", "visa_challenge")
    bank.clock(advance="PT15M")
    place("awaiting_payment")
    waits = place("awaiting_authentication", "visa_challenge")
    place("authorized", "visa_success")
    place("partially_captured", "mastercard_success")
    act("partially_captured", "captures", amount=1999)
    place("paid", "amex_success", capture=True)
    place("declined", "visa_insufficient_funds")
    shop.pay(made["declined"], "visa_lost_card")
    place("payment_unknown", "visa_processing_approved")
    place("canceled", "visa_success")
    act("canceled", "cancel", reason="Ordered twice")
    place("partially_refunded", "visa_success", capture=True)
    act("partially_refunded", "refunds", amount=1000, reason="requested_by_customer", note="One mug arrived broken.")
    place("refunded", "visa_success", capture=True, currency="EUR")
    act("refunded", "refunds", reason="duplicate")
    place("broken")
    place("lossy", "visa_success")
    for currency in ("JPY", "KWD", "GBP"):
        place(currency, "visa_success", capture=True, currency=currency)
    for number in range(16):
        place(f"more {number}")
    # The rows of the others keep their usual width on the first page; this one stands on the second.
    made["long"] = _long_order(shop)
    for status in ORDERS:
        shop.order_when(made[status], status)
    payments = {name: shop.order(order)["payments"] for name, order in made.items()}
    return {
        **{name: str(order["id"]) for name, order in made.items()},
        **{f"payment_{name}": str(found[0]["id"]) for name, found in payments.items() if found},
        "challenge": _path(waits["next_action"]["url"]),
        "challenge_over": _path(over["next_action"]["url"]),
        "link": _path(stack.sign_in_link()),
    }


def _long_order(shop: OrderService) -> Json:
    order = shop.place(999 * 1_001_001_000, "USD", **_LONG)
    shop.pay(order, "visa_do_not_honor")
    shop.pay(order, "visa_success")
    reason = "Because the parcel was left in the rain. " * 12
    assert shop.call("POST", f"/orders/{order['id']}/captures", {}).ok
    refund = {"amount": 123_456_789_012, "reason": "other", "note": reason[:500]}
    assert shop.call("POST", f"/orders/{order['id']}/refunds", refund).ok
    return order


def break_order(stack: Stack, order_id: str) -> None:
    """Give the order a merchant that does not exist, as only a broken disk or a hand in the database can."""
    with closing(sqlite3.connect(stack.database_url.removeprefix("sqlite:///"), timeout=30)) as connection:
        changed = connection.execute("UPDATE orders SET merchant_id = 'mer_gone' WHERE id = ?", (order_id,)).rowcount
        connection.commit()
    assert changed == 1


def _path(url: str) -> str:
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


REFUSED = re.compile(r"the server responded with a status of \d+")
"""Chromium's own line for a page that is an error page."""


class Window:
    """One person's browser window, and what the browser complained of since the last page was opened."""

    def __init__(self, context: BrowserContext, origin: str, furnished: Furnished) -> None:
        self.page = context.new_page()
        self._complaints: list[str] = []
        self._origin = origin
        self._furnished = furnished
        self.page.on("console", lambda message: self._complain(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self._complain(f"error: {error}"))
        self.page.on("request", lambda request: self._asked(request.url))

    def _complain(self, text: str) -> None:
        self._complaints.append(text)

    def _asked(self, url: str) -> None:
        if url.startswith(("http", "ws")) and not url.startswith(f"{self._origin}/"):
            self._complain(f"asked another host for {url}")

    def open(self, view: View) -> None:
        """Open the page, before anything is done on it; AssertionError if it answers another status."""
        self.page.goto("about:blank")
        self._complaints.clear()
        answer = self.page.goto(self._origin + view.address.format_map(self._furnished))
        assert answer is not None
        assert answer.status == view.status, f"{view.name} answered {answer.status}"

    def told(self, view: View) -> list[str]:
        """What the browser complained of since; its own line for an answer that is to be an error is none."""
        expected = view.status >= 400 or view.then is not None
        return [one for one in self._complaints if not (expected and REFUSED.search(one))]


class Desk:
    """Windows for everybody who looks at a furnished installation and at an empty one."""

    def __init__(self, browser: Browser, stack: Stack, empty: Stack, furnished: Furnished) -> None:
        self._browser = browser
        self._furnished = furnished
        self._stacks = {"newcomer": empty}
        self._stack = stack
        self._windows: dict[Who, Window] = {}

    def window_of(self, who: Who) -> Window:
        """That person's window, signed in where they may be."""
        if who not in self._windows:
            stack = self._stacks.get(who, self._stack)
            origin = stack.gateway_url if who == "customer" else stack.dashboard_url
            if who in ("nobody", "customer"):
                context = self._browser.new_context(reduced_motion="reduce")
            else:
                context = signed_in_context(self._browser, stack.sign_in_link("viewer" if who == "viewer" else "admin"))
            self._windows[who] = Window(context, origin, self._furnished)
        return self._windows[who]


def signed_in_context(browser: Browser, link: str) -> BrowserContext:
    """A browser's profile that opened a sign-in link and pressed its button."""
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    page.goto(link)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: urlsplit(url).path == "/")
    page.close()
    return context


def slug(view: View) -> str:
    """The view's name as a file's."""
    return re.sub(r"[^a-z0-9]+", "-", view.name.lower()).strip("-")
