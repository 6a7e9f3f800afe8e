"""What needs a person, counted for the navigation of every page by one question to the database."""

from __future__ import annotations

from dataclasses import dataclass

from flask import url_for

from app.db import reading
from app.filters import account_now
from app.overview.needs import BY_STATUS, Need, count_needs

COUNT_AT_MOST = 99


@dataclass(frozen=True)
class Todo:
    """A line of the navigation: what waits, how much of it, and where it is."""

    label: str
    icon: str
    url: str
    number: int
    unit: str

    @property
    def shown(self) -> str:
        """The number, as far as it was counted."""
        return f"{COUNT_AT_MOST}+" if self.number > COUNT_AT_MOST else str(self.number)


_LINES = {
    Need.UNKNOWN: ("Unknown outcomes", "circle-question-mark", "waiting to be known"),
    Need.DISCREPANCY: ("Discrepancies", "scale", "to look into"),
    Need.EXPIRING: ("Holds ending soon", "hourglass", "to capture or void"),
    Need.FAILED: ("Failed payments", "circle-alert", "to retry or cancel"),
}


def todos() -> list[Todo]:
    """Every kind, also those of which nothing waits."""
    with reading() as session:
        numbers = count_needs(session, list(_LINES), account_now(), COUNT_AT_MOST)
    return [Todo(label, icon, _url(need), numbers[need], unit) for need, (label, icon, unit) in _LINES.items()]


def _url(need: Need) -> str:
    if need in BY_STATUS:
        return url_for("orders.index", status=BY_STATUS[need].value)
    return url_for("overview.needs", need=need.value)
