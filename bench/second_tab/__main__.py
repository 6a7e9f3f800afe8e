"""Measures how long after a refund's click in one tab a second tab of the same order shows it, on both databases.

Both tabs read one clock. One line of JSON at the end says the same as the table.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, expect, sync_playwright
from rich.console import Console
from rich.table import Table

from tests import browser as browsers
from tests import stack as stacks
from tests.in_browser.desk import Desk
from tests.looks.windows import signed_in_context

REFUNDS = 10
_CLICKED = "addEventListener('submit', () => { sessionStorage.clickedAt = Date.now(); }, true)"
_SHOWN = """text => new Promise((done) => {
  const look = () => document.querySelector(".sums-line").innerText.includes(text) && (done(Date.now()), true);
  if (!look()) new MutationObserver((_, me) => look() && me.disconnect())
    .observe(document.body, { subtree: true, childList: true, characterData: true });
})"""


def measure(browser: Browser, engine: stacks.Engine, databases: stacks.Databases, folder: Path) -> list[float]:
    """Seconds of each refund, on a stack of its own."""
    took = []
    with stacks.running_stack(engine, databases, folder) as stack:
        context = signed_in_context(browser, stack.sign_in_link())
        desk = Desk(context.new_page(), stack)
        desk.page.add_init_script(_CLICKED)  # the tab may be loaded anew after an act
        desk.place_order("visa_success", at_once=True)
        other = Desk(context.new_page(), stack)
        other.open(desk.page.url)
        expect(other.page.locator("#live")).to_have_attribute("data-state", "live")
        for number in range(1, REFUNDS + 1):
            other.page.evaluate(f"() => {{ window.shown = ({_SHOWN})({json.dumps(f'{number}.00')}); }}")
            desk.refund("1.00")
            shown = other.page.evaluate("window.shown")
            took.append((shown - desk.page.evaluate("Number(sessionStorage.clickedAt)")) / 1000)
        context.close()
    return took


def main() -> None:
    """Measure, and print the table."""
    argparse.ArgumentParser(prog="make bench-second-tab", description=__doc__).parse_args()
    folder = Path(tempfile.mkdtemp(prefix="counterfoil-second-tab-"))
    databases = stacks.Databases(folder)
    found: dict[str, dict[str, float]] = {}
    try:
        with (
            sync_playwright() as playwright,
            playwright.chromium.launch(**browsers.launch_arguments(playwright)) as browser,
        ):
            for engine in stacks.ENGINES:
                took = measure(browser, engine, databases, folder)
                found[engine] = {"median": round(statistics.median(took), 2), "most": round(max(took), 2)}
    finally:
        stacks.stop_everything()
        databases.close()
        shutil.rmtree(folder, ignore_errors=True)
    table = Table("database", "median, s", "most, s", title=f"from the click to the second tab, {REFUNDS} refunds")
    for name, figures in found.items():
        table.add_row(name, *(f"{figure:.2f}" for figure in figures.values()))
    Console().print(table)
    sys.stdout.write(json.dumps({"second_tab": found, "refunds": REFUNDS}) + "\n")


if __name__ == "__main__":
    main()
