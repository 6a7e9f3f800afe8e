"""`make screenshots`: every page of a demo installation, in both color schemes and at three widths, as PNG files.

With --readme also the three pictures of the README, small enough to be committed.
"""

from __future__ import annotations

import argparse
import base64
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import sync_playwright
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tests import browser as browsers
from tests import stack as stacks
from tests.clients import OrderService
from tests.looks.furnished import break_order, furnish
from tests.looks.measure import draw
from tests.looks.pages import VIEWS, View, slug
from tests.looks.windows import Desk

ROOT = Path(__file__).resolve().parents[2]
WIDTHS = (390, 768, 1360)
SCHEMES = ("light", "dark")
README_SIZE = (1360, 850)
README_AT_MOST_BYTES = 150_000
DEMO_WITHIN_SECONDS = 300

_AS_WEBP = """
async ([png, quality]) => {
  const image = new Image();
  image.src = "data:image/png;base64," + png;
  await image.decode();
  const canvas = new OffscreenCanvas(image.width, image.height);
  canvas.getContext("2d").drawImage(image, 0, 0);
  const blob = await canvas.convertToBlob({type: "image/webp", quality});
  const bytes = new Uint8Array(await blob.arrayBuffer());
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}
"""


@contextmanager
def demo_installation(databases: stacks.Databases, folder: Path) -> Iterator[stacks.Stack]:
    """What a newcomer's first `counterfoil up` makes, demo and all."""
    urls = databases.fresh("sqlite", "app"), databases.fresh("sqlite", "gateway")
    stack = stacks.Stack("sqlite", folder / "demo" / "var", *urls, options=(), ready_within=DEMO_WITHIN_SECONDS)
    (folder / "demo").mkdir()
    stack.start()
    try:
        yield stack
    finally:
        stack.process.kill()


def is_furnished(view: View) -> bool:
    """Whether it shows, or is seen by, what was made for these pictures."""
    signs_in = view.who in ("colleague", "careful") or (view.who == "nobody" and view.then is not None)
    return "{" in view.address or signs_in


def shoot(desk: Desk, view: View, into: Path) -> Iterator[Path]:
    """One page from every side. It is opened anew for each width, as people do."""
    window = desk.window_of(view.who)
    for width in WIDTHS:
        draw(window.page, width, "light")
        window.open(view)
        if view.then is not None:
            view.then(window.page)
        for scheme in SCHEMES:
            draw(window.page, width, scheme)
            path = into / f"{slug(view)}-{width}-{scheme}.png"
            window.page.screenshot(path=path, full_page=True, animations="disabled")
            yield path


def picture(desk: Desk, address: str, scheme: str) -> bytes:
    """The page as the README shows it: one window full, at twice the resolution, as WebP as good as fits."""
    page = desk.window_of("admin").page
    width, height = README_SIZE
    close_up = page.context.new_cdp_session(page)
    close_up.send(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": height, "deviceScaleFactor": 2, "mobile": False},
    )
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    desk.window_of("admin").open(View("README", address))
    png = base64.b64encode(page.screenshot(animations="disabled")).decode()
    close_up.detach()
    page.goto("about:blank")
    for quality in (0.9, 0.8, 0.7, 0.6, 0.5):
        webp = base64.b64decode(page.evaluate(_AS_WEBP, [png, quality]))
        if len(webp) <= README_AT_MOST_BYTES:
            return webp
    raise AssertionError(f"the picture of {address} does not fit into {README_AT_MOST_BYTES} bytes")


def take(databases: stacks.Databases, folder: Path, into: Path, *, for_readme: bool) -> None:
    """Start an installation with its demo and an empty one, and take every picture."""
    with (
        Progress(
            TextColumn("{task.description:40}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
        ) as progress,
        sync_playwright() as playwright,
    ):
        shots = progress.add_task("thirty days of a demo", total=len(VIEWS) * len(WIDTHS) * len(SCHEMES))
        with (
            demo_installation(databases, folder) as stack,
            stacks.running_stack("sqlite", databases, folder) as empty,
            playwright.chromium.launch(**browsers.launch_arguments(playwright)) as browser,
        ):
            # What shows the whole shop comes first: orders made for these pictures would stand out there.
            furnished: dict[str, str] = {}
            desk = Desk(browser, stack, empty, furnished)
            if for_readme:
                take_for_readme(desk, stack)
            for view in sorted(VIEWS, key=is_furnished):
                if is_furnished(view) and not furnished:
                    progress.update(shots, description="orders of every status")
                    furnished.update(furnish(stack))
                    break_order(stack, furnished["broken"])
                progress.update(shots, description=view.name)
                for _ in shoot(desk, view, into):
                    progress.advance(shots)


def take_for_readme(desk: Desk, stack: stacks.Stack) -> None:
    """Write the three pictures that the README shows."""
    orders = OrderService(stack).call("GET", "/orders?status=partially_refunded&limit=1").json()["data"]
    for name, address, scheme in (
        ("overview", "/", "light"),
        ("order", f"/orders/{orders[0]['id']}", "light"),
        ("orders", "/orders", "dark"),
    ):
        (ROOT / "docs" / "images" / f"{name}.webp").write_bytes(picture(desk, address, scheme))


def main() -> None:
    """Take them all into ./screenshots, which is emptied first."""
    parser = argparse.ArgumentParser(prog="make screenshots", description=__doc__)
    parser.add_argument("--readme", action="store_true", help="take the README's three pictures too")
    arguments = parser.parse_args()
    into = ROOT / "screenshots"
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir()
    folder = Path(tempfile.mkdtemp(prefix="counterfoil-screenshots-"))
    databases = stacks.Databases(folder)
    try:
        take(databases, folder, into, for_readme=arguments.readme)
    finally:
        stacks.stop_everything()
        databases.close()
        shutil.rmtree(folder, ignore_errors=True)
    sys.stdout.write(f"{len(list(into.iterdir()))} pictures in {into.relative_to(ROOT)}/\n")


if __name__ == "__main__":
    main()
