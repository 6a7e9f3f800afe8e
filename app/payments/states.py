"""The payment's statuses, drawn. Two are ours: `unknown` until an answer is recorded, `blocked` if never asked for."""

from __future__ import annotations

import enum

from app.drawing import Drawing
from app.orders.states import OrderStatus


class PaymentStatus(enum.StrEnum):
    UNKNOWN = "unknown"
    BLOCKED = "blocked"
    """Refused by our own rules: the gateway was never asked."""
    REQUIRES_ACTION = "requires_action"
    PROCESSING = "processing"
    AUTHORIZED = "authorized"
    PARTIALLY_CAPTURED = "partially_captured"
    CAPTURED = "captured"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"
    VOIDED = "voided"
    EXPIRED = "expired"
    DECLINED = "declined"
    FAILED = "failed"


_S = PaymentStatus

PAYMENT = Drawing[PaymentStatus](
    {
        _S.UNKNOWN: {
            _S.BLOCKED,
            _S.REQUIRES_ACTION,
            _S.PROCESSING,
            _S.AUTHORIZED,
            _S.CAPTURED,
            _S.DECLINED,
            _S.FAILED,
        },
        _S.BLOCKED: set(),
        _S.REQUIRES_ACTION: {_S.AUTHORIZED, _S.CAPTURED, _S.DECLINED, _S.PROCESSING, _S.VOIDED, _S.EXPIRED},
        _S.PROCESSING: {_S.AUTHORIZED, _S.CAPTURED, _S.DECLINED, _S.FAILED},
        _S.AUTHORIZED: {_S.PARTIALLY_CAPTURED, _S.CAPTURED, _S.VOIDED, _S.EXPIRED},
        _S.PARTIALLY_CAPTURED: {_S.CAPTURED},
        _S.CAPTURED: {_S.PARTIALLY_REFUNDED, _S.REFUNDED},
        _S.PARTIALLY_REFUNDED: {_S.REFUNDED, _S.CAPTURED},  # back when a refund fails
        _S.REFUNDED: {_S.PARTIALLY_REFUNDED, _S.CAPTURED},
        _S.VOIDED: set(),
        _S.EXPIRED: set(),
        _S.DECLINED: set(),
        _S.FAILED: set(),
    }
)

OVER = frozenset({_S.BLOCKED, _S.VOIDED, _S.EXPIRED, _S.DECLINED, _S.FAILED})
"""Nothing is held and nothing was taken: the order may be paid again."""
OURS = frozenset({_S.UNKNOWN, _S.BLOCKED})
"""No gateway says these."""

ORDER_STATUS = {
    _S.UNKNOWN: OrderStatus.PAYMENT_UNKNOWN,
    _S.BLOCKED: OrderStatus.DECLINED,
    _S.REQUIRES_ACTION: OrderStatus.AWAITING_AUTHENTICATION,
    _S.PROCESSING: OrderStatus.PAYMENT_UNKNOWN,
    _S.AUTHORIZED: OrderStatus.AUTHORIZED,
    _S.PARTIALLY_CAPTURED: OrderStatus.PARTIALLY_CAPTURED,
    _S.CAPTURED: OrderStatus.PAID,
    _S.PARTIALLY_REFUNDED: OrderStatus.PARTIALLY_REFUNDED,
    _S.REFUNDED: OrderStatus.REFUNDED,
    _S.VOIDED: OrderStatus.AWAITING_PAYMENT,
    _S.EXPIRED: OrderStatus.PAYMENT_FAILED,
    _S.DECLINED: OrderStatus.DECLINED,
    _S.FAILED: OrderStatus.PAYMENT_FAILED,
}
"""What each status of the newest payment makes of its order."""


class Operation(enum.StrEnum):
    """What the app asks of the gateway."""

    AUTHORIZE = "authorize"
    CAPTURE = "capture"
    VOID = "void"
    REFUND = "refund"

    @property
    def noun(self) -> str:
        """What it is called in a sentence: an authorization, a capture, …"""
        return "authorization" if self is Operation.AUTHORIZE else self.value


class RefundStatus(enum.StrEnum):
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


REFUND = Drawing[RefundStatus](
    {
        RefundStatus.PENDING: {RefundStatus.SUCCEEDED, RefundStatus.FAILED},
        RefundStatus.SUCCEEDED: {RefundStatus.FAILED},
        RefundStatus.FAILED: set(),
    }
)
