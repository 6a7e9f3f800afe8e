"""A signed-in browser window per test, which must have nothing to complain of at its end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, StorageState
from pytest_playwright.pytest_playwright import CreateContextCallback

from tests.in_browser.desk import Desk
from tests.stack import Stack


@pytest.fixture(scope="session")
def signed_in(browser: Browser, stack: Stack) -> StorageState:
    """The cookies of an administrator who opened a sign-in link and pressed its button."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(stack.sign_in_link())
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{stack.dashboard_url}/")
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def desk(new_context: CreateContextCallback, stack: Stack, signed_in: StorageState) -> Iterator[Desk]:
    """An administrator's window."""
    context: BrowserContext = new_context(storage_state=signed_in)
    desk = Desk(context.new_page(), stack)
    yield desk
    assert desk.complaints == []


@pytest.fixture
def unscripted(new_context: CreateContextCallback, stack: Stack, signed_in: StorageState) -> Iterator[Desk]:
    """The same window in a browser that runs no scripts."""
    context: BrowserContext = new_context(storage_state=signed_in, java_script_enabled=False)
    desk = Desk(context.new_page(), stack)
    yield desk
    assert desk.complaints == []
