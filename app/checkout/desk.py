"""Pay links at the desk: the dialogs that make one or take it back, and what an order's page shows of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, flash, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from app.checkout.forms import LinkForm, RevokeForm
from app.checkout.links import links_of, make_pay_link, revoke_pay_link, url_of
from app.checkout.mailing import mails_of
from app.checkout.models import PayLink
from app.checkout.visits import Use, uses_of
from app.db import reading
from app.errors import NotFound, RuleBroken
from app.forms import KeyedForm
from app.htmx import go_to, render, wants_fragment
from app.notifications.models import Message
from app.operators.guards import requires
from app.operators.roles import Permission
from app.orders.models import Order
from app.orders.queries import find_order
from app.policy import current_policy
from app.security import actor, allow_own_frames

blueprint = Blueprint("pay_links", __name__)


@dataclass(frozen=True)
class Shown:
    """A link on its order's page; `url` only for who may take payments, and while it works."""

    link: PayLink
    use: Use
    mails: Sequence[Message]
    url: str | None


@blueprint.app_template_global()
def pay_links_of(order: Order) -> list[Shown]:
    """The order's links: those that work before the others, the newest first."""
    with reading() as session:
        links = links_of(session, order.id)
        uses, mails = uses_of(session, links), mails_of(session, order.id)
    may_know = current_user.may(Permission.TAKE_PAYMENTS)
    if may_know:
        allow_own_frames()  # the dialog that mails a link shows the letter
    return [
        Shown(link, uses[link.id], mails.get(link.id, ()), url_of(link) if may_know and link.works else None)
        for link in sorted(links, key=lambda link: not link.works)
    ]


def show(
    name: str, form: KeyedForm, order: Order, status: int = 200, link: PayLink | None = None, **values: object
) -> Response:
    """A dialog of a pay link, or the page that stands for it."""
    fragment = f"checkout/{name}.html"
    return render(
        "payments/dialog.html",
        fragment,
        status,
        inside=fragment,
        in_dialog=wants_fragment(),
        form=form,
        order=order,
        link=link,
        **values,
    )


def _load(order_id: str) -> tuple[Order, LinkForm]:
    with reading() as session:
        return find_order(session, order_id), LinkForm(current_policy(session).pay_link_days)


@blueprint.get("/orders/<order_id>/pay-link")
@requires(Permission.TAKE_PAYMENTS)
def make_dialog(order_id: str) -> Response:
    order, form = _load(order_id)
    order.check_payable()
    return show("_make", form, order)


@blueprint.post("/orders/<order_id>/pay-links")
@requires(Permission.TAKE_PAYMENTS)
def make(order_id: str) -> AnyResponse:
    """Make a link; the order's page has it to be copied."""
    order, form = _load(order_id)
    if not form.validate():
        return show("_make", form, order, 422)
    try:
        make_pay_link(order_id, actor(), days=form.days.data, request_key=form.key_of(actor()))
    except RuleBroken as broken:
        form.show(broken)
        return show("_make", form, order, broken.status)
    flash("The pay link is made. Copy it from the order's page.")
    return go_to(url_for("payments.order", order_id=order_id))


def _load_link(link_id: str) -> tuple[PayLink, Order]:
    with reading() as session:
        link = session.get(PayLink, link_id)
        if link is None:
            raise NotFound(f"There is no pay link {link_id}.")
        return link, find_order(session, link.order_id)


@blueprint.get("/pay-links/<link_id>/revoke")
@requires(Permission.TAKE_PAYMENTS)
def revoke_dialog(link_id: str) -> Response:
    link, order = _load_link(link_id)
    return show("_revoke", RevokeForm(), order, link=link)


@blueprint.post("/pay-links/<link_id>/revoke")
@requires(Permission.TAKE_PAYMENTS)
def revoke(link_id: str) -> AnyResponse:
    """Take the link back."""
    link, order = _load_link(link_id)
    form = RevokeForm()
    try:
        revoke_pay_link(link_id, actor())
    except RuleBroken as broken:
        form.show(broken)
        return show("_revoke", form, order, broken.status, link)
    flash("The pay link is revoked.")
    return go_to(url_for("payments.order", order_id=order.id))
