"""Payouts of the gateway to our bank: the list, and one with every figure that leads to it."""

from __future__ import annotations

from flask import Blueprint, render_template
from werkzeug.wrappers import Response as AnyResponse

from app.db import reading
from app.finding.pages import List
from app.finding.saved import View
from app.ledger.post import standing_from
from app.operators.guards import requires
from app.operators.roles import Permission
from app.settlements.lists import PAYOUT_COLUMNS, PAYOUTS, PayoutsForm
from app.settlements.look import get_payout, settlements_of

blueprint = Blueprint("payouts", __name__)

LIST = List(
    name="payouts",
    noun="payout",
    searched="A payout's or a settlement's id",
    endpoint="payouts.index",
    form=PayoutsForm,
    built_in=(View("All", ""), View("Under way", "status=pending&status=in_transit"), View("Failed", "status=failed")),
    columns=PAYOUT_COLUMNS,
    exported=(*PAYOUT_COLUMNS,),
    rows=PAYOUTS,
)


@blueprint.get("/payouts")
@requires(Permission.READ)
def index() -> AnyResponse:
    """What the gateway paid out, as a page or as a file."""
    return LIST.answer("settlements/payouts.html")


@blueprint.get("/payouts/<payout_id>")
@requires(Permission.READ)
def show(payout_id: str) -> str:
    """Why this amount: from gross to payout, batch by batch, and whose money it is."""
    with reading() as session:
        payout = get_payout(session, payout_id)
        settlements = settlements_of(session, payout)
        standing, _ = standing_from(session, "payout", payout.id)
    return render_template(
        "settlements/payout.html",
        one=payout,
        settlements=settlements,
        standing=standing,
    )
