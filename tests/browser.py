"""Finds the browser for the tests: BROWSER_PATH, Playwright's own build, or a Chromium on the PATH.

`python -m tests.browser` says which one, and exits with 1 if there is none.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import Playwright, sync_playwright

_QUIET = (
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-gpu",  # drawn by the processor anyway; without the detour over an imitated graphics card
)


def find(playwrights_own: str) -> str | None:
    """The executable to start, given where Playwright would put its own; None if this machine has no Chromium."""
    named = os.environ.get("BROWSER_PATH")
    if named:
        return named
    if Path(playwrights_own).exists():
        return playwrights_own
    return next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)


def launch_arguments(playwright: Playwright) -> dict[str, Any]:
    """What Playwright's `launch` needs here."""
    path = find(playwright.chromium.executable_path)
    assert path is not None, "there is no Chromium: python -m playwright install chromium"
    return {"executable_path": path, "args": [*_QUIET, *(["--no-sandbox"] if os.geteuid() == 0 else [])]}


if __name__ == "__main__":
    with sync_playwright() as started:
        found = find(started.chromium.executable_path)
    sys.stdout.write(f"browser: {found or 'none'}\n")
    sys.exit(found is None)
