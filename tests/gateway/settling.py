"""Settlements for tests: a day's end, whole reports, and the sums that must hold in them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from tests.gateway.client import Account, Json

SUMS = ("gross", "fee", "net")
PARTS = ("processing", "interchange", "scheme", "markup", "cross_border", "currency_conversion")


def pages(account: Account, path: str, limit: int = 100) -> list[Json]:
    """Everything that a list holds, newest first, page by page."""
    found: list[Json] = []
    sign = "&" if "?" in path else "?"
    cursor = ""
    while True:
        page = account.call("GET", f"{path}{sign}limit={limit}{cursor}")
        found.extend(page["data"])
        if not page["has_more"]:
            return found
        cursor = f"&cursor={page['next_cursor']}"


def end_day(account: Account) -> list[Json]:
    """The settlements of the day that ends now, by currency."""
    date = account.call("GET", "/_sandbox/clock")["now"][:10]
    account.clock(advance="P1D")
    return sorted(pages(account, f"/v1/settlements?date={date}"), key=lambda one: str(one["currency"]))


def lines_of(account: Account, settlement_id: str, more: str = "") -> list[Json]:
    """A report's lines, the oldest first."""
    return pages(account, f"/v1/settlements/{settlement_id}/lines{more}")[::-1]


def true_lines_of(account: Account, settlement_id: str) -> list[Json]:
    return pages(account, f"/_sandbox/settlements/{settlement_id}/truth/lines")[::-1]


def csv_of(account: Account, settlement_id: str) -> list[dict[str, str]]:
    answer = account.ask("GET", f"/v1/settlements/{settlement_id}/lines", headers={"Accept": "text/csv"})
    assert answer.headers["Content-Type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


def total(lines: Iterable[Json]) -> dict[str, int]:
    """Gross, fee and net of some lines together."""
    listed = list(lines)
    return {name: sum(line[name] for line in listed) for name in SUMS}


def sums_of(settlement: Json) -> dict[str, int]:
    return {name: settlement[name] for name in SUMS}


def settings(account: Account, **changed: object) -> None:
    account.call("PATCH", "/_sandbox/settings", changed)


def adjust(account: Account, amount: int, currency: str = "USD") -> str:
    """Money booked by hand; its id."""
    return str(account.call("POST", "/_sandbox/adjustments", {"amount": amount, "currency": currency})["id"])
