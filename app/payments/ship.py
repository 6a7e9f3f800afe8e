"""Mark an order as shipped; where its policy says so, what is held for it is captured first."""

from __future__ import annotations

from app.db import transaction
from app.errors import NotFound, RuleBroken
from app.money import Money
from app.orders.models import Order
from app.orders.shipments import write_shipment
from app.orders.states import OrderStatus
from app.payments.ask import carry_out_again
from app.payments.capture import capture_payment
from app.payments.models import lock_order
from app.payments.queries import attempt_of_request, live_payment_of
from app.timeline import Actor
from app.timeline.queries import was_caused_by

PAID = frozenset(
    {OrderStatus.PARTIALLY_CAPTURED, OrderStatus.PAID, OrderStatus.PARTIALLY_REFUNDED, OrderStatus.REFUNDED}
)
"""An order in one of these has money that was taken for it."""


def ship_order(
    order_id: str,
    amount: Money | None,
    actor: Actor,
    *,
    tracking: str | None = None,
    final: bool = False,
    request_key: str | None = None,
) -> Order:
    """Nothing counts as shipped before its money is captured: of an order that is paid on shipment `amount`, or all
    that is held; of any other nothing, for it must have been captured already.

    While the capture is unanswered the order is unknown, and shipped afterwards. Raises NotFound, RuleBroken.
    """
    standing = attempt_of_request(request_key)
    if standing is not None:
        return carry_out_again(standing).order
    told = {"tracking": tracking} if tracking else {}
    with transaction() as session:
        order = lock_order(session, order_id)
        if order is None:
            raise NotFound(f"There is no order {order_id}.")
        if was_caused_by(session, order_id, request_key):
            return order
        payment = live_payment_of(session, order_id)
        captures = payment is not None and payment.is_held and order.captures_on_shipment
        if not captures:
            order.check_shippable(PAID)
            if amount is not None:
                raise RuleBroken("invalid_transition", "Nothing is held that could be captured with the shipment.")
            write_shipment(session, order, told, actor, request_key)
            return order
    assert payment is not None, "what is held has a payment"
    return capture_payment(
        payment.id, amount, actor, final=final or amount is None, request_key=request_key, then_ship=told
    ).order
