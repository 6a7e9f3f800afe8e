"""The overview, the rows behind its figures, and the payments that need a person."""

from __future__ import annotations

from typing import TypeVar

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.db import reading
from app.disputes.states import DisputeStatus
from app.errors import InvalidInput
from app.filters import account_now
from app.operators.guards import requires
from app.operators.roles import Permission
from app.orders.queries import count_by_status
from app.overview.board import board_of, in_each_currency
from app.overview.figures import Figure, Rows, currencies, list_rows, sums
from app.overview.forms import DaysForm
from app.overview.needs import BY_STATUS, NEEDS, Need, count_waiting, payments_in_need, waiting
from app.overview.periods import LENGTHS, MOST_DRAWN, span_of
from app.overview.queries import latest_events
from app.overview.words import FIGURES, reason_words
from app.payments.declines import CLASS_WORDS, DeclineClass, explain

blueprint = Blueprint("overview", __name__)

ROWS_PER_PAGE = 25
NEEDS_SHOWN = 200
SHOWN_EVENTS = 12
SHOWN_REASONS = 6


@blueprint.get("/")
@requires(Permission.READ)
def show() -> Response:
    """What needs a person, and the figures of a period in one currency."""
    now = account_now()
    days = DaysForm(request.args, now)
    period = days.period(request.args)
    with reading() as session:
        statuses = count_by_status(session)
        lines = in_each_currency(session, period, currencies(session))
        codes = [line.currency for line in lines]
        currency = _chosen("currency", request.args.get("currency", "").upper(), codes) or next(iter(codes), None)
        html = render_template(
            "overview/show.html",
            needs=[one for one in waiting(session, statuses, now) if one.number],
            statuses=statuses,
            lengths=LENGTHS,
            period=period,
            form=days.filled(period),
            most_drawn=MOST_DRAWN,
            lines=lines,
            board=board_of(session, period, currency) if currency else None,
            events=latest_events(session, SHOWN_EVENTS),
            by_status=BY_STATUS,
            reasons_shown=SHOWN_REASONS,
            words=NEEDS,
        )
    return Response(html, 422 if days.errors else 200)


@blueprint.get("/overview/<figure>")
@requires(Permission.READ)
def rows(figure: str) -> str:
    """Each row that a figure counts, and the sum of them all."""
    if figure not in set(Figure):
        abort(404)
    kind = _chosen("kind", request.args.get("kind", ""), list(DeclineClass))
    wanted = Rows(
        Figure(figure),
        span_of(request.args, account_now()),
        request.args.get("currency", "").upper() or None,
        DeclineClass(kind) if kind else None,
        request.args.get("reason"),
    )
    if wanted.figure is not Figure.DECLINED and (wanted.kind or wanted.reason is not None):
        raise InvalidInput("/kind", "not_for_this_figure", "Only declined payments have a class and a reason.")
    with reading() as session:
        return render_template(
            "overview/rows.html",
            wanted=wanted,
            figures=FIGURES,
            classes=CLASS_WORDS,
            reason_words=reason_words,
            explain=explain,
            sums=sums(session, wanted),
            page=list_rows(session, wanted, request.args.get("cursor"), ROWS_PER_PAGE),
        )


@blueprint.get("/overview/needs/<need>")
@requires(Permission.READ)
def needs(need: str) -> AnyResponse | str:
    """The payments of a need, the most pressing first; a need that is a status of the order leads to their list."""
    if need not in set(Need):
        abort(404)
    if Need(need) is Need.DISPUTE:
        return redirect(url_for("disputes.index", status=DisputeStatus.NEEDS_RESPONSE.value), 303)
    if Need(need) is Need.REVIEW:
        return redirect(url_for("reviews.index"), 303)
    if Need(need) in BY_STATUS:
        return redirect(url_for("orders.index", status=BY_STATUS[Need(need)].value), 303)
    now = account_now()
    with reading() as session:
        return render_template(
            "overview/needs.html",
            need=Need(need),
            words=NEEDS[Need(need)],
            number=count_waiting(session, Need(need), now),
            payments=payments_in_need(session, Need(need), now, NEEDS_SHOWN),
        )


T = TypeVar("T", bound=str)


def _chosen(name: str, given: str, offered: list[T]) -> str | None:
    """What the address asks for, None where it asks for nothing. InvalidInput where that is not to be had."""
    if given and given not in offered:
        said = ", ".join(offered) or "nothing yet"
        raise InvalidInput(f"/{name}", "not_offered", f"Choose one of these for {name}: {said}.")
    return given or None
