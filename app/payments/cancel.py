"""Cancel an order: what is held for it is voided first."""

from __future__ import annotations

from app.db import transaction
from app.errors import NotFound, RuleBroken
from app.orders.models import Order
from app.orders.states import OrderStatus
from app.payments.ask import carry_out_again
from app.payments.models import lock_order
from app.payments.queries import attempt_of_request, live_payment_of
from app.payments.void import void_payment
from app.timeline import Actor
from app.timeline.queries import was_caused_by


def cancel_order(order_id: str, reason: str | None, actor: Actor, *, request_key: str | None = None) -> Order:
    """Cancel it if nothing was taken. While the void is unanswered the order is unknown, canceled afterwards."""
    words = (reason or "").strip() or "canceled on request"
    standing = attempt_of_request(request_key)
    if standing is not None:
        return carry_out_again(standing).order
    with transaction() as session:
        order = lock_order(session, order_id)
        if order is None:
            raise NotFound(f"There is no order {order_id}.")
        if was_caused_by(session, order_id, request_key):
            return order
        payment = live_payment_of(session, order_id)
        if payment is None:
            if order.state == OrderStatus.CANCELED:
                raise RuleBroken(
                    "invalid_transition",
                    "The order is canceled already.",
                    current_status=order.status,
                    allowed_actions=[],
                )
            order.cancel_reason = words
            order.change(session)
            order.follow(session, OrderStatus.CANCELED, actor, request_key)
            return order
    if payment.amount_captured_minor > 0:
        raise RuleBroken(
            "invalid_transition",
            f"{payment.amount_captured} was captured already: refund it instead of canceling.",
            current_status=order.status,
            allowed_actions=payment.allowed_actions(),
        )
    return void_payment(payment.id, actor, request_key=request_key, then_cancel=words).order
