"""The overview, and the rows behind its figures."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, abort, render_template, request
from sqlalchemy.orm import Session

from app.db import reading
from app.filters import account_now
from app.operators.guards import requires
from app.operators.roles import Permission
from app.orders.queries import count_by_status
from app.overview.queries import Figure, Sum, latest_events, rows_of, since, sums, unknown_orders

blueprint = Blueprint("overview", __name__)

ROWS_PER_PAGE = 25
PERIODS = {1: "Today", 30: "Last 30 days"}
NOUNS = {Figure.CAPTURED: "capture", Figure.REFUNDED: "refund", Figure.DECLINED: "payment"}
SHOWN_UNKNOWN = 8
SHOWN_EVENTS = 12


@blueprint.get("/")
@requires(Permission.READ)
def show() -> str:
    """What stands where now."""
    now = account_now()
    with reading() as session:
        figures = {figure: _by_currency(session, figure, now) for figure in Figure}
        return render_template(
            "overview/show.html",
            now=now,
            statuses=count_by_status(session),
            figures=figures,
            periods=PERIODS,
            nouns=NOUNS,
            unknown=unknown_orders(session, SHOWN_UNKNOWN),
            events=latest_events(session, SHOWN_EVENTS),
        )


def _by_currency(session: Session, figure: Figure, now: datetime) -> dict[str, dict[int, Sum]]:
    found: dict[str, dict[int, Sum]] = {}
    for days in PERIODS:
        for total in sums(session, figure, since(now, days)):
            found.setdefault(total.money.currency, {})[days] = total
    return dict(sorted(found.items()))


@blueprint.get("/overview/<figure>")
@requires(Permission.READ)
def rows(figure: str) -> str:
    """Each capture, refund or declined payment of a figure, and the sum of them all."""
    days = request.args.get("days", "1")
    if figure not in set(Figure) or days not in {str(number) for number in PERIODS}:
        abort(404)
    begin = since(account_now(), int(days))
    currency = request.args.get("currency") or None
    with reading() as session:
        return render_template(
            "overview/rows.html",
            figure=Figure(figure),
            days=int(days),
            period=PERIODS[int(days)],
            nouns=NOUNS,
            begin=begin,
            currency=currency,
            sums=sums(session, Figure(figure), begin, currency),
            page=rows_of(session, Figure(figure), begin, currency, request.args.get("cursor"), ROWS_PER_PAGE),
        )
