"""Windows of a browser for everybody who looks at a page."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage

from tests.app.people.hands import PASSWORD
from tests.clients import OrderService
from tests.looks.acts import CAREFUL, COLLEAGUE, write_sign_in
from tests.looks.furnished import Furnished, path_of
from tests.looks.pages import View, Who
from tests.stack import Stack

REFUSED = re.compile(r"the server responded with a status of \d+")
"""Chromium's own line for a page that is an error page."""


def _new_challenge(stack: Stack) -> str:
    shop = OrderService(stack)
    return path_of(shop.pay(shop.place(4999), "visa_challenge")["next_action"]["url"])


SHORT_LIVED: dict[str, Callable[[Stack], str]] = {
    "link": lambda stack: path_of(stack.sign_in_link()),
    "challenge": _new_challenge,
}
"""What is over within a quarter of an hour is made when its page is opened."""


class Window:
    """One person's browser window, and what the browser complained of since the last page was opened."""

    def __init__(self, context: BrowserContext, stack: Stack, origin: str, furnished: Furnished) -> None:
        self.page = context.new_page()
        self._stack = stack
        self._complaints: list[str] = []
        self._origin = origin
        self._furnished = furnished
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self._complain(f"error: {error}"))
        self.page.on("request", lambda request: self._asked(request.url))

    def _heard(self, message: ConsoleMessage) -> None:
        if not message.location["url"].endswith("/favicon.ico"):  # of /healthz: pages name their own
            self._complain(f"{message.type}: {message.text}")

    def _complain(self, text: str) -> None:
        self._complaints.append(text)

    def _asked(self, url: str) -> None:
        if url.startswith(("http", "ws")) and not url.startswith(f"{self._origin}/"):
            self._complain(f"asked another host for {url}")

    def open(self, view: View) -> None:
        """Open the page, before anything is done on it; AssertionError if it answers another status."""
        self.page.goto(f"{self._origin}/healthz")  # nothing to see, yet no other site: that takes a process of its own
        self._complaints.clear()
        made = {name: make(self._stack) for name, make in SHORT_LIVED.items() if f"{{{name}}}" in view.address}
        answer = self.page.goto(self._origin + view.address.format_map(self._furnished | made))
        assert answer is not None
        assert answer.status == view.status, f"{view.name} answered {answer.status}"
        if view.drawn is not None:
            self.page.locator(view.drawn).first.wait_for()

    def told(self, view: View) -> list[str]:
        """What the browser complained of since; its own line for an answer that is to be an error is none."""
        expected = view.status >= 400 or view.then is not None
        return [one for one in self._complaints if not (expected and REFUSED.search(one))]


IDLE_SECONDS = 600.0


class Desk:
    """Windows for everybody who looks at a furnished installation and at an empty one."""

    def __init__(self, browser: Browser, stack: Stack, empty: Stack, furnished: Furnished) -> None:
        self._browser = browser
        self._furnished = furnished
        self._stacks = {"newcomer": empty}
        self._stack = stack
        self._windows: dict[Who, Window] = {}
        self._used: dict[Who, float] = {}

    def window_of(self, who: Who) -> Window:
        """That person's window, signed in where they may be; anew where it was long idle, for sessions end then."""
        if who in self._windows and time.monotonic() - self._used[who] > IDLE_SECONDS:
            self._windows.pop(who).page.context.close()
        self._used[who] = time.monotonic()
        if who not in self._windows:
            stack = self._stacks.get(who, self._stack)
            origin = stack.gateway_url if who == "customer" else stack.dashboard_url
            if who in ("nobody", "customer"):
                context = self._browser.new_context(reduced_motion="reduce")
            elif who in ("colleague", "careful"):
                context = self._browser.new_context(reduced_motion="reduce")
                page = context.new_page()
                page.goto(f"{origin}/sign-in")
                write_sign_in(page, COLLEAGUE if who == "colleague" else CAREFUL, PASSWORD)
                if who == "careful":
                    page.get_by_label("Code").fill(self._furnished["recovery_code"])
                    page.get_by_role("button", name="Sign in").click()
                page.wait_for_url(f"{origin}/")
                page.close()
            else:
                context = signed_in_context(self._browser, stack.sign_in_link("viewer" if who == "viewer" else "admin"))
            self._windows[who] = Window(context, stack, origin, self._furnished)
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
