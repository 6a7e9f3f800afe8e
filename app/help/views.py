"""One page of help: first steps, keys, what the statuses mean, the API."""

from __future__ import annotations

from flask import Blueprint, current_app, render_template

from app.operators.guards import requires
from app.operators.roles import Permission
from app.words import ORDER

blueprint = Blueprint("help", __name__)

MEANINGS = {
    "awaiting_payment": "Nothing is held and nothing was taken. It may be paid.",
    "in_review": "The sum is held, and a person looks at it before anything is captured.",
    "awaiting_authentication": "The bank asks the customer to confirm (3-D Secure).",
    "authorized": "The sum is held on the card. No money has moved; capture it within seven days.",
    "partially_captured": "Some of the hold was captured, the rest is still held.",
    "paid": "Everything that will be captured is.",
    "payment_failed": "Nothing was taken: the hold lapsed, or the gateway did not take the payment.",
    "declined": "The issuer said no, or our own rules did. The order's page says what may be done.",
    "payment_unknown": "An answer was lost or is late. The gateway is asked again, under the same key, until it is.",
    "canceled": "The order will not be paid any more.",
    "partially_refunded": "Some of the captured money was given back.",
    "refunded": "All of the captured money was given back.",
}


@blueprint.get("/help")
@requires(Permission.READ)
def show() -> str:
    settings = current_app.config["SETTINGS"]
    return render_template(
        "help/show.html",
        statuses=ORDER,
        meanings=MEANINGS,
        public_url=settings.public_url,
        gateway_url=settings.gateway_url,
    )
