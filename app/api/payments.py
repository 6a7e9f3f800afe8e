"""Money over the API: pay an order, capture, refund."""

from __future__ import annotations

import re

from app.api.answers import ApprovalOut, OrderAwaitingOut, OrderOut, PaymentOut, approval_out, payment_out
from app.api.asked import CaptureIn, NewPaymentIn, RefundIn, ShipmentIn
from app.api.operations import Answered, Call, operation
from app.api.orders import known_order, whole_order
from app.api.refusals import not_now, told_of_order
from app.approvals import Approval
from app.approvals.ask import get_approval as find
from app.db import reading
from app.errors import NotFound
from app.money import Money
from app.operators.roles import Permission
from app.payments.authorize import PaymentRequest, authorize_payment
from app.payments.capture import capture_payment
from app.payments.models import Payment
from app.payments.queries import get_payment, live_payment_of
from app.payments.refund import refund_or_ask
from app.payments.ship import ship_order

_APPROVAL_ID = re.compile(r"^apr_[0-9a-z]{26}$")
_REFUSED = (
    "not_found",
    "invalid_transition",
    "operation_in_progress",
    "mismatch",
    "refused_by_gateway",
    "gateway_outage",
    "gateway_refused",
)


@operation(
    "POST",
    "/orders/{order_id}/payments",
    "Pay an order",
    permission=Permission.TAKE_PAYMENTS,
    status=201,
    body=NewPaymentIn,
    answer=PaymentOut,
    problems=(*_REFUSED, "token_used", "gateway_unavailable"),
)
def post_payment(call: Call, order_id: str, body: NewPaymentIn) -> Answered:
    """Authorize the order's amount. A decline is an answer, and so is an outcome that is not known yet: see status.

    `requires_action` gives the address of the 3-D Secure challenge in next_action. An order that was declined may be
    paid again.
    """
    with reading() as session:
        known_order(session, order_id)
    request = PaymentRequest(
        token=body.token,
        test_card=body.test_card,
        capture=body.capture,
        return_url=body.return_url,
        three_ds=body.three_ds,
    )
    with told_of_order(order_id):
        payment = authorize_payment(order_id, request, call.actor, request_key=call.request_key)
    return Answered(payment_out(get_payment(payment.id)), f"/api/orders/{order_id}")


@operation(
    "POST",
    "/orders/{order_id}/captures",
    "Capture",
    permission=Permission.TAKE_PAYMENTS,
    body=CaptureIn,
    answer=OrderOut,
    problems=(*_REFUSED, "amount_too_large", "capture_failed"),
)
def post_capture(call: Call, order_id: str, body: CaptureIn) -> Answered:
    """Take all that is held, or a part. Parts may follow each other until one is final or nothing is left."""
    payment = _live_payment(order_id, "captured")
    amount = None if body.amount is None else Money(body.amount, payment.currency)
    with told_of_order(order_id):
        capture_payment(payment.id, amount, call.actor, final=body.final, request_key=call.request_key)
    return Answered(whole_order(order_id))


@operation(
    "POST",
    "/orders/{order_id}/shipments",
    "Ship",
    permission=Permission.TAKE_PAYMENTS,
    body=ShipmentIn,
    answer=OrderOut,
    problems=(*_REFUSED, "amount_too_large"),
)
def post_shipment(call: Call, order_id: str, body: ShipmentIn) -> Answered:
    """The order has left the house. Where its capture_policy is on_shipment, what is held is captured first.

    Nothing counts as shipped before its money was taken: shipped_at stays null while that is not known.
    """
    with reading() as session:
        order = known_order(session, order_id)
    amount = None if body.amount is None else Money(body.amount, order.currency)
    with told_of_order(order_id):
        ship_order(order_id, amount, call.actor, tracking=body.tracking, final=body.final, request_key=call.request_key)
    return Answered(whole_order(order_id))


@operation(
    "POST",
    "/orders/{order_id}/refunds",
    "Refund",
    permission=Permission.REFUND,
    status=201,
    body=RefundIn,
    answer=OrderOut,
    later=OrderAwaitingOut,
    problems=(*_REFUSED, "amount_too_large", "refund_blocked_by_dispute", "approval_pending"),
)
def post_refund(call: Call, order_id: str, body: RefundIn) -> Answered:
    """Give back all that was captured and not refunded yet, or a part.

    More than may be refunded alone is asked for instead (202): `approval` waits for a second person in the dashboard.
    """
    payment = _live_payment(order_id, "refunded")
    amount = None if body.amount is None else Money(body.amount, payment.currency)
    with told_of_order(order_id):
        done = refund_or_ask(
            payment.id, amount, call.actor, reason=body.reason, note=body.note, request_key=call.request_key
        )
    order = whole_order(order_id)
    if isinstance(done, Approval):
        waiting = OrderAwaitingOut(**dict(order), approval=approval_out(done))
        return Answered(waiting, f"/api/approvals/{done.id}")
    return Answered(order, f"/api/orders/{order_id}")


@operation(
    "GET",
    "/approvals/{approval_id}",
    "Look at an approval",
    permission=Permission.READ,
    answer=ApprovalOut,
    problems=("not_found",),
)
def get_approval(call: Call, approval_id: str) -> Answered:
    """What became of something that a second person was asked for. Deciding is for people, in the dashboard."""
    if not _APPROVAL_ID.fullmatch(approval_id):
        raise NotFound("There is no such approval: ids look like apr_ and 26 letters and digits.")
    with reading() as session:
        return Answered(approval_out(find(session, approval_id)))


def _live_payment(order_id: str, verb: str) -> Payment:
    with reading() as session:
        order = known_order(session, order_id)
        payment = live_payment_of(session, order_id)
    if payment is None:
        raise not_now(order_id, f"The order is {order.state.value.replace('_', ' ')}: nothing can be {verb} now.")
    return payment
