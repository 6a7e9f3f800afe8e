"""Mail a pay link from the order's page: to whom, in which language, and the letter as its reader will see it."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, Response, flash, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.checkout.desk import show
from app.checkout.forms import MailForm
from app.checkout.links import mail_pay_link, public_url, standing_link
from app.checkout.mailing import facts_for, language_for
from app.checkout.models import PayLink
from app.clock import wall_now
from app.db import reading
from app.errors import RuleBroken
from app.htmx import go_to
from app.languages import Language
from app.notifications.connected import connected
from app.notifications.layout import Mail, lay_out
from app.notifications.letters import Links, MailKind
from app.notifications.views import framed
from app.operators.guards import requires
from app.operators.roles import Permission
from app.orders.models import Order
from app.orders.queries import find_order
from app.policy import current_policy
from app.security import actor, allow_own_frames

blueprint = Blueprint("pay_link_mails", __name__)


def _letter(order: Order, language: Language, to: str | None = None) -> tuple[Mail, PayLink | None, int]:
    """The letter before it is sent, the link that it will hold where that stands already, and a new one's days."""
    with reading() as session:
        link, days = standing_link(session, order.id), current_policy(session).pay_link_days
        until = link.expires_at if link is not None else wall_now() + timedelta(days=days)
        facts = facts_for(session, order, until, to=to)
    links = Links(f"{public_url()}/pay/…", None if facts.is_for_another else f"{public_url()}/my/…")
    return lay_out(MailKind.PAY_LINK, facts, language, links), link, days


def _load(order_id: str) -> Order:
    with reading() as session:
        return find_order(session, order_id)


def _show(form: MailForm, order: Order, status: int = 200) -> Response:
    mail, link, days = _letter(order, language_for(order, form.language.data), form.to.data)
    allow_own_frames()
    return show("_mail", form, order, status, link, days=days, mail=mail, goes_out=_goes_out())


def _goes_out() -> bool:
    """Whether a mail server is set; letters are kept to be read where none is."""
    here = connected()
    return here is not None and here.mail_server.host is not None


@blueprint.get("/orders/<order_id>/pay-link/mail")
@requires(Permission.TAKE_PAYMENTS)
def dialog(order_id: str) -> Response:
    order = _load(order_id)
    order.check_payable()
    return _show(MailForm(order, request.args.get("to"), request.args.get("language")), order)


@blueprint.get("/orders/<order_id>/pay-link/letter")
@requires(Permission.TAKE_PAYMENTS)
def letter(order_id: str) -> Response:
    """The letter itself, for its frame."""
    order = _load(order_id)
    return framed(_letter(order, language_for(order, request.args.get("language")), request.args.get("to"))[0].html)


@blueprint.post("/orders/<order_id>/pay-link/mail")
@requires(Permission.TAKE_PAYMENTS)
def send(order_id: str) -> AnyResponse:
    """Mail the link; or, asked by a button of pages without scripts, only show the letter in another language."""
    order = _load(order_id)
    form = MailForm(order)
    if "look" in request.form:
        return _show(form, order)
    if not form.validate():
        return _show(form, order, 422)
    try:
        mail_pay_link(order_id, form.wish, actor(), form.key_of(actor()))
    except RuleBroken as broken:
        form.show(broken)
        return _show(form, order, broken.status)
    if _goes_out():
        flash(f"The pay link is on its way to {form.to.data}.")
    else:
        flash("The letter is written. No mail server is set, so it is kept under Notifications.", "ask")
    return go_to(url_for("payments.order", order_id=order_id))
