"""The forms that move money: shown in a dialog or as a page of their own, sent, and shown again when refused."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, flash, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.approvals import Approval
from app.db import reading
from app.errors import GatewayUnavailable, RuleBroken
from app.filters import amount as text_of
from app.forms import KeyedForm
from app.htmx import go_to, render, wants_fragment
from app.operators.guards import requires
from app.operators.roles import Permission
from app.orders.models import Order
from app.orders.queries import find_order
from app.orders.states import OrderStatus
from app.payments.authorize import PaymentRequest, authorize_payment
from app.payments.cancel import cancel_order
from app.payments.capture import capture_payment
from app.payments.cards import catalogue
from app.payments.forms import CancelForm, CaptureForm, PayForm, RefundForm, ShipForm, VoidForm
from app.payments.models import Payment
from app.payments.queries import get_payment, live_payment_of
from app.payments.refund import left_alone, refund_or_ask
from app.payments.ship import ship_order
from app.payments.states import PaymentStatus
from app.payments.views import return_url
from app.payments.void import void_payment
from app.policy import current_policy
from app.security import actor

blueprint = Blueprint("actions", __name__)


def _show(name: str, form: KeyedForm, order: Order, payment: Payment | None = None, status: int = 200) -> Response:
    fragment = f"payments/_{name}.html"
    return render(
        "payments/dialog.html",
        fragment,
        status,
        inside=fragment,
        in_dialog=wants_fragment(),
        form=form,
        order=order,
        payment=payment,
    )


def _load(order_id: str) -> tuple[Order, Payment | None]:
    with reading() as session:
        return find_order(session, order_id), live_payment_of(session, order_id)


def _load_live(order_id: str) -> tuple[Order, Payment]:
    order, payment = _load(order_id)
    if payment is None:
        raise RuleBroken("invalid_transition", "The order has no payment that holds or took money.")
    payment.check_idle()
    return order, payment


def _carry_out(
    name: str, form: KeyedForm, order: Order, payment: Payment | None, act: Callable[[], str | None]
) -> AnyResponse:
    """`act` calls one verb and says what was done; what is open or was declined, the order's page says by itself.

    A refusal is shown in the form, as it was filled.
    """
    if not form.validate():
        return _show(name, form, order, payment, 422)
    try:
        sentence = act()
    except (RuleBroken, GatewayUnavailable) as trouble:
        broken = trouble if isinstance(trouble, RuleBroken) else _nothing_begun(trouble)
        form.show(broken)
        return _show(name, form, order, get_payment(payment.id) if payment else None, broken.status)
    if sentence is not None:
        flash(sentence)
    return go_to(url_for("payments.order", order_id=order.id))


def _nothing_begun(silence: GatewayUnavailable) -> RuleBroken:
    return RuleBroken(
        "gateway_unavailable", f"{silence} Nothing was begun, so nothing was charged. Try again.", status=503
    )


def _unless_open(payment: Payment, done: str) -> str | None:
    return None if payment.open_attempt_now() is not None else done


@blueprint.get("/orders/<order_id>/pay")
@requires(Permission.TAKE_PAYMENTS)
def pay_dialog(order_id: str) -> Response:
    order, _ = _load(order_id)
    order.check_payable()
    return _show("pay", PayForm(catalogue(), captures_at_once=order.captures_at_once), order)


@blueprint.post("/orders/<order_id>/payments")
@requires(Permission.TAKE_PAYMENTS)
def pay(order_id: str) -> AnyResponse:
    """Begin a payment; a decline is an outcome and stands on the order's page."""
    order, _ = _load(order_id)
    form = PayForm(catalogue())

    def act() -> str | None:
        request = PaymentRequest(
            test_card=form.test_card.data,
            capture=form.capture.data == "now",
            return_url=return_url(),
            three_ds=form.three_ds.data,
        )
        payment = authorize_payment(order_id, request, actor(), request_key=form.key_of(actor()))
        sums = {PaymentStatus.AUTHORIZED: payment.amount, PaymentStatus.CAPTURED: payment.amount_captured}
        paid = sums.get(payment.state)
        return None if paid is None else f"{payment.state.value.capitalize()} {text_of(paid)} {paid.currency}."

    return _carry_out("pay", form, order, None, act)


@blueprint.get("/orders/<order_id>/capture")
@requires(Permission.TAKE_PAYMENTS)
def capture_dialog(order_id: str) -> Response:
    order, payment = _load_live(order_id)
    payment.check_capturable(None)
    return _show("capture", CaptureForm(payment.amount_capturable, payment.check_capturable), order, payment)


@blueprint.post("/payments/<payment_id>/captures")
@requires(Permission.TAKE_PAYMENTS)
def capture(payment_id: str) -> AnyResponse:
    """Capture the sum that was written."""
    payment = get_payment(payment_id)
    form = CaptureForm(payment.amount_capturable, payment.check_capturable)

    def act() -> str | None:
        done = capture_payment(payment_id, form.money, actor(), final=form.final.data, request_key=form.key_of(actor()))
        return _unless_open(done, f"Captured {text_of(form.money)} {form.money.currency}.")

    return _carry_out("capture", form, payment.order, payment, act)


@blueprint.get("/orders/<order_id>/ship")
@requires(Permission.TAKE_PAYMENTS)
def ship_dialog(order_id: str) -> Response:
    order, payment = _load_live(order_id)
    return _show("ship", ShipForm(), order, payment)


@blueprint.post("/orders/<order_id>/shipments")
@requires(Permission.TAKE_PAYMENTS)
def ship(order_id: str) -> AnyResponse:
    """Mark the order as shipped; what is held for it is captured first where that is its policy."""
    order, payment = _load_live(order_id)
    form = ShipForm()

    def act() -> str | None:
        done = ship_order(
            order_id, None, actor(), tracking=form.tracking.data or None, request_key=form.key_of(actor())
        )
        return None if done.state == OrderStatus.PAYMENT_UNKNOWN else "The order is shipped."

    return _carry_out("ship", form, order, payment, act)


@blueprint.get("/orders/<order_id>/void")
@requires(Permission.TAKE_PAYMENTS)
def void_dialog(order_id: str) -> Response:
    order, payment = _load_live(order_id)
    payment.check_voidable()
    return _show("void", VoidForm(), order, payment)


@blueprint.post("/payments/<payment_id>/void")
@requires(Permission.TAKE_PAYMENTS)
def void(payment_id: str) -> AnyResponse:
    """Release what is held."""
    payment = get_payment(payment_id)
    form = VoidForm()

    def act() -> str | None:
        return _unless_open(
            void_payment(payment_id, actor(), request_key=form.key_of(actor())), "The hold is released."
        )

    return _carry_out("void", form, payment.order, payment, act)


@blueprint.get("/orders/<order_id>/refund")
@requires(Permission.REFUND)
def refund_dialog(order_id: str) -> Response:
    order, payment = _load_live(order_id)
    payment.check_has_refundable()
    return _show("refund", _refund_form(payment), order, payment)


def _refund_form(payment: Payment) -> RefundForm:
    with reading() as session:
        return RefundForm(payment.amount_free, payment.check_refundable, left_alone(payment, current_policy(session)))


@blueprint.post("/payments/<payment_id>/refunds")
@requires(Permission.REFUND)
def refund(payment_id: str) -> AnyResponse:
    """Refund the sum that was written, or ask for a second person where it is above the limit."""
    payment = get_payment(payment_id)
    form = _refund_form(payment)

    def act() -> str | None:
        done = refund_or_ask(
            payment_id,
            form.money,
            actor(),
            reason=form.reason.data,
            note=form.note.data or None,
            request_key=form.key_of(actor()),
        )
        if isinstance(done, Approval):
            return f"Asked for: a refund of {text_of(done.amount)} {done.currency} waits for a second person."
        status = done.refunds[-1].status if done.refunds else "asked for"
        return _unless_open(done, f"Refund of {text_of(form.money)} {form.money.currency}: {status}.")

    return _carry_out("refund", form, payment.order, payment, act)


@blueprint.get("/orders/<order_id>/cancel")
@requires(Permission.TAKE_PAYMENTS)
def cancel_dialog(order_id: str) -> Response:
    order, payment = _load(order_id)
    if payment is not None:
        payment.check_idle()
        payment.check_voidable()
    return _show("cancel", CancelForm(), order, payment)


@blueprint.post("/orders/<order_id>/cancel")
@requires(Permission.TAKE_PAYMENTS)
def cancel(order_id: str) -> AnyResponse:
    """Cancel the order; what is held for it is voided first."""
    order, payment = _load(order_id)
    form = CancelForm()

    def act() -> str | None:
        done = cancel_order(order_id, form.reason.data, actor(), request_key=form.key_of(actor()))
        return "The order is canceled." if done.state == OrderStatus.CANCELED else None

    return _carry_out("cancel", form, order, payment, act)
