"""Orders over the API: place, look at, list, cancel."""

from __future__ import annotations

import re

from sqlalchemy.orm import Session

from app.api.answers import OrderListOut, OrderOut, order_out
from app.api.asked import CancelIn, NewOrderIn, OrdersQuery
from app.api.operations import Answered, Call, operation
from app.api.problems import ApiProblem
from app.api.refusals import told_of_order
from app.db import reading
from app.errors import InvalidInput, NotFound
from app.finding.wanted import Wanted
from app.operators.roles import Permission
from app.orders.models import Order
from app.orders.place import place_order
from app.orders.queries import ORDERS, find_order
from app.payments.cancel import cancel_order
from app.payments.queries import payments_of, payments_of_orders

_ID = re.compile(r"^ord_[0-9a-z]{26}$")
_BY_ID = {"order_id": "$response.body#/id"}
_WHAT_FOLLOWS = dict.fromkeys(
    ("get_order", "post_payment", "post_capture", "post_shipment", "post_refund", "post_cancel"), _BY_ID
)


def known_order(session: Session, order_id: str) -> Order:
    """The order; NotFound, also for what cannot be an id at all."""
    if not _ID.fullmatch(order_id):
        raise NotFound("There is no such order: ids look like ord_ and 26 letters and digits.")
    return find_order(session, order_id)


def whole_order(order_id: str) -> OrderOut:
    """The order with its payments as they are now."""
    with reading() as session:
        return order_out(known_order(session, order_id), payments_of(session, order_id))


@operation(
    "POST",
    "/orders",
    "Place an order",
    permission=Permission.TAKE_PAYMENTS,
    status=201,
    body=NewOrderIn,
    answer=OrderOut,
    links=_WHAT_FOLLOWS,
)
def post_order(call: Call, body: NewOrderIn) -> Answered:
    """The order is taken and awaits its payment. A reference can be used once per merchant."""
    order = place_order(body.as_order(), call.actor, request_key=call.request_key)
    return Answered(whole_order(order.id), f"/api/orders/{order.id}")


@operation(
    "GET",
    "/orders/{order_id}",
    "Look at an order",
    permission=Permission.READ,
    answer=OrderOut,
    problems=("not_found",),
)
def get_order(call: Call, order_id: str) -> Answered:
    """The order as it is now, with every payment, attempt, capture and refund."""
    return Answered(whole_order(order_id))


@operation(
    "GET",
    "/orders",
    "List orders",
    permission=Permission.READ,
    query=OrdersQuery,
    answer=OrderListOut,
    problems=("invalid_cursor",),
)
def get_orders(call: Call, query: OrdersQuery) -> Answered:
    """Newest first. next_cursor leads to the next page; nothing repeats while orders are added."""
    wanted = Wanted(
        statuses=(query.status,) if query.status else (),
        reference=query.reference,
        customer=query.customer,
        created_after=query.created_after,
        created_before=query.created_before,
    )
    with reading() as session:
        try:
            page = ORDERS.page(session, wanted, query.cursor, query.limit)
        except InvalidInput:
            raise ApiProblem("invalid_cursor", param="/cursor") from None
        payments = payments_of_orders(session, [order.id for order in page.items])
        data = [order_out(order, payments[order.id]) for order in page.items]
    return Answered(OrderListOut(data=data, has_more=page.has_more, next_cursor=page.next_cursor))


@operation(
    "POST",
    "/orders/{order_id}/cancel",
    "Cancel an order",
    permission=Permission.TAKE_PAYMENTS,
    body=CancelIn,
    answer=OrderOut,
    problems=("not_found", "invalid_transition", "operation_in_progress", "gateway_outage"),
)
def post_cancel(call: Call, order_id: str, body: CancelIn) -> Answered:
    """What is held for it is released first. An order that was captured is refunded instead."""
    with reading() as session:
        known_order(session, order_id)
    with told_of_order(order_id):
        cancel_order(order_id, body.reason, call.actor, request_key=call.request_key)
    return Answered(whole_order(order_id))
