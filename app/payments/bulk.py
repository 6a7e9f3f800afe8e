"""Capturing several orders at once: what will be done and what left out is said before, what became of each after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, render_template, request
from sqlalchemy import select
from werkzeug.wrappers import Response

from app.db import reading
from app.errors import GatewayUnavailable, InvalidInput, RuleBroken
from app.forms import KeyedForm
from app.money import Money
from app.operators.guards import requires
from app.operators.roles import Permission
from app.orders.models import Order
from app.payments.capture import capture_payment
from app.payments.models import Payment
from app.payments.queries import payments_of_orders
from app.security import actor

blueprint = Blueprint("bulk", __name__)

MOST = 100


@dataclass(frozen=True)
class Planned:
    """An order that was chosen: the payment and sum to be captured, or why it is left out."""

    order: Order
    payment: Payment | None = None
    amount: Money | None = None
    why_not: str | None = None


@dataclass(frozen=True)
class Done:
    """What became of one order: `captured`, `unknown` (no answer yet) or `refused`, in words."""

    order: Order
    amount: Money
    outcome: str
    words: str


def _chosen() -> list[str]:
    ids = list(dict.fromkeys(request.values.getlist("order")))
    if len(ids) > MOST:
        raise InvalidInput("/order", "too_many", f"Choose at most {MOST} orders at once.")
    return ids


def plan(ids: Sequence[str]) -> list[Planned]:
    """What capturing these orders would do, in the order in which they were chosen."""
    with reading() as session:
        orders = {order.id: order for order in session.scalars(select(Order).where(Order.id.in_(ids)))}
        payments = payments_of_orders(session, list(orders))
    return [_planned(orders[one], payments[one]) for one in ids if one in orders]


def _planned(order: Order, payments: Sequence[Payment]) -> Planned:
    payment = next((one for one in payments if not one.is_over), None)
    if payment is None:
        return Planned(order, why_not="No payment holds money.")
    try:
        payment.check_idle()
        payment.check_capturable(None)
    except RuleBroken as broken:
        return Planned(order, why_not=broken.detail)
    return Planned(order, payment, payment.amount_capturable)


def sums_of(amounts: Sequence[Money]) -> list[Money]:
    """One sum per currency, by its code."""
    found: dict[str, Money] = {}
    for amount in amounts:
        found[amount.currency] = found[amount.currency] + amount if amount.currency in found else amount
    return [found[code] for code in sorted(found)]


@blueprint.get("/orders/selection")
@requires(Permission.TAKE_PAYMENTS)
def chosen() -> str:
    """How many orders are chosen, and what they add up to."""
    planned = plan(_chosen())
    return render_template(
        "payments/_chosen.html",
        planned=planned,
        sums=sums_of([one.order.amount for one in planned]),
        may_capture=sum(one.amount is not None for one in planned),
    )


@blueprint.get("/orders/captures")
@requires(Permission.TAKE_PAYMENTS)
def preview() -> str:
    """What will be captured, and what will be left out and why."""
    planned = plan(_chosen())
    captured = [one for one in planned if one.amount is not None]
    return render_template(
        "payments/captures.html",
        form=KeyedForm(),
        captured=captured,
        skipped=[one for one in planned if one.amount is None],
        sums=sums_of([one.amount for one in captured if one.amount]),
    )


@blueprint.post("/orders/captures")
@requires(Permission.TAKE_PAYMENTS)
def capture() -> Response:
    """Capture each, one after the other. Sent again, it does nothing again: every order has its own key."""
    form = KeyedForm()
    found = []
    asked = {one: _amount_of(one) for one in _chosen()}
    for one in plan(list(asked)):
        payment_id, amount = asked[one.order.id]
        key = f"form:{actor().id}:{form.request_key.data}:{one.order.id}"
        found.append(_capture(one.order, payment_id, amount, key))
    captured = [one.amount for one in found if one.outcome == "captured"]
    html = render_template("payments/captures_done.html", done=found, sums=sums_of(captured))
    return Response(html, content_type="text/html; charset=utf-8")


def _amount_of(order_id: str) -> tuple[str, Money]:
    """The payment and sum that the page showed for the order, and that was agreed to."""
    payment_id, _, told = request.form.get(f"sum-{order_id}", "").partition(" ")
    amount, _, currency = told.partition(" ")
    try:
        return payment_id, Money(int(amount[:13]), currency)
    except ValueError:
        raise InvalidInput("/order", "invalid_sum", "Open the page again and send it unchanged.") from None


def _capture(order: Order, payment_id: str, amount: Money, key: str) -> Done:
    try:
        payment = capture_payment(payment_id, amount, actor(), request_key=key)
    except RuleBroken as broken:
        return Done(order, amount, "refused", broken.detail)
    except GatewayUnavailable as silence:
        return Done(order, amount, "refused", f"{silence} Nothing was begun.")
    if payment.open_attempt_now() is not None:
        return Done(order, amount, "unknown", "The gateway gave no answer; it is asked again until it does.")
    return Done(order, amount, "captured", "Captured.")
