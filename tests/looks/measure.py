"""What is measured of a page in one visit: its boxes at four widths, shifts, bytes, complaints, and what axe finds."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import CDPSession, Page

from tests.looks.keys import DIALOG, keys_of
from tests.looks.pages import WALKED, View
from tests.looks.windows import Desk, Window

WIDE, NARROW = 1360, 390
"""At these the page is loaded anew; others are reached by resizing the window."""
BETWEEN_AND_BEYOND = (768, 2560)
HEIGHT = 900
_ON_COLORS = ["color-contrast", "link-in-text-block"]

BOXES = (Path(__file__).parent / "boxes.js").read_text(encoding="utf-8")
AXE = (Path(__file__).parent / "axe.js").read_text(encoding="utf-8")
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
_DRAWN = """
new Promise((done) => {
  const isAtRest = () => document.readyState === "complete" && document.fonts.status === "loaded"
    && !document.querySelector(".htmx-request, .htmx-swapping, .htmx-settling, .htmx-added")
    && document.getAnimations().every((one) => one.playState !== "running"
      || one.effect?.getComputedTiming().activeDuration === Infinity);
  let frames = 0;
  const look = () => {
    frames += 1;
    if (frames > 1 && (isAtRest() || frames > 600)) setTimeout(() => done(true));
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})
"""
"""Two frames at least, and until nothing is on its way: what never comes to rest is looked at after ten seconds."""
_SIDEWAYS = """
[...document.querySelectorAll("main *, dialog[open] *")].filter((one) => one.scrollWidth > one.clientWidth + 1
    && ["auto", "scroll"].includes(getComputedStyle(one).overflowX) && one.checkVisibility())
  .map((one) => `${one.getAttribute("aria-label") || one.className || one.tagName}: ${one.scrollWidth} px`)
"""
_INLINE = (
    "[...document.querySelectorAll('[style], style, script:not([src])')].map((one) => one.outerHTML.slice(0, 120))"
)


@dataclass(frozen=True)
class Measured:
    """One page. `boxes` and `axe` hold lines of what is wrong, each with the width and the scheme it was seen in.

    `sideways` holds what is read only by scrolling sideways on a phone.
    """

    boxes: list[str]
    axe: list[str]
    sideways: list[str]
    shifts: list[str]
    inline: list[str]
    complaints: list[str]
    bytes_by_url: dict[str, int]
    keys: list[str]

    @property
    def is_well(self) -> bool:
        return not (
            self.boxes or self.axe or self.sideways or self.shifts or self.inline or self.complaints or self.keys
        )


class _Scale:
    """Counts what comes over the wire, headers and all."""

    def __init__(self, session: CDPSession) -> None:
        self.bytes_by_url: dict[str, int] = {}
        self._session = session
        self._urls: dict[str, str] = {}
        session.on("Network.responseReceived", self._began)
        session.on("Network.loadingFinished", self._ended)
        session.send("Network.enable")

    def keep_files(self, kept: bool) -> None:
        """Whether a page may take its style sheets and scripts out of the browser's cache."""
        self._session.send("Network.setCacheDisabled", {"cacheDisabled": not kept})

    def _began(self, event: dict[str, Any]) -> None:
        self._urls[event["requestId"]] = event["response"]["url"]

    def _ended(self, event: dict[str, Any]) -> None:
        url = self._urls.get(event["requestId"], "?")
        if url.endswith("/healthz"):
            return  # where the window came from
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


def axe_of(page: Page, *, colors: bool = True, structure: bool = True) -> list[str]:
    """What axe finds on the page as it stands: rules on colors, and every other by default, and WCAG 2.2's size.

    Colors are two thirds of its time. What is drawn in the very same colors as something that passed before, on this
    page or another of the run, passes: `axe.js` tells it by how it is drawn.
    """
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(Axe().axe_script)
    found = list[str]()
    if structure:
        off: dict[str, Any] = {name: {"enabled": False} for name in _ON_COLORS}
        found += page.evaluate(AXE, {"rules": {"target-size": {"enabled": True}} | off, "passed": None})["found"]
    if colors or not structure:
        runs = {"runOnly": {"type": "rule", "values": _ON_COLORS}, "passed": sorted(_passed)}
        told = page.evaluate(AXE, runs)
        found += told["found"]
        _passed.update(told["passed"])
    return found


_passed: set[str] = set()
"""How texts are drawn that axe had nothing against."""


def measure(desk: Desk, view: View) -> Measured:
    """Open the page in a wide window, look at it from everywhere, then open it in a narrow one."""
    window = desk.window_of(view.who)
    page, scale = window.page, _scale_of(window)
    boxes, axe, shifts, complaints = list[str](), list[str](), list[str](), list[str]()
    bytes_by_url: dict[str, int] = {}

    def look(width: int, scheme: str, **rules: bool) -> None:
        seen = f"{width} px, {scheme}"
        boxes.extend(f"{seen}: {one}" for one in boxes_of(page))
        axe.extend(f"{seen}: {one}" for one in (axe_of(page, **rules) if rules else ()))

    def visit() -> list[str]:
        window.open(view)
        page.evaluate(_DRAWN)
        bytes_by_url.update(bytes_by_url or scale.bytes_by_url)
        if view.then is not None:
            view.then(page)
            page.evaluate(_DRAWN)
        told: list[str] = page.evaluate("window.shifts")
        return told

    sideways, keys = list[str](), list[str]()
    for width in (WIDE, NARROW):
        draw(page, width, "light")
        scale.keep_files(width == NARROW)  # the first visit is the one that is weighed
        scale.bytes_by_url.clear()
        moved = visit()
        complaints += [one for one in window.told(view) if one not in complaints]
        for _ in range(2):  # half a page, drawn while the rest was still coming to a busy machine, does not move again
            moved = moved and visit()
        shifts += [f"{width} px: {one}" for one in moved]
        # Colors change with the scheme and with nothing else; whatever else axe looks at changes with the width.
        if width == WIDE:
            look(width, "light", structure=True, colors=True)
            draw(page, width, "dark")
            look(width, "dark", structure=False)
            for other in BETWEEN_AND_BEYOND:
                draw(page, other, "light")
                look(other, "light")
            if view.then is None:  # the same page, wherever it was opened: axe, which takes long to load, is there
                draw(page, NARROW, "light")
                axe.extend(f"{NARROW} px, light: {one}" for one in axe_of(page, colors=False))
            if view.name in WALKED or page.locator(DIALOG).count():
                draw(page, width, "light")
                keys = keys_of(page)
        else:
            look(width, "light", **({"structure": True, "colors": False} if view.then else {}))
            sideways = page.evaluate(_SIDEWAYS)
    return Measured(boxes, axe, sideways, shifts, page.evaluate(_INLINE), complaints, bytes_by_url, keys)
