"""Where the search box leads."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app import words
from app.db import reading
from app.errors import NotFound
from app.finding.terms import WrongTerm, read_terms
from app.operators.guards import requires
from app.operators.roles import Permission
from app.search.ids import ID, KEY, Place, place_of

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


_PAGES = {
    "order": ("payments.order", "order_id"),
    "payment": ("payments.show", "payment_id"),
    "dispute": ("disputes.show", "dispute_id"),
    "customer": ("customers.show", "customer_id"),
    "approval": ("approvals.show", "approval_id"),
    "settlement": ("settlements.show", "settlement_id"),
    "payout": ("payouts.show", "payout_id"),
    "merchant": ("merchants.show", "merchant_id"),
    "merchant_payout": ("merchant_payouts.show", "payout_id"),
    "ledger_transaction": ("ledger.show", "transaction_id"),
    "review": ("reviews.show", "review_id"),
    "file": ("reconciliation.file", "file_id"),
}
"""The page of each kind of place, and what its address calls the id. Whoever may search may read them all."""


def _address(place: Place) -> str:
    page, name = _PAGES[place.kind]
    values: dict[str, Any] = {name: place.id}
    return url_for(page, _anchor=place.anchor, **values)


def _is_of_payments(text: str) -> bool:
    """Whether it asks for statuses that no order has, as `captured` and `voided`."""
    try:
        statuses = {value for name, value in read_terms(text) if name == "status"}
    except WrongTerm:
        return False  # the list says what is wrong
    return bool(statuses) and not statuses & words.ORDER.keys()
