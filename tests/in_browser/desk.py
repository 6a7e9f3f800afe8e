"""What a person does at the desk, in the words of the screens, and what the browser complained of meanwhile."""

from __future__ import annotations

import re
import secrets
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Locator, Page, Request, expect

from tests.clients import GatewayAccount, Json
from tests.stack import Stack

ORDER_PAGE = re.compile(r"/orders/ord_\w+$")
REFUSED = re.compile(r"the server responded with a status of (404|409|410|422|503)")
"""Chromium writes a line for each refused request; a refusal that the page explains is no fault of the page."""
SETTLES_WITHIN_MS = 30_000


class Desk:
    """One operator's browser window."""

    def __init__(self, page: Page, stack: Stack) -> None:
        self.page = page
        self.stack = stack
        self.gateway = GatewayAccount(stack)
        self.complaints: list[str] = []
        self._origins = {_origin(stack.dashboard_url), _origin(stack.gateway_url)}
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("request", self._asked)

    def _heard(self, message: ConsoleMessage) -> None:
        if not REFUSED.search(message.text):
            self.complaints.append(f"{message.type}: {message.text} at {self.page.url}")

    def _asked(self, request: Request) -> None:
        if request.url.startswith("http") and _origin(request.url) not in self._origins:
            self.complaints.append(f"asked another host for {request.url}")

    def open(self, path: str) -> None:
        """Open a page of the desk."""
        self.page.goto(path if path.startswith("http") else self.stack.dashboard_url + path)

    def place_order(self, card: str, *, at_once: bool = False, price: str = "100.00", currency: str = "USD") -> str:
        """Place a test order and pay it with a card of the catalogue ("" for none). Its reference."""
        reference = f"B-{secrets.token_hex(5)}"
        self.open("/orders/new")
        self.page.get_by_label("Reference", exact=True).fill(reference)
        self.page.get_by_label("Currency").select_option(currency)
        self.page.get_by_label("Unit price of item 1").fill(price)
        self.page.get_by_label("Card", exact=True).select_option(card)
        if at_once:
            self.page.get_by_label("Now: take the money at once").check()
        self.page.get_by_role("button", name="Place the order").click()
        expect(self.page).to_have_url(ORDER_PAGE)
        return reference

    @property
    def badge(self) -> Locator:
        """The order's one status."""
        return self.page.locator(".order-sum .badge-state")

    def sees(self, status: str) -> None:
        """Wait until the page says so by itself."""
        expect(self.badge).to_have_text(status, timeout=SETTLES_WITHIN_MS)

    def sum_of(self, name: str) -> Locator:
        """A sum of the payment: "Still held", "Captured", "Refunded" or "May be refunded"."""
        lines = self.page.locator(".sums-line").first.locator("div")
        return lines.filter(has=self.page.get_by_text(name, exact=True)).locator("dd")

    def begin(self, action: str) -> Locator:
        """Open the dialog of an action, out of the menu if it is there."""
        link = self.page.get_by_role("link", name=action, exact=True)
        if not link.is_visible():
            self.page.get_by_text("More", exact=True).click()
        link.click()
        dialog = self.page.get_by_role("dialog")
        expect(dialog).to_be_visible()
        return dialog

    def capture(self, amount: str, *, final: bool = False) -> None:
        """Capture a sum of the hold."""
        dialog = self.begin("Capture")
        dialog.get_by_label("Amount").fill(amount)
        if final:
            dialog.get_by_label("This is the last capture").check()
        dialog.get_by_role("button", name=f"Capture {amount} USD").click()
        expect(dialog).to_be_hidden(timeout=SETTLES_WITHIN_MS)

    def refund(self, amount: str) -> None:
        """Refund a sum of what was captured."""
        dialog = self.begin("Refund")
        dialog.get_by_label("Amount").fill(amount)
        dialog.get_by_label("Reason").select_option("Requested by the customer")
        dialog.get_by_role("button", name=f"Refund {amount} USD").click()
        expect(dialog).to_be_hidden(timeout=SETTLES_WITHIN_MS)

    def told(self, reference: str) -> Json:
        """The one payment that the gateway has for the order and that moved money, or the newest of all."""
        payments = self.gateway.payments({"reference": reference})
        moved = [one for one in payments if one["amount_captured"] or one["amount_capturable"]]
        assert len(moved) <= 1, f"money moved twice: {moved}"
        return (moved or payments)[0]


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
