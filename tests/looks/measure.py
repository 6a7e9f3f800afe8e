"""What is measured of a page in one visit: its boxes at four widths, shifts, bytes, complaints, and what axe finds."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import CDPSession, Page

from tests.looks.pages import Desk, View, Window

WIDE, NARROW = 1360, 390
"""At these the page is loaded anew; others are reached by resizing the window."""
BETWEEN_AND_BEYOND = (768, 2560)
HEIGHT = 900

BOXES = (Path(__file__).parent / "boxes.js").read_text(encoding="utf-8")
_WATCH_SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    if (entry.hadRecentInput) continue;
    window.shifts.push(`${entry.value.toFixed(4)} by ${entry.sources.map((one) => one.node && one.node.parentElement
      ? one.node.parentElement.outerHTML.slice(0, 80) : "?").join(" and ")}`);
  }
}).observe({ type: "layout-shift", buffered: true });
"""
_DRAWN = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done(true)))))"
_INLINE = (
    "[...document.querySelectorAll('[style], style, script:not([src])')].map((one) => one.outerHTML.slice(0, 120))"
)


@dataclass(frozen=True)
class Measured:
    """One page. `boxes` and `axe` hold lines of what is wrong, each with the width and the scheme it was seen in."""

    boxes: list[str]
    axe: list[str]
    shifts: list[str]
    inline: list[str]
    complaints: list[str]
    bytes_by_url: dict[str, int]


class _Scale:
    """Counts what comes over the wire, headers and all, with nothing out of the browser's cache."""

    def __init__(self, session: CDPSession) -> None:
        self.bytes_by_url: dict[str, int] = {}
        self._urls: dict[str, str] = {}
        session.on("Network.responseReceived", self._began)
        session.on("Network.loadingFinished", self._ended)
        session.send("Network.enable")
        session.send("Network.setCacheDisabled", {"cacheDisabled": True})

    def _began(self, event: dict[str, Any]) -> None:
        self._urls[event["requestId"]] = event["response"]["url"]

    def _ended(self, event: dict[str, Any]) -> None:
        url = self._urls.get(event["requestId"], "?")
        self.bytes_by_url[url] = self.bytes_by_url.get(url, 0) + int(event["encodedDataLength"])


@cache
def _scale_of(window: Window) -> _Scale:
    window.page.add_init_script(_WATCH_SHIFTS)
    return _Scale(window.page.context.new_cdp_session(window.page))


def draw(page: Page, width: int, scheme: str) -> None:
    """Give the window that width and scheme, and wait until it is drawn."""
    page.set_viewport_size({"width": width, "height": HEIGHT})
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.evaluate(_DRAWN)


def boxes_of(page: Page) -> list[str]:
    """What is wrong with the boxes of the page as it stands."""
    found: list[str] = page.evaluate(BOXES)
    return found


def axe_of(page: Page) -> list[str]:
    """What axe finds on the page as it stands, with every rule that is on by default."""
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(Axe().axe_script)
    violations = page.evaluate("axe.run({resultTypes: ['violations']}).then((results) => results.violations)")
    return [
        f"{violation['id']}: {violation['help']}: {' '.join(map(str, node['target']))}"
        for violation in violations
        for node in violation["nodes"]
    ]


def measure(desk: Desk, view: View) -> Measured:
    """Open the page at a wide and at a narrow window, then look at it from everywhere."""
    window = desk.window_of(view.who)
    page, scale = window.page, _scale_of(window)
    boxes, axe, shifts, complaints = list[str](), list[str](), list[str](), list[str]()
    bytes_by_url: dict[str, int] = {}

    def look(width: int, scheme: str, *, with_axe: bool) -> None:
        seen = f"{width} px, {scheme}"
        boxes.extend(f"{seen}: {one}" for one in boxes_of(page))
        axe.extend(f"{seen}: {one}" for one in (axe_of(page) if with_axe else ()))

    def visit() -> list[str]:
        window.open(view)
        page.evaluate(_DRAWN)
        bytes_by_url.update(bytes_by_url or scale.bytes_by_url)
        if view.then is not None:
            view.then(page)
            page.evaluate(_DRAWN)
        told: list[str] = page.evaluate("window.shifts")
        return told

    for width in (WIDE, NARROW):
        draw(page, width, "light")
        scale.bytes_by_url.clear()
        moved = visit()
        complaints += [one for one in window.told(view) if one not in complaints]
        for _ in range(2):  # half a page, drawn while the rest was still coming to a busy machine, does not move again
            moved = moved and visit()
        shifts += [f"{width} px: {one}" for one in moved]
        look(width, "light", with_axe=True)
        if width == WIDE:
            draw(page, width, "dark")
            look(width, "dark", with_axe=True)
    for width in BETWEEN_AND_BEYOND:
        draw(page, width, "light")
        look(width, "light", with_axe=False)
    return Measured(boxes, axe, shifts, page.evaluate(_INLINE), complaints, bytes_by_url)
