"""A signed-in browser window per test, which must have nothing to complain of at its end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, StorageState, expect
from pytest_playwright.pytest_playwright import CreateContextCallback

from tests.in_browser.desk import Desk
from tests.in_browser.signed_in import signed_in_state
from tests.stack import Stack

expect.set_options(timeout=15_000)  # what is waited for comes late on a busy machine, and comes


@pytest.fixture
def signed_in(browser: Browser, stack: Stack) -> StorageState:
    """An administrator's cookies."""
    return signed_in_state(browser, stack)


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
