"""The list of payments, one payment, one order with its payments, the way back from 3-D Secure, asking again."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, Response, current_app, flash, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from app.approvals.ask import waiting_of
from app.db import reading
from app.errors import GatewayUnavailable, NotFound, RuleBroken
from app.finding.pages import List
from app.finding.saved import View
from app.gateway.received import WebhookEvent
from app.htmx import go_to, render, wants_fragment
from app.merchants.models import Merchant
from app.operators.guards import requires
from app.operators.roles import Permission
from app.orders.queries import find_order
from app.orders.shipments import shipments_of
from app.payments.actions import actions_for, is_open, live_one
from app.payments.acts import last_told, tell
from app.payments.declines import explain
from app.payments.lists import COLUMNS, EXPORTED, PAYMENTS, PaymentsForm
from app.payments.models import Payment
from app.payments.queries import calls_of_order, events_of, get_payment, payments_of
from app.payments.sync import sync_payment
from app.sandbox.faults import armed_by
from app.security import actor
from app.timeline import queries as timeline

blueprint = Blueprint("payments", __name__)

LIST = List(
    name="payments",
    noun="payment",
    searched="Reference, e-mail, name, or last4:4242",
    endpoint="payments.index",
    form=PaymentsForm,
    built_in=(
        View("All", ""),
        View("Held", "status=authorized&status=partially_captured"),
        View("Not decided", "status=processing&status=requires_action&status=unknown"),
        View("Declined, 7 days", "created=7d&status=declined"),
    ),
    columns=COLUMNS,
    exported=EXPORTED,
    rows=PAYMENTS,
)


def return_url() -> str:
    """Where 3-D Secure sends the browser back; `{payment}` becomes the payment's id once there is one."""
    public_url: str = current_app.config["SETTINGS"].public_url
    return f"{public_url}/payments/{{payment}}/return"


@blueprint.get("/payments")
@requires(Permission.READ)
def index() -> AnyResponse:
    """Payments by filter, as a page or as a file."""
    return LIST.answer("payments/index.html")


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
        events = events_of(session, payments)
        approvals = waiting_of(session, order_id)
        shipments = shipments_of(session, order_id)
    fault = armed_by(entries) if current_user.may(Permission.DEVELOP) else None
    lost = fault.lost if fault else "-"
    version = f"{shown.version}-{entries[0].id}-{len(calls)}-{_seen(payments, events)}-{lost}"
    if wants_fragment() and request.headers.get("X-Seen") == version:
        return Response(status=204)
    return render(
        "payments/order.html",
        "payments/_order.html",
        order=shown,
        payments=payments,
        acts=tell(entries, payments, calls, events),
        merchant=merchant,
        version=version,
        open=is_open(payments),
        actions=actions_for(shown, payments, current_user.may),
        approvals=approvals,
        shipments=shipments,
        explain=explain,
        fault=fault,
    )


def _seen(payments: Sequence[Payment], events: Sequence[WebhookEvent]) -> str:
    """What of payments and events a page has shown, so that it is told when there is more."""
    repeats = sum(event.repeats + (event.handled_at is not None) for event in events)
    return f"{sum(payment.version for payment in payments)}-{len(events)}-{repeats}"


@blueprint.get("/payments/<payment_id>")
@requires(Permission.READ)
def show(payment_id: str) -> Response:
    """One payment: what happened to it, what came of it, and how it stands at the gateway."""
    found = get_payment(payment_id)
    with reading() as session:
        payments = payments_of(session, found.order_id)
        payment = next((one for one in payments if one.id == payment_id), None)
        if payment is None:
            raise NotFound(f"There is no payment {payment_id}.")
        entries = [entry for entry in timeline.of_order(session, found.order_id) if entry.payment_id == payment_id]
        calls = [call for call in calls_of_order(session, found.order_id) if call.payment_id == payment_id]
        events = events_of(session, [payment])
    version = f"{payment.order.version}-{entries[0].id if entries else 0}-{len(calls)}-{_seen([payment], events)}"
    if wants_fragment() and request.headers.get("X-Seen") == version:
        return Response(status=204)
    return render(
        "payments/show.html",
        "payments/_show.html",
        order=payment.order,
        payment=payment,
        others=[one for one in payments if one.id != payment_id],
        acts=tell(entries, [payment], calls, events),
        told=last_told(calls, events, payment),
        version=version,
        open=is_open([payment]),
        actions=actions_for(payment.order, payments, current_user.may) if live_one(payments) is payment else [],
        explain=explain,
    )


@blueprint.get("/payments/<payment_id>/return")
@requires(Permission.READ)
def back(payment_id: str) -> AnyResponse:
    """Back from 3-D Secure: the address proves nothing, so the gateway is asked."""
    return _ask(payment_id, "The gateway could not be asked what came of it yet; it tells us as soon as it can.")


@blueprint.post("/payments/<payment_id>/sync")
@requires(Permission.ASK)
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
