"""A page by the Tab key alone: whether each thing on it is reached, in reading order, seen, and left again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

STOPS = (Path(__file__).parent / "stops.js").read_text(encoding="utf-8")
DIALOG = "#dialog:modal"
"""One that an act opened; that of the keys has no place to go back to."""
_INSIDE = 20
"""Fields of dates, and frames, hold the focus for more than one press each: so many on a page at most."""
_FOCUSED = "document.activeElement === document.body ? null : document.activeElement.tagName"


def keys_of(page: Page) -> list[str]:
    """What is wrong on the way through the page's content; or through its open dialog, which is then closed, and opened
    again by what opened it."""
    page.evaluate(STOPS)
    is_dialog = page.locator(DIALOG).count() > 0
    skip = page.locator("a.skip")
    if not is_dialog and skip.count():
        skip.focus()
        page.keyboard.press("Enter")
    told: dict[str, Any] = page.evaluate("stops.collect()")
    names: list[str] = told["names"]
    found = [f"{name} is not to be reached" for name in told["mute"]]
    found += [f"{name} has an order of its own" for name in told["ordered"]]
    page.evaluate("stops.begin()")
    if is_dialog:
        return found + _judged(_walk(page, names, 2 * len(names)), names) + _close_and_open(page)
    return found + _judged(_walk(page, names, len(names)), names)


def _walk(page: Page, names: list[str], presses: int) -> list[dict[str, Any]]:
    """Every stop on the way; in a dialog, which may begin in its middle, once around."""
    for more in (presses, _INSIDE, _INSIDE):
        for _ in range(more):
            page.keyboard.press("Tab")
        steps: list[dict[str, Any]] = page.evaluate("stops.told()")
        if len({step["number"] for step in steps if step["number"] >= 0}) == len(names):
            break
    return steps


def _judged(steps: list[dict[str, Any]], names: list[str]) -> list[str]:
    found, reached, before = list[str](), set[int](), None
    for step in steps:
        number = step["number"]
        if number < 0 and step["inside"]:
            found.append(f"{step['name']} was not expected to have the focus")
        if number < 0 or number in reached or number == 0:
            before = None  # outside, or around once more
        if number >= 0 and number not in reached:
            if before is not None and number < before["number"]:
                found.append(f"{step['name']} comes after {before['name']}, against the order of the page")
            elif before is not None and _is_back(before["box"], step["box"]):
                found.append(f"{step['name']} comes after {before['name']}, which is read later")
            found += [f"{step['name']} {wrong}" for wrong in step["wrong"]]
            reached.add(number)
            before = step
    return found + [f"{name} is not reached" for number, name in enumerate(names) if number not in reached]


def _close_and_open(page: Page) -> list[str]:
    dialog = page.locator(DIALOG)
    page.keyboard.press("Escape")
    dialog.wait_for(state="detached")
    opener = page.evaluate(_FOCUSED)
    if opener is None:
        return ["closed, the dialog gives the focus to nothing"]
    if opener != "SUMMARY":  # of the menu that the dialog came out of
        page.keyboard.press("Enter")
        dialog.wait_for()
    return []


def _is_back(before: list[float], after: list[float]) -> bool:
    """Whether it lies above, and not in a column further right."""
    return after[3] <= before[1] + 1 and after[0] < before[2] - 1
