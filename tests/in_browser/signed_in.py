"""An administrator's session for the tests' windows, signed in anew where nobody was there for long."""

from __future__ import annotations

import time

from playwright.sync_api import Browser, StorageState

from tests.stack import Stack

IDLE_SECONDS = 600.0
"""Sessions end when nobody was there for half an hour, which other tests of the same run may take."""
_KNOWN: dict[str, tuple[float, StorageState]] = {}


def sign_in(browser: Browser, stack: Stack) -> StorageState:
    """The cookies of an administrator who opened a sign-in link and pressed its button just now."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(stack.sign_in_link())
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{stack.dashboard_url}/")
    state = context.storage_state()
    context.close()
    return state


def signed_in_state(browser: Browser, stack: Stack) -> StorageState:
    """The cookies of the administrator whom all tests share."""
    used, state = _KNOWN.get(stack.dashboard_url, (float("-inf"), None))
    if state is None or time.monotonic() - used > IDLE_SECONDS:
        state = sign_in(browser, stack)
    _KNOWN[stack.dashboard_url] = time.monotonic(), state
    return state
