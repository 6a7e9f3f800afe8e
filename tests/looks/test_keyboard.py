"""Whoever has no mouse gets everywhere: each page and each dialog by the Tab key alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser

from tests.looks.each import each_view
from tests.looks.keys import keys_of
from tests.looks.measure import Measured
from tests.looks.pages import View

BROKEN = {
    'a "two" has an order of its own': "<a href='#'>one</a> <a href='#' tabindex='2'>two</a>",
    'a "first" comes after a "second", which is read later': (
        "<div style='display: flex; flex-direction: column-reverse'><a href='#'>second</a><a href='#'>first</a></div>"
    ),
    'button "Send" looks the same with the focus': "<style>:focus { outline: none }</style><button>Send</button>",
    'div "Open" is not to be reached': "<div role='button'>Open</div> <a href='#'>one</a>",
    'a "below" lies under header "bar"': (
        "<header style='position: fixed; inset: 0 0 auto 0; height: 300px'>bar</header><a href='#'>below</a>"
    ),
    'button "last" is not reached': (
        "<input onkeydown='if (event.key === &quot;Tab&quot;) event.preventDefault()'><button>last</button>"
    ),
}
WHOLE = """
<a href="#">one</a> <input type="radio" name="which" aria-label="this"><input type="radio" name="which" checked
aria-label="that"> <input type="date"> <button disabled>not now</button> <details><summary>More</summary>
<a href="#">hidden</a>
</details> <div style="height: 40px; overflow: auto"><p>long<p>text<p>to scroll</div> <div style="height: 3000px"></div>
<select><option>far down</select> <p hidden><a href="#">nowhere</a></p>
"""


@each_view
def test_everything_is_reached_in_order_and_seen(view: View, measured: Callable[[View], Measured]) -> None:
    assert measured(view).keys == []


@pytest.mark.parametrize("wrong", BROKEN)
def test_the_walk_tells_what_is_wrong(browser: Browser, wrong: str) -> None:
    page = browser.new_page()
    page.set_content(f"<main>{BROKEN[wrong]}</main>")
    found = keys_of(page)
    page.close()
    assert wrong in found


def test_the_walk_over_a_page_that_is_right_tells_nothing(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content(f"<main>{WHOLE}</main>")
    found = keys_of(page)
    page.close()
    assert found == []
