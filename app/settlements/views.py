"""Settlements: the list, and one day's batch with every line and what it is to us."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from flask import Blueprint, render_template, request
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse

from app.db import reading
from app.finding.pages import List
from app.finding.saved import View
from app.operators.guards import requires
from app.operators.roles import Permission
from app.settlements.lists import SETTLEMENT_COLUMNS, SETTLEMENTS, SettlementsForm
from app.settlements.look import breaks_of, get_settlement, lines_of_payment, lines_page, steps_of
from app.settlements.models import Payout, SettlementLine

blueprint = Blueprint("settlements", __name__)

LIST = List(
    name="settlements",
    noun="settlement",
    searched="An id: a settlement's, payout's, payment's, capture's",
    endpoint="settlements.index",
    form=SettlementsForm,
    built_in=(
        View("All", ""),
        View("Last 7 days", "created=7d"),
        View("Not paid out", "status=booked&status=available"),
    ),
    columns=SETTLEMENT_COLUMNS,
    exported=(*SETTLEMENT_COLUMNS,),
    rows=SETTLEMENTS,
)


@blueprint.app_template_global()
def settled_lines(payment_id: str) -> Sequence[tuple[SettlementLine, date]]:
    """The lines of reports that are about a payment, for its page."""
    with reading() as session:
        return lines_of_payment(session, payment_id)


@blueprint.get("/settlements")
@requires(Permission.READ)
def index() -> AnyResponse:
    """The gateway's batches, as a page or as a file."""
    return LIST.answer("settlements/index.html")


@blueprint.get("/settlements/<settlement_id>")
@requires(Permission.READ)
def show(settlement_id: str) -> str:
    """One batch: from gross to net, its lines, and what differs."""
    only = request.args.get("differing") == "1"
    with reading() as session:
        settlement = get_settlement(session, settlement_id)
        page = lines_page(session, settlement, request.args.get("after", ""), only_differing=only)
        found = breaks_of(session, settlement)
        payout = session.scalars(select(Payout).where(Payout.id == settlement.payout_id)).one_or_none()
    return render_template(
        "settlements/show.html",
        one=settlement,
        steps=steps_of(settlement),
        page=page,
        breaks=found,
        payout=payout,
        only=only,
    )
