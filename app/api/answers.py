"""What the API answers: orders with their payments whole, lists, problems; and how they are made of our rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.orders.models import Order
from app.orders.states import OrderStatus
from app.payments.models import Attempt, Capture, Payment, Refund
from app.payments.states import Operation, PaymentStatus, RefundStatus


class Answer(BaseModel):
    """An object on the wire. Amounts are whole minor units of `currency`, times are UTC."""

    model_config = ConfigDict(frozen=True)


class CustomerOut(Answer):
    id: str
    email: str
    name: str
    locale: str | None


class ItemOut(Answer):
    name: str
    quantity: int
    unit_amount: int


class CardOut(Answer):
    """What may be known of a card."""

    network: str
    last4: str
    bin: str | None
    funding: str | None
    country: str | None
    exp_month: int | None
    exp_year: int | None
    fingerprint: str | None


class DeclineOut(Answer):
    """Why the issuer said no. `kind` hard: never try this card again; soft: later, or another card."""

    code: str
    network_code: str | None
    kind: str
    message: str


class RefusalOut(Answer):
    """What the gateway said was wrong with the request."""

    status: int
    code: str
    detail: str


class AttemptOut(Answer):
    """One thing asked of the gateway. `unknown`: the answer was lost, it is asked again with the same key."""

    id: str
    object: Literal["attempt"] = "attempt"
    operation: Operation
    status: Literal["open", "unknown", "confirmed", "refused"]
    amount: int | None
    idempotency_key: str
    opened_at: datetime
    unanswered_at: datetime | None
    closed_at: datetime | None
    refusal: RefusalOut | None


class CaptureOut(Answer):
    id: str
    object: Literal["capture"] = "capture"
    amount: int
    currency: str
    created_at: datetime


class RefundOut(Answer):
    id: str
    object: Literal["refund"] = "refund"
    version: int
    amount: int
    currency: str
    status: RefundStatus
    reason: str | None
    note: str | None
    failure: str | None
    created_at: datetime


class PaymentOut(Answer):
    """One try at paying an order; `gateway_id` is null until the gateway has answered."""

    id: str
    object: Literal["payment"] = "payment"
    version: int
    order: str
    gateway_id: str | None
    status: PaymentStatus
    amount: int
    currency: str
    amount_capturable: int
    amount_captured: int
    amount_refunded: int
    amount_refundable: int
    capture: bool
    card: CardOut | None
    checks: dict[str, Any] | None
    authentication: dict[str, Any] | None
    next_action: dict[str, Any] | None
    decline: DeclineOut | None
    failure: str | None
    discrepancy: str | None = Field(description="What the gateway says that cannot be; a person looks at it.")
    risk: None = Field(description="Null while no scorer is at work.")
    authorization_code: str | None
    attempts: list[AttemptOut]
    captures: list[CaptureOut]
    refunds: list[RefundOut]
    why: Any = Field(description="The gateway's reason for the outcome: a card's story, a fault, a setting.")
    created_at: datetime
    authorized_at: datetime | None
    expires_at: datetime | None


class OrderOut(Answer):
    """An order whole, its payments with it, the newest first."""

    id: str
    object: Literal["order"] = "order"
    version: int
    reference: str
    status: OrderStatus
    amount: int
    amount_authorized: int
    amount_captured: int
    amount_refunded: int
    currency: str
    customer: CustomerOut
    items: list[ItemOut]
    merchant: str
    capture_policy: str
    cancel_reason: str | None
    context: dict[str, str]
    metadata: dict[str, str]
    payments: list[PaymentOut]
    disputed: bool
    allowed_actions: list[Literal["pay", "capture", "refund", "cancel"]]
    created_at: datetime


class OrderListOut(Answer):
    """One page, newest first."""

    data: list[OrderOut]
    has_more: bool
    next_cursor: str | None


class FieldErrorOut(Answer):
    """One member or parameter that is wrong, by its JSON pointer, and what would be right."""

    pointer: str
    code: str
    detail: str


class ProblemOut(Answer):
    """RFC 9457: what is wrong, and a request id that finds the line in our log."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    param: str | None = None
    errors: list[FieldErrorOut] | None = None
    current_status: str | None = None
    allowed_actions: list[str] | None = None
    gateway_code: str | None = None


OrderAction = Literal["pay", "capture", "refund", "cancel"]


def allowed_actions(order: Order, payments: Sequence[Payment]) -> list[OrderAction]:
    """What may be done to the order now, by the names of this door."""
    live = next((payment for payment in payments if not payment.is_over), None)
    if live is None:
        if order.state == OrderStatus.CANCELED:
            return []
        return ["pay", "cancel"] if order.is_payable else ["cancel"]
    if live.open_attempt_now() is not None:
        return []
    questions: dict[OrderAction, bool] = {
        "capture": live.is_capturable,
        "refund": live.is_refundable,
        "cancel": live.is_voidable and live.amount_captured_minor == 0,
    }
    return [action for action, allowed in questions.items() if allowed]


def order_out(order: Order, payments: Sequence[Payment]) -> OrderOut:
    """The order with `payments`, all of its own, newest first."""
    return OrderOut(
        id=order.id,
        version=order.version,
        reference=order.reference,
        status=order.state,
        amount=order.amount_minor,
        amount_authorized=order.amount_authorized_minor,
        amount_captured=order.amount_captured_minor,
        amount_refunded=order.amount_refunded_minor,
        currency=order.currency,
        customer=CustomerOut(
            id=order.customer_id, email=order.customer_email, name=order.customer_name, locale=order.customer_locale
        ),
        items=[ItemOut(**item) for item in order.items],
        merchant=order.merchant_id,
        capture_policy=order.capture_policy,
        cancel_reason=order.cancel_reason,
        context=order.context,
        metadata=order.details,
        payments=[payment_out(payment) for payment in payments],
        disputed=order.disputed,
        allowed_actions=allowed_actions(order, payments),
        created_at=order.created_at,
    )


def payment_out(payment: Payment) -> PaymentOut:
    """The payment with its attempts, captures and refunds, oldest first."""
    card = payment.card
    return PaymentOut(
        id=payment.id,
        version=payment.version,
        order=payment.order_id,
        gateway_id=payment.gateway_id,
        status=payment.state,
        amount=payment.amount_minor,
        currency=payment.currency,
        amount_capturable=payment.amount_capturable_minor,
        amount_captured=payment.amount_captured_minor,
        amount_refunded=payment.amount_refunded_minor,
        amount_refundable=payment.amount_refundable_minor,
        capture=payment.capture,
        card=None if card is None else CardOut(**{name: card.get(name) for name in CardOut.model_fields}),
        checks=payment.checks,
        authentication=payment.authentication,
        next_action=payment.next_action,
        decline=None if payment.decline is None else DeclineOut(**payment.decline),
        failure=payment.failure,
        discrepancy=payment.discrepancy,
        risk=None,
        authorization_code=payment.authorization_code,
        attempts=[_attempt_out(attempt) for attempt in payment.attempts],
        captures=[_capture_out(capture) for capture in payment.captures],
        refunds=[_refund_out(refund) for refund in payment.refunds],
        why=payment.why,
        created_at=payment.created_at,
        authorized_at=payment.authorized_at,
        expires_at=payment.expires_at,
    )


def _attempt_out(attempt: Attempt) -> AttemptOut:
    status: Literal["open", "unknown", "confirmed", "refused"]
    if attempt.is_open:
        status = "open" if attempt.unanswered_at is None else "unknown"
    else:
        status = "confirmed" if attempt.refusal is None else "refused"
    return AttemptOut(
        id=attempt.id,
        operation=Operation(attempt.operation),
        status=status,
        amount=attempt.amount_minor,
        idempotency_key=attempt.idempotency_key,
        opened_at=attempt.opened_at,
        unanswered_at=attempt.unanswered_at,
        closed_at=attempt.closed_at,
        refusal=None if attempt.refusal is None else RefusalOut(**attempt.refusal),
    )


def _capture_out(capture: Capture) -> CaptureOut:
    return CaptureOut(
        id=capture.id, amount=capture.amount_minor, currency=capture.currency, created_at=capture.created_at
    )


def _refund_out(refund: Refund) -> RefundOut:
    return RefundOut(
        id=refund.id,
        version=refund.version,
        amount=refund.amount_minor,
        currency=refund.currency,
        status=RefundStatus(refund.status),
        reason=refund.reason,
        note=refund.note,
        failure=refund.failure,
        created_at=refund.created_at,
    )
