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
from app.orders.queries import ORDERS

blueprint = Blueprint("orders", __name__)

LIST = List(
    name="orders",
    noun="order",
    searched="Reference, e-mail, name, or amount:>100",
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
    rows=ORDERS,
    may_choose=True,
)


@blueprint.get("/orders")
@requires(Permission.READ)
def index() -> AnyResponse:
    """Orders by filter, as a page or as a file; a pasted id goes straight to what it names."""
    return LIST.answer("orders/index.html")
