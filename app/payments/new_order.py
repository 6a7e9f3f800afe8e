"""A new test order: placed, and paid with a card of the catalogue where one was chosen."""

from __future__ import annotations

import secrets

from flask import Blueprint, Response, flash, render_template, request, url_for
from flask_login import current_user
from werkzeug.exceptions import Forbidden
from werkzeug.wrappers import Response as AnyResponse

from app.db import reading
from app.errors import GatewayUnavailable, InvalidInput, RuleBroken
from app.filters import account_now
from app.htmx import go_to, render
from app.merchants.queries import all_merchants
from app.operators.guards import requires
from app.operators.roles import Permission
from app.orders.models import Order
from app.orders.place import place_order
from app.payments.authorize import PaymentRequest, authorize_payment
from app.payments.cards import catalogue
from app.payments.queries import attempt_of_request
from app.payments.stories import STORIES, Story, TestOrderForm
from app.payments.views import return_url
from app.sandbox.faults import lose_next_answer
from app.security import actor

blueprint = Blueprint("new_order", __name__)


def _form() -> TestOrderForm:
    with reading() as session:
        merchants = list(all_merchants(session))
    form = TestOrderForm(merchants, catalogue(), reference=_next_reference())
    if form.loses_answer.data and not current_user.may(Permission.DEVELOP):
        raise Forbidden("Losing answers on purpose takes the permission develop.")
    return form


def _next_reference() -> str:
    return f"T-{account_now():%y%m%d}-{secrets.token_hex(3).upper()}"


def _page(form: TestOrderForm, status: int = 200) -> Response:
    return Response(render_template("orders/new.html", form=form, stories=_stories()), status)


def _stories() -> dict[str, Story]:
    """The stories that this operator may play."""
    develops = current_user.may(Permission.DEVELOP)
    return {name: story for name, story in STORIES.items() if develops or not story.loses_answer}


@blueprint.get("/orders/new")
@requires(Permission.TAKE_PAYMENTS)
def new() -> Response:
    """The form, filled for the story that the address names."""
    form = _form()
    name = request.args.get("story", "")
    if name in _stories():
        form.play(name)
    return _page(form)


@blueprint.post("/orders/new/items")
@requires(Permission.TAKE_PAYMENTS)
def items() -> Response:
    """The same form with a line more or less, and its total."""
    form = _form()
    form.change_items(request.form.get("change", ""))
    return render("orders/new.html", "orders/_items.html", form=form, stories=_stories())


@blueprint.post("/orders")
@requires(Permission.TAKE_PAYMENTS)
def create() -> AnyResponse:
    """Place the order and pay it; what goes wrong with the payment is told on the order's page."""
    form = _form()
    if not form.validate():
        return _page(form, 422)
    try:
        placed = place_order(form.new_order(), actor(), request_key=form.key_of(actor()))
    except InvalidInput as wrong:
        form.show(wrong)
        return _page(form, 422)
    if form.test_card.data:
        _pay(placed, form)
    return go_to(url_for("payments.order", order_id=placed.id))


def _pay(placed: Order, form: TestOrderForm) -> None:
    paying = PaymentRequest(test_card=form.test_card.data, return_url=return_url())
    key, story = form.key_of(actor()), form.played()
    try:
        if form.loses_answer.data and attempt_of_request(key) is None:
            lose_next_answer(placed, actor())
        authorize_payment(placed.id, paying, actor(), request_key=key)
        if story is not None:
            flash(f"{story.title}. {story.then}", "tip")
    except GatewayUnavailable:
        flash("The order is placed, but the gateway does not answer: no payment was begun. Pay it later.", "ask")
    except RuleBroken as broken:
        flash(f"The order is placed, but it was not paid: {broken.detail}", "bad")
