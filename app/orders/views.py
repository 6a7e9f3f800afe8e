"""The list of orders."""

from __future__ import annotations

import re

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.db import reading
from app.lists import Page
from app.operators.guards import requires
from app.operators.roles import Permission
from app.orders.forms import OrderFilterForm
from app.orders.models import Order
from app.orders.queries import COUNT_AT_MOST, count_orders, list_orders

blueprint = Blueprint("orders", __name__)

ORDERS_PER_PAGE = 25
_ID = re.compile(r"^(ord|pay)_[0-9a-z]{10,40}$", re.ASCII)


@blueprint.get("/orders")
@requires(Permission.READ)
def index() -> AnyResponse:
    """Orders by filter, newest first; a pasted id goes straight to its order."""
    form = OrderFilterForm(request.args)
    pasted = _ID.match(form.q.data or "")
    if pasted is not None:
        to_order = url_for("payments.order", order_id=pasted[0])
        return redirect(to_order if pasted[1] == "ord" else url_for("payments.show", payment_id=pasted[0]), 303)
    valid = form.validate()
    page, count = Page[Order]([]), 0
    if valid:
        with reading() as session:
            page = list_orders(session, form.wanted(), request.args.get("cursor"), ORDERS_PER_PAGE)
            count = count_orders(session, form.wanted())
    html = render_template("orders/index.html", form=form, page=page, count=count, count_at_most=COUNT_AT_MOST)
    return Response(html, 200 if valid else 422)
