"""Nothing on any page keeps somebody out who listens, types or sees little: axe, in both schemes, wide and narrow."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Browser

from tests.looks.each import each_view
from tests.looks.measure import Measured, axe_of
from tests.looks.pages import View


@each_view
def test_axe_finds_nothing(view: View, measured: Callable[[View], Measured]) -> None:
    assert measured(view).axe == []


def test_axe_finds_what_is_wrong(browser: Browser) -> None:
    """So that an axe which runs no rule does not pass for a clean page."""
    page = browser.new_page()
    page.set_content("<main><img src='data:,'><input><button></button></main>")
    rules = {line.partition(":")[0] for line in axe_of(page)}
    page.close()
    assert {"image-alt", "label", "button-name", "html-has-lang"} <= rules


def test_what_is_hard_to_read_is_found_wherever_it_is_and_never_passes(browser: Browser) -> None:
    """Although what is drawn like something that passed is not judged again."""
    page = browser.new_page()
    page.set_content("<main><p>well to read</p><p id=one>as well</p><p id=two style='color: #ccc'>hardly</p></main>")
    for _ in range(2):
        (found,) = axe_of(page, structure=False)
        assert found.startswith("color-contrast: ")
        assert found.endswith(": #two")
    page.evaluate("document.querySelector('main').style.background = '#111'")
    assert {line.rpartition(": ")[2] for line in axe_of(page, structure=False)} <= {"p:nth-child(1)", "#one"}
    assert axe_of(page, structure=False) != []
    page.close()
