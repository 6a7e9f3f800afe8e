"""Where the search box leads."""

from __future__ import annotations

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app import words
from app.db import reading
from app.errors import NotFound
from app.finding.pages import ID
from app.finding.terms import WrongTerm, read_terms
from app.operators.guards import requires
from app.operators.roles import Permission
from app.search.ids import KEY, Place, place_of

blueprint = Blueprint("search", __name__)


@blueprint.get("/search")
@requires(Permission.READ)
def find() -> AnyResponse:
    """Straight to what an id names; to the payments where only they have such a status; else to the orders."""
    text = request.args.get("q", "").strip()
    if ID.match(text) or KEY.match(text):
        with reading() as session:
            place = place_of(session, text)
        if place is None:
            raise NotFound(f"Nothing here has the id {text}.")
        return redirect(_address(place), 303)
    return redirect(url_for("payments.index" if _is_of_payments(text) else "orders.index", q=text or None), 303)


def _address(place: Place) -> str:
    if place.kind == "order":
        return url_for("payments.order", order_id=place.id)
    if place.kind == "dispute":
        return url_for("disputes.show", dispute_id=place.id, _anchor=place.anchor)
    if place.kind == "customer":
        return url_for("customers.show", customer_id=place.id)
    if place.kind == "approval":
        return url_for("approvals.show", approval_id=place.id)
    return url_for("payments.show", payment_id=place.id, _anchor=place.anchor)


def _is_of_payments(text: str) -> bool:
    """Whether it asks for statuses that no order has, as `captured` and `voided`."""
    try:
        statuses = {value for name, value in read_terms(text) if name == "status"}
    except WrongTerm:
        return False  # the list says what is wrong
    return bool(statuses) and not statuses & words.ORDER.keys()
