"""What the API answers: orders with their payments whole, lists, problems; and how they are made of our rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.approvals import Approval, ApprovalStatus
from app.checkout.models import LinkState
from app.notifications.models import MessageStatus
from app.orders.models import Order
from app.orders.states import OrderStatus
from app.payments.attempts import Attempt
from app.payments.models import Payment
from app.payments.moved import Capture, Refund
from app.payments.states import Operation, PaymentStatus, RefundStatus
from app.risk.models import Assessment, Decision, Level, Mode, level_of


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
    merchant: str | None = None
    category: str | None = None


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


class RiskReasonOut(Answer):
    """What weighed, in words, and by how many points of the score. All that is not told adds the rest."""

    text: str
    points: float


class RiskRuleOut(Answer):
    """A rule that fired."""

    rule: str
    version: int
    name: str
    action: Decision
    mode: Mode


class RiskOut(Answer):
    """What was thought of a payment before it was authorized."""

    decision: Decision
    why: str
    level: Level
    score: int | None = Field(description="0 to 99; null where the model gave none in time: rules alone decided.")
    probability: float | None = Field(description="Of fraud, calibrated.")
    not_assessed: str | None = Field(description="Why there is no score.")
    reasons: list[RiskReasonOut]
    rules: list[RiskRuleOut]
    model_version: str | None
    rules_version: int


class PaymentOut(Answer):
    """One try at paying an order; `gateway_id` is null until the gateway has answered, and stays so where we block.

    `in_review`: authorized, and nothing is captured until a person has looked.
    """

    id: str
    object: Literal["payment"] = "payment"
    version: int
    order: str
    gateway_id: str | None
    status: PaymentStatus | Literal["in_review"]
    amount: int
    currency: str
    amount_capturable: int
    amount_captured: int
    amount_refunded: int
    amount_refundable: int
    amount_disputed: int = Field(description="Held by open chargebacks: not to be refunded until they are decided.")
    amount_disputed_lost: int = Field(description="Lost to chargebacks.")
    capture: bool
    card: CardOut | None
    checks: dict[str, Any] | None
    authentication: dict[str, Any] | None
    next_action: dict[str, Any] | None
    decline: DeclineOut | None
    failure: str | None
    discrepancy: str | None = Field(description="What the gateway says that cannot be; a person looks at it.")
    risk: RiskOut | None = Field(description="Null of payments from before risk was looked at.")
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
    shipped_at: datetime | None
    allowed_actions: list[Literal["pay", "capture", "refund", "cancel"]]
    created_at: datetime


class ApprovalOut(Answer):
    """A question to a second person. `done` was approved and carried out, `failed` could not be any more."""

    id: str
    object: Literal["approval"] = "approval"
    kind: str
    status: ApprovalStatus
    order: str | None
    payment: str | None
    amount: int
    currency: str
    reason: str
    asked_by: str
    asked_at: datetime
    expires_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    decision_reason: str | None
    outcome: str | None


class OrderAwaitingOut(OrderOut):
    """The order as it still is: what was asked for waits for a second person."""

    approval: ApprovalOut


class OrderListOut(Answer):
    """One page, newest first."""

    data: list[OrderOut]
    has_more: bool
    next_cursor: str | None


class PayLinkMailOut(Answer):
    """A letter with the link in it. `kept` while no mail server is set, `dropped` once it was no longer true."""

    id: str
    to: str
    language: str | None
    status: MessageStatus


class PayLinkOut(Answer):
    """A way for the customer to pay by themselves. Whoever has the url can open it. Times are the wall clock's."""

    id: str
    object: Literal["pay_link"] = "pay_link"
    order: str
    url: str | None
    status: LinkState
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    mails: list[PayLinkMailOut]


class PayLinkListOut(Answer):
    """All of an order, newest first."""

    data: list[PayLinkOut]


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
        "refund": bool(live.amount_free),
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
        shipped_at=order.shipped_at,
        allowed_actions=allowed_actions(order, payments),
        created_at=order.created_at,
    )


def approval_out(approval: Approval) -> ApprovalOut:
    """The question and, once there is one, its answer."""
    return ApprovalOut(
        id=approval.id,
        kind=approval.kind,
        status=approval.state,
        order=approval.order_id,
        payment=approval.payment_id,
        amount=approval.amount_minor,
        currency=approval.currency,
        reason=approval.reason,
        asked_by=approval.asked_by_name,
        asked_at=approval.created_at,
        expires_at=approval.expires_at,
        decided_by=approval.decided_by_name,
        decided_at=approval.decided_at,
        decision_reason=approval.decision_reason,
        outcome=approval.outcome,
    )


def payment_out(payment: Payment) -> PaymentOut:
    """The payment with its attempts, captures and refunds, oldest first."""
    card = payment.card
    return PaymentOut(
        id=payment.id,
        version=payment.version,
        order=payment.order_id,
        gateway_id=payment.gateway_id,
        status="in_review" if payment.shown_status == "in_review" else payment.state,
        amount=payment.amount_minor,
        currency=payment.currency,
        amount_capturable=payment.amount_capturable_minor,
        amount_captured=payment.amount_captured_minor,
        amount_refunded=payment.amount_refunded_minor,
        amount_refundable=payment.amount_refundable_minor,
        amount_disputed=payment.amount_disputed_minor,
        amount_disputed_lost=payment.amount_disputed_lost_minor,
        capture=payment.capture,
        card=None if card is None else CardOut(**{name: card.get(name) for name in CardOut.model_fields}),
        checks=payment.checks,
        authentication=payment.authentication,
        next_action=payment.next_action,
        decline=None if payment.decline is None else DeclineOut(**payment.decline),
        failure=payment.failure,
        discrepancy=payment.discrepancy,
        risk=None if payment.assessment is None else _risk_out(payment.assessment),
        authorization_code=payment.authorization_code,
        attempts=[_attempt_out(attempt) for attempt in payment.attempts],
        captures=[_capture_out(capture) for capture in payment.captures],
        refunds=[_refund_out(refund) for refund in payment.refunds],
        why=payment.why,
        created_at=payment.created_at,
        authorized_at=payment.authorized_at,
        expires_at=payment.expires_at,
    )


def _risk_out(assessment: Assessment) -> RiskOut:
    return RiskOut(
        decision=Decision(assessment.decision),
        why=assessment.why,
        level=level_of(assessment.score),
        score=assessment.score,
        probability=None if assessment.probability is None else float(assessment.probability),
        not_assessed=assessment.not_assessed,
        reasons=[RiskReasonOut(**reason) for reason in assessment.reasons],
        rules=[RiskRuleOut(**hit) for hit in assessment.hits],
        model_version=assessment.model_version,
        rules_version=assessment.rules_version,
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
