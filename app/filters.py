"""What every template has at hand: money and times as text, words for statuses, icons, and the two clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from flask import Flask, g
from flask_login import current_user
from lucide.jinja import lucide
from markupsafe import Markup

from app import db, words
from app.assets import asset_url
from app.clock import ClockReading, business_now, wall_now
from app.inspector import json_html
from app.money import Money, exponent_of
from app.operators.agents import browser

CLOCKS_AGREE_WITHIN = timedelta(seconds=5)
_A_LITTLE_MORE = 1.02
"""What ends in a week says so for its first hours, and not that it ends in 6 days."""
_SPANS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def amount(money: Money) -> str:
    """`1,234.50`: grouped, with the currency's own digits; the currency stands beside it, once."""
    return f"{money.major:,.{exponent_of(money.currency)}f}"


def minor(amount_minor: int, currency: str) -> Money:
    """Money out of a row that is no object."""
    return Money(amount_minor, currency)


def utc(moment: datetime) -> str:
    """`23 Nov 2026, 02:56:29`, in UTC."""
    at = moment.astimezone(UTC)
    return f"{at.day} {at:%b %Y, %H:%M:%S}"


def short(moment: datetime) -> str:
    """`23 Nov, 02:56`, in UTC; with the year where that is not the account's."""
    at = moment.astimezone(UTC)
    year = "" if at.year == account_now().year else f" {at.year}"
    return f"{at.day} {at:%b}{year}, {at:%H:%M}"


def clock_time(moment: datetime) -> str:
    """`02:56:29`, in UTC."""
    return f"{moment.astimezone(UTC):%H:%M:%S}"


def day(moment: datetime) -> str:
    """`23 Nov 2026`, in UTC."""
    at = moment.astimezone(UTC)
    return f"{at.day} {at:%b %Y}"


def iso(moment: datetime) -> str:
    """RFC 3339, in UTC, as the wire writes it."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def span(seconds: float) -> str:
    """`3 min`, `7 d`: the largest unit that fits, downwards."""
    whole = int(abs(seconds))
    size, unit = next((one for one in _SPANS if whole >= one[0]), _SPANS[-1])
    return f"{whole // size} {unit}"


def ago(moment: datetime, now: datetime | None = None) -> str:
    """`3 min ago`, `in 7 d`, `just now`, on the account's clock unless another `now` is given."""
    seconds = ((now or account_now()) - moment).total_seconds()
    if abs(seconds) < 1:
        return "just now"
    return f"{span(seconds)} ago" if seconds > 0 else f"in {span(seconds * _A_LITTLE_MORE)}"


def label(status: str, kind: str) -> str:
    """The status in the words of the screen."""
    return words.word_for(kind, status).label


def tone(status: str, kind: str) -> str:
    """The tone of a status's badge."""
    return words.word_for(kind, status).tone


@lru_cache(maxsize=512)  # drawn out of a parsed document each time, they were an eighth of a page's time
def icon(name: str, size: int = 16) -> Markup:
    """An icon as inline SVG; decoration, so hidden from those who listen."""
    return Markup(lucide(name, size=size, aria_hidden="true", focusable="false"))  # noqa: S704 - from our own package


def account_now() -> datetime:
    """The account's clock, read once per request."""
    if "account_now" not in g:
        with db.reading() as session:
            g.account_now = business_now(session)
            reading = session.get(ClockReading, 1)
            g.account_frozen = reading is not None and reading.frozen_at is not None
    now: datetime = g.account_now
    return now


def account_clock() -> dict[str, Any]:
    """The account's time for the top bar, and how far it is from the wall's, if it is."""
    now = account_now()
    ahead = now - wall_now()
    sign = "+" if ahead >= timedelta(0) else "\u2212"
    apart = "" if abs(ahead) <= CLOCKS_AGREE_WITHIN else f"{sign}{span(ahead.total_seconds())}"
    return {"now": now, "apart": apart, "frozen": g.account_frozen}


def register_filters(app: Flask) -> None:
    """Give them to every template."""
    for one in (amount, utc, short, clock_time, day, iso, ago, label, tone, words.plain, json_html, browser):
        app.add_template_filter(one)
    app.jinja_env.globals.update(
        asset_url=asset_url,
        icon=icon,
        minor=minor,
        account_clock=account_clock,
        wall_now=wall_now,
        networks=words.NETWORKS,
        short_networks=words.SHORT_NETWORKS,
        refund_reasons=words.REFUND_REASONS,
        capture_policies=words.CAPTURE_POLICIES,
        message_kinds=words.MESSAGE_KINDS,
    )
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True

    @app.context_processor
    def operator() -> dict[str, Any]:
        return {"operator": current_user if current_user and current_user.is_authenticated else None}
