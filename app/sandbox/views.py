"""The order page's sandbox menu."""

from __future__ import annotations

from flask import Blueprint, flash, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.db import reading
from app.htmx import go_to
from app.operators.guards import requires
from app.operators.roles import Permission
from app.orders.queries import find_order
from app.sandbox.faults import lose_next_answer, stop_losing_answers
from app.security import actor

blueprint = Blueprint("sandbox", __name__)


@blueprint.post("/orders/<order_id>/faults")
@requires(Permission.DEVELOP)
def lose(order_id: str) -> AnyResponse:
    """Lose the answer to whatever is asked next about the order."""
    with reading() as session:
        order = find_order(session, order_id)
    lose_next_answer(order, actor())
    flash("The next answer about this order will be lost. Now capture, void, refund or pay it, and watch.")
    return go_to(url_for("payments.order", order_id=order.id))


@blueprint.post("/orders/<order_id>/faults/<fault_id>/end")
@requires(Permission.DEVELOP)
def stop(order_id: str, fault_id: str) -> AnyResponse:
    """Let answers through again."""
    with reading() as session:
        order = find_order(session, order_id)
    stop_losing_answers(order, fault_id, actor())
    flash("Answers come through again. What is open is asked for within seconds.")
    return go_to(url_for("payments.order", order_id=order.id))
