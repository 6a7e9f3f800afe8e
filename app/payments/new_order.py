"""A new test order: placed, and paid with a card of the catalogue where one was chosen."""

from __future__ import annotations

import secrets

from flask import Blueprint, Response, flash, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.db import reading
from app.errors import GatewayUnavailable, InvalidInput, RuleBroken
from app.filters import account_now
from app.htmx import go_to, render
from app.merchants.queries import all_merchants
from app.operators.guards import requires
from app.operators.roles import Permission
from app.orders.forms import NewOrderForm
from app.orders.models import Order
from app.orders.place import place_order
from app.payments.authorize import PaymentRequest, authorize_payment
from app.payments.cards import card_choices
from app.payments.views import return_url
from app.security import actor

blueprint = Blueprint("new_order", __name__)


def _form() -> tuple[NewOrderForm, bool]:
    """The form, and whether the gateway told its catalogue."""
    with reading() as session:
        form = NewOrderForm(list(all_merchants(session)), reference=_next_reference())
    cards = card_choices()
    form.offer(cards)
    return form, cards is not None


def _next_reference() -> str:
    return f"T-{account_now():%y%m%d}-{secrets.token_hex(3).upper()}"


def _page(form: NewOrderForm, *, told: bool, status: int = 200) -> Response:
    return Response(render_template("orders/new.html", form=form, told=told), status)


@blueprint.get("/orders/new")
@requires(Permission.TAKE_PAYMENTS)
def new() -> Response:
    form, told = _form()
    return _page(form, told=told)


@blueprint.post("/orders/new/items")
@requires(Permission.TAKE_PAYMENTS)
def items() -> Response:
    """The same form with a line more or less, and its total."""
    form, told = _form()
    form.change_items(request.form.get("change", ""))
    return render("orders/new.html", "orders/_items.html", form=form, told=told)


@blueprint.post("/orders")
@requires(Permission.TAKE_PAYMENTS)
def create() -> AnyResponse:
    """Place the order and pay it; what goes wrong with the payment is told on the order's page."""
    form, told = _form()
    if not form.validate():
        return _page(form, told=told, status=422)
    try:
        placed = place_order(form.new_order(), actor(), request_key=form.key_of(actor()))
    except InvalidInput as wrong:
        form.show(wrong)
        return _page(form, told=told, status=422)
    if form.test_card.data:
        _pay(placed, form)
    return go_to(url_for("payments.order", order_id=placed.id))


def _pay(placed: Order, form: NewOrderForm) -> None:
    paying = PaymentRequest(test_card=form.test_card.data, return_url=return_url())
    try:
        authorize_payment(placed.id, paying, actor(), request_key=form.key_of(actor()))
    except GatewayUnavailable:
        flash("The order is placed, but the gateway does not answer: no payment was begun. Pay it later.", "ask")
    except RuleBroken as broken:
        flash(f"The order is placed, but it was not paid: {broken.detail}", "bad")
