"""At every width nothing overflows, is cut off or lies on something else, and nothing moves once it is drawn."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Browser
from werkzeug.exceptions import MethodNotAllowed, NotFound

from app.config import load_settings
from app.pages import register_pages
from tests.looks.each import each_view
from tests.looks.measure import Measured, boxes_of, draw
from tests.looks.pages import NO_PAGES, VIEWS, View

BROKEN = {
    "wider than its window": "<div style='width: 1500px'>wide</div>",
    "cut off": "<p style='width: 60px; overflow: hidden; white-space: nowrap'>more than will fit in here</p>",
    'cut off: "hidden below"': "<div style='height: 12px; overflow: hidden'>first line<br><b>hidden below</b></div>",
    'cut off: "What would help you?"': "<input style='width: 80px' placeholder='What would help you?'>",
    'cut off: "a choice too long for its box"': "<select style='width: 80px'><option>a choice too long for its box",
    'on one another: "one" (b) and "two" (i)': (
        "<p style='position: relative'><b>one</b><i style='position: absolute; left: 4px'>two</i></p>"
    ),
    "on one another": "<button>Press</button><span style='margin-left: -30px'>told</span>",
    'cut off: "half of it is gone"': "<p style='position: absolute; left: -40px'>half of it is gone</p>",
    "leaves its box": "<p style='width: 40px; background: #eee; white-space: nowrap'>out of the box</p>",
}
WHOLE = """
<p>a line<br>another line</p> <button>Press</button> <input placeholder="short">
<div style="width: 90px; overflow: auto; white-space: nowrap">what can be scrolled to</div>
<p style="width: 60px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap" title="here">read elsewhere</p>
<details><summary>More</summary>what is not open</details> <p hidden>what is hidden</p>
"""


@each_view
def test_nothing_overflows_or_overlaps(view: View, measured: Callable[[View], Measured]) -> None:
    assert measured(view).boxes == []


@each_view
def test_nothing_is_read_by_scrolling_sideways_on_a_phone(view: View, measured: Callable[[View], Measured]) -> None:
    assert measured(view).sideways == []


@each_view
def test_nothing_moves_once_it_is_drawn(view: View, measured: Callable[[View], Measured]) -> None:
    assert measured(view).shifts == []


@pytest.mark.parametrize("wrong", BROKEN)
def test_the_boxes_tell_what_is_wrong(browser: Browser, wrong: str) -> None:
    page = browser.new_page()
    page.set_content(f"<body style='font: 16px sans-serif'>{BROKEN[wrong]}")
    draw(page, 1360, "light")
    found = boxes_of(page)
    page.close()
    assert any(line.startswith(wrong) for line in found), found


def test_the_boxes_of_a_page_that_is_right_tell_nothing(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content(WHOLE)
    draw(page, 390, "light")
    found = boxes_of(page)
    page.close()
    assert found == []


def test_no_page_of_the_dashboard_is_forgotten() -> None:
    app = Flask("pages", static_folder=None)
    app.config["SETTINGS"] = load_settings(
        {"COUNTERFOIL_SECRET_KEY": "x" * 32}, {"COUNTERFOIL_GATEWAY_SECRET_KEY": "sk_test_looks12345"}
    )
    register_pages(app)
    seen = {_endpoint(app, view) for view in VIEWS if view.who != "customer"}
    shown = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ())
        and not rule.rule.startswith(("/api/orders", "/api/approvals", "/api/disputes", "/api/customers"))
    }
    assert shown - seen - set(NO_PAGES) == set(), "add these to VIEWS in tests/looks/pages.py"
    assert set(NO_PAGES) <= shown, "these are no routes any more"


def _endpoint(app: Flask, view: View) -> str | None:
    address = (
        view.address.replace("{link}", "/sign-in/link/once").replace("{history}", "/my/somebody").partition("?")[0]
    )
    adapter = app.url_map.bind("desk")
    with contextlib.suppress(NotFound, MethodNotAllowed):
        return str(adapter.match(address.replace("{", "").replace("}", ""), method="GET")[0])
    return None
