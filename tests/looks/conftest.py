"""One furnished stack and an empty one, and windows on both; every page is visited once and measured for all tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser

from tests import stack as stacks
from tests.looks.furnished import break_order, furnish
from tests.looks.measure import Measured, measure
from tests.looks.pages import View
from tests.looks.windows import Desk


@pytest.fixture(scope="session")
def desk(browser: Browser, databases: stacks.Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Everybody's windows."""
    folder = tmp_path_factory.mktemp("looks")
    with (
        stacks.running_stack("sqlite", databases, folder) as stack,
        stacks.running_stack("sqlite", databases, folder) as empty,
    ):
        furnished = furnish(stack)
        break_order(stack, furnished["broken"])
        yield Desk(browser, stack, empty, furnished)


@pytest.fixture(scope="session")
def measured(desk: Desk) -> Callable[[View], Measured]:
    """What a page measures; looked up if it was visited before and all was well with it."""
    known: dict[str, Measured] = {}

    def look(view: View) -> Measured:
        found = known.get(view.name) or measure(desk, view)
        if found.is_well:
            known[view.name] = found
        return found

    return look
