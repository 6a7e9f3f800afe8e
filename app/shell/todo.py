"""What needs a person, counted for the navigation of every page by one question to the database."""

from __future__ import annotations

from dataclasses import dataclass

from flask import url_for

from app.approvals.ask import count_waiting
from app.db import reading
from app.drift.keep import count_open
from app.filters import account_now
from app.overview.needs import BY_STATUS, Need, count_needs
from app.settlements.look import count_breaks, count_proposed

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
    Need.DECISION: ("Outcomes to decide", "gavel", "for a person to decide"),
    Need.UNKNOWN: ("Unknown outcomes", "circle-question-mark", "waiting to be known"),
    Need.REVIEW: ("Payments to review", "user-search", "to review"),
    Need.DISPUTE: ("Disputes to answer", "messages-square", "to answer by a deadline"),
    Need.DISCREPANCY: ("Discrepancies", "scale", "to look into"),
    Need.EXPIRING: ("Holds ending soon", "hourglass", "to capture or void"),
    Need.FAILED: ("Failed payments", "circle-alert", "to retry or cancel"),
}


def todos() -> list[Todo]:
    """Every kind, also those of which nothing waits."""
    with reading() as session:
        numbers = count_needs(session, list(_LINES), account_now(), COUNT_AT_MOST)
        differing = count_open(session, COUNT_AT_MOST)
        approvals = count_waiting(session, account_now())
        breaks, payouts = count_breaks(session, COUNT_AT_MOST), count_proposed(session, COUNT_AT_MOST)
    found = [Todo(label, icon, _url(need), numbers[need], unit) for need, (label, icon, unit) in _LINES.items()]
    return [
        *found,
        Todo("To reconcile", "git-compare-arrows", url_for("drift.index", status="open"), differing, "that differ"),
        Todo("Breaks", "split", url_for("breaks.index", status="open"), breaks, "between reports and our books"),
        Todo("Payouts to send", "banknote", url_for("merchants.index"), payouts, "that wait for a person"),
        Todo("Approvals", "user-check", url_for("approvals.index", status="asked"), approvals, "for a second person"),
    ]


def _url(need: Need) -> str:
    if need in BY_STATUS:
        return url_for("orders.index", status=BY_STATUS[need].value)
    if need is Need.REVIEW:
        return url_for("reviews.index")
    if need is Need.DISPUTE:
        return url_for("disputes.index", status="needs_response")
    return url_for("overview.needs", need=need.value)
