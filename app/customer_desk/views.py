"""The list of customers, one customer, and the page on which a customer sees their own payments."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from app.customer_desk.family import merged_into, standing
from app.customer_desk.queries import (
    COLUMNS,
    CUSTOMERS,
    ORDERS_HERE,
    CustomersForm,
    lifetimes_of,
    newest_disputes_of,
    newest_messages_of,
    newest_orders_of,
)
from app.customers.history import customer_of, link_of
from app.customers.models import Customer, CustomerStatus
from app.db import reading
from app.finding.pages import List
from app.finding.saved import View
from app.languages import language_of, to_say
from app.operators.guards import public, requires
from app.operators.roles import Permission
from app.orders.states import OrderStatus
from app.payments.actions import Action

blueprint = Blueprint("customers", __name__)

LIST = List(
    name="customers",
    noun="customer",
    searched="Name, e-mail, or id",
    endpoint="customers.index",
    form=CustomersForm,
    built_in=(
        View("All", ""),
        View("Active", "status=active"),
        View("Merged", "status=merged"),
        View("Erased", "status=erased"),
    ),
    columns=COLUMNS,
    exported=COLUMNS,
    rows=CUSTOMERS,
)

_S = OrderStatus
_WORDS = {
    _S.AWAITING_PAYMENT: to_say("Not paid yet"),
    _S.IN_REVIEW: to_say("Being checked"),
    _S.AWAITING_AUTHENTICATION: to_say("Waiting for you to confirm"),
    _S.AUTHORIZED: to_say("Reserved, not yet taken"),
    _S.PARTIALLY_CAPTURED: to_say("Paid in part"),
    _S.PAID: to_say("Paid"),
    _S.PAYMENT_FAILED: to_say("Not paid yet"),
    _S.DECLINED: to_say("Not paid yet"),
    _S.PAYMENT_UNKNOWN: to_say("Being checked"),
    _S.CANCELED: to_say("Canceled"),
    _S.PARTIALLY_REFUNDED: to_say("Refunded in part"),
    _S.REFUNDED: to_say("Refunded"),
}
"""An order's status as its customer reads it."""


@blueprint.get("/customers")
@requires(Permission.READ)
def index() -> AnyResponse:
    """Customers by filter, as a page or as a file."""
    return LIST.answer("customers/index.html")


@blueprint.get("/customers/<customer_id>")
@requires(Permission.READ)
def show(customer_id: str) -> AnyResponse:
    """One customer: what their orders came to, each of them, disputes and messages. One who was merged leads on."""
    with reading() as session:
        customer = standing(session, customer_id)
        if customer.id != customer_id:
            return redirect(url_for(".show", customer_id=customer.id), 303)
        page = render_template(
            "customers/show.html",
            customer=customer,
            actions=_actions(customer),
            merged=merged_into(session, customer.id),
            orders=newest_orders_of(session, customer_id, ORDERS_HERE),
            disputes=newest_disputes_of(session, customer_id),
            messages=newest_messages_of(session, customer_id),
            at_most=ORDERS_HERE,
            lifetimes=lifetimes_of(session, customer_id),
            history=link_of(session, customer_id),
        )
    return Response(page)


def _actions(customer: Customer) -> list[Action]:
    """What this operator may do about this customer."""
    if customer.status != CustomerStatus.ACTIVE:
        return []
    merging = url_for("customer_acts.merge_dialog", customer_id=customer.id)
    erasing = url_for("customer_acts.erase_dialog", customer_id=customer.id)
    known = (
        (Permission.MERGE, Action("merge", "Merge", "merge", merging)),
        (Permission.ERASE, Action("erase", "Erase", "user-x", erasing, is_danger=True)),
    )
    return [action for permission, action in known if current_user.may(permission)]


@blueprint.get("/my/<token>")
@public
def history(token: str) -> str:
    """A customer's own payments, in their language; the signed address is the key."""
    with reading() as session:
        customer = customer_of(session, token)
        orders = newest_orders_of(session, customer.id)
    language = language_of(customer.locale)
    return render_template(
        "customers/history.html", customer=customer, orders=orders, words=_WORDS, **language.at_hand()
    )
