"""Every page is light, quiet, and from nobody else's host."""

from __future__ import annotations

from collections.abc import Callable

from tests.looks.each import each_view
from tests.looks.measure import Measured
from tests.looks.pages import View

AT_MOST_BYTES = 150 * 1024


@each_view
def test_a_first_visit_costs_at_most_150_kib(view: View, measured: Callable[[View], Measured]) -> None:
    sent = measured(view).bytes_by_url
    assert 0 < sum(sent.values()) <= AT_MOST_BYTES, sent


@each_view
def test_the_browser_has_nothing_to_complain_of(view: View, measured: Callable[[View], Measured]) -> None:
    """No line in the console, no violation of the page's own policy, nothing asked of another host."""
    assert measured(view).complaints == []


@each_view
def test_no_page_has_inline_styles_or_scripts(view: View, measured: Callable[[View], Measured]) -> None:
    assert measured(view).inline == []
