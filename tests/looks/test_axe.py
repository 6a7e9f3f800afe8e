"""Nothing on any page keeps somebody out who listens, types or sees little: axe, in both schemes, wide and narrow."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser

from tests.looks.measure import Measured, axe_of
from tests.looks.pages import VIEWS, View


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_axe_finds_nothing(view: View, measured: Callable[[View], Measured]) -> None:
    assert measured(view).axe == []


def test_axe_finds_what_is_wrong(browser: Browser) -> None:
    """So that an axe which runs no rule does not pass for a clean page."""
    page = browser.new_page()
    page.set_content("<main><img src='data:,'><input><button></button></main>")
    rules = {line.partition(":")[0] for line in axe_of(page)}
    page.close()
    assert {"image-alt", "label", "button-name", "html-has-lang"} <= rules
