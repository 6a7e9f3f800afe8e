"""The list of orders."""

from __future__ import annotations

from flask import Blueprint
from werkzeug.wrappers import Response as AnyResponse

from app.finding.pages import List
from app.finding.saved import View
from app.operators.guards import requires
from app.operators.roles import Permission
from app.orders.columns import COLUMNS, EXPORTED
from app.orders.forms import OrdersForm
from app.orders.models import Order
from app.orders.queries import count_orders, list_orders, select_orders

blueprint = Blueprint("orders", __name__)

ORDERS = List(
    name="orders",
    endpoint="orders.index",
    form=OrdersForm,
    built_in=(
        View("All", ""),
        View("To capture", "status=authorized&status=partially_captured"),
        View("Unknown", "status=payment_unknown"),
        View("To retry", "status=payment_failed"),
        View("Declined, 7 days", "created=7d&status=declined"),
    ),
    columns=COLUMNS,
    exported=EXPORTED,
    select=select_orders,
    page=list_orders,
    count=count_orders,
    keys=(Order.created_at, Order.amount_minor, Order.id),
)


@blueprint.get("/orders")
@requires(Permission.READ)
def index() -> AnyResponse:
    """Orders by filter, as a page or as a file; a pasted id goes straight to what it names."""
    return ORDERS.answer("orders/index.html")
