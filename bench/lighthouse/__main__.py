"""Installs Lighthouse as locked beside this file, runs it on a demo installation, and prints what it says.

The median of the runs counts; one line of JSON at the end says the same as the table.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright
from rich.console import Console
from rich.table import Table

from tests import browser as browsers
from tests import stack as stacks
from tests.clients import OrderService
from tests.looks.screenshots import demo_installation
from tests.looks.windows import signed_in_context

HERE = Path(__file__).resolve().parent
CATEGORIES = ("performance", "accessibility", "best-practices")
RUNS = 3
WITHIN_SECONDS = 180


def install() -> Path:
    """The `lighthouse` command, installed from the lock file with no script of any package run."""
    if shutil.which("npm") is None:
        raise SystemExit("bench-lighthouse needs Node 20 or newer with npm: apt install nodejs npm")
    command = HERE / "node_modules" / ".bin" / "lighthouse"
    if not command.exists():
        subprocess.run(["npm", "ci", "--ignore-scripts", "--silent"], cwd=HERE, check=True)
    return command


def pages_of(stack: stacks.Stack) -> dict[str, str]:
    """The pages that count, by the names in the table."""
    orders = OrderService(stack).call("GET", "/orders?status=partially_refunded&limit=1").json()["data"]
    return {"overview": "/", "orders": "/orders", "order": f"/orders/{orders[0]['id']}", "new order": "/orders/new"}


def look(command: Path, chromium: str, url: str, cookie: str) -> dict[str, Any]:
    """One run's report."""
    flags = ["--headless=new", "--disable-quic", "--no-first-run", "--disable-background-networking"]
    if os.geteuid() == 0:
        flags.append("--no-sandbox")
    done = subprocess.run(
        [
            str(command),
            url,
            "--quiet",
            "--output=json",
            "--preset=desktop",
            f"--only-categories={','.join(CATEGORIES)}",
            f"--extra-headers={json.dumps({'Cookie': cookie})}",
            f"--chrome-flags={' '.join(flags)}",
        ],
        env=os.environ | {"CHROME_PATH": chromium},
        capture_output=True,
        text=True,
        timeout=WITHIN_SECONDS,
        check=True,
    )
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def figures_of(reports: list[dict[str, Any]]) -> dict[str, Any]:
    """Medians of the scores (0 to 100), bytes on the wire, layout shift, and the names of what lost points."""

    def median(number: Any) -> float:
        return statistics.median(float(number(report)) for report in reports)

    lost = sorted(
        {
            reference["id"]
            for report in reports
            for category in report["categories"].values()
            for reference in category["auditRefs"]
            if reference["weight"] and (report["audits"][reference["id"]]["score"] or 0) < 0.9
            if report["audits"][reference["id"]]["scoreDisplayMode"] not in ("notApplicable", "manual", "informative")
        }
    )
    return {
        **{name: round(median(lambda report, n=name: report["categories"][n]["score"]) * 100) for name in CATEGORIES},
        "kib": round(median(lambda report: report["audits"]["total-byte-weight"]["numericValue"]) / 1024),
        "shift": round(median(lambda report: report["audits"]["cumulative-layout-shift"]["numericValue"]), 4),
        "lost": lost,
    }


def main() -> None:
    """Run it on every page and print the table."""
    parser = argparse.ArgumentParser(prog="make bench-lighthouse", description=__doc__)
    parser.add_argument("--runs", type=int, default=RUNS, help=f"runs of each page, {RUNS} by default")
    runs: int = parser.parse_args().runs
    console = Console()
    command = install()
    folder = Path(tempfile.mkdtemp(prefix="counterfoil-lighthouse-"))
    databases = stacks.Databases(folder)
    found: dict[str, dict[str, Any]] = {}
    try:
        console.print("a demo installation …")
        with demo_installation(databases, folder) as stack, sync_playwright() as playwright:
            arguments = browsers.launch_arguments(playwright)
            with playwright.chromium.launch(**arguments) as browser:
                cookies = signed_in_context(browser, stack.sign_in_link()).cookies()
            cookie = "; ".join(f"{one['name']}={one['value']}" for one in cookies)
            for name, path in pages_of(stack).items():
                url = stack.dashboard_url + path
                console.print(f"{name} …")
                reports = [look(command, str(arguments["executable_path"]), url, cookie) for _ in range(runs)]
                found[name] = figures_of(reports)
    finally:
        stacks.stop_everything()
        databases.close()
        shutil.rmtree(folder, ignore_errors=True)
    table = Table(
        "page", *(name.replace("-", " ") for name in CATEGORIES), "KiB on the wire", "layout shift", "lost by"
    )
    for name, figures in found.items():
        numbers = [str(figures[key]) for key in (*CATEGORIES, "kib", "shift")]
        table.add_row(name, *numbers, ", ".join(figures["lost"]) or "nothing")
    console.print(table)
    sys.stdout.write(json.dumps({"lighthouse": found, "runs": runs}) + "\n")


if __name__ == "__main__":
    main()
