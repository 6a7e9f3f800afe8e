"""One order with its payments, the way back from 3-D Secure, and asking the gateway again."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, flash, redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from app.db import reading
from app.errors import GatewayUnavailable, RuleBroken
from app.htmx import go_to, render, wants_fragment
from app.merchants.models import Merchant
from app.operators.guards import requires
from app.operators.roles import Permission
from app.orders.queries import find_order
from app.payments.actions import actions_for, is_open
from app.payments.declines import explain
from app.payments.queries import calls_of_order, get_payment, payments_of
from app.payments.sync import sync_payment
from app.security import actor
from app.timeline import queries as timeline

blueprint = Blueprint("payments", __name__)


def return_url() -> str:
    """Where 3-D Secure sends the browser back; `{payment}` becomes the payment's id once there is one."""
    public_url: str = current_app.config["SETTINGS"].public_url
    return f"{public_url}/payments/{{payment}}/return"


@blueprint.get("/orders/<order_id>")
@requires(Permission.READ)
def order(order_id: str) -> Response:
    """The order, its payments and its timeline; what looks again by itself gets 204 while nothing is new."""
    with reading() as session:
        shown = find_order(session, order_id)
        payments = payments_of(session, order_id)
        entries = timeline.of_order(session, order_id)
        merchant = session.get_one(Merchant, shown.merchant_id)
        calls = calls_of_order(session, order_id)
    version = f"{shown.version}-{entries[0].id}-{len(calls)}-{sum(payment.version for payment in payments)}"
    if wants_fragment() and request.headers.get("X-Seen") == version:
        return Response(status=204)
    return render(
        "payments/order.html",
        "payments/_order.html",
        order=shown,
        payments=payments,
        entries=entries,
        merchant=merchant,
        calls=calls,
        version=version,
        open=is_open(payments),
        actions=actions_for(shown, payments, current_user.may),
        explain=explain,
    )


@blueprint.get("/payments/<payment_id>")
@requires(Permission.READ)
def show(payment_id: str) -> AnyResponse:
    """A payment is shown on its order's page."""
    payment = get_payment(payment_id)
    return redirect(url_for(".order", order_id=payment.order_id, _anchor=payment.id), 303)


@blueprint.get("/payments/<payment_id>/return")
@requires(Permission.READ)
def back(payment_id: str) -> AnyResponse:
    """Back from 3-D Secure: the address proves nothing, so the gateway is asked."""
    return _ask(payment_id, "The gateway could not be asked what came of it yet; it tells us as soon as it can.")


@blueprint.post("/payments/<payment_id>/sync")
@requires(Permission.TAKE_PAYMENTS)
def ask_again(payment_id: str) -> AnyResponse:
    """Ask the gateway what the payment is now."""
    return _ask(payment_id, "The gateway does not answer. It is asked again, with the same key, until it does.")


def _ask(payment_id: str, silent: str) -> AnyResponse:
    payment = get_payment(payment_id)
    try:
        payment = sync_payment(payment_id, actor(), cause="asked on the order's page")
        if payment.open_attempt_now() is not None:
            flash(silent, "ask")
    except GatewayUnavailable:
        flash(silent, "ask")
    except RuleBroken as refused:
        flash(refused.detail, "bad")
    return go_to(url_for(".order", order_id=payment.order_id))
