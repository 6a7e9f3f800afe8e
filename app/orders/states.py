"""The order's statuses, drawn; and which of them a payment's status brings."""

from __future__ import annotations

import enum

from app.drawing import Drawing


class OrderStatus(enum.StrEnum):
    AWAITING_PAYMENT = "awaiting_payment"
    IN_REVIEW = "in_review"
    AWAITING_AUTHENTICATION = "awaiting_authentication"
    AUTHORIZED = "authorized"
    PARTIALLY_CAPTURED = "partially_captured"
    PAID = "paid"
    PAYMENT_FAILED = "payment_failed"
    DECLINED = "declined"
    PAYMENT_UNKNOWN = "payment_unknown"
    CANCELED = "canceled"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"


_S = OrderStatus
_OUTCOMES = {
    _S.AWAITING_AUTHENTICATION,
    _S.AUTHORIZED,
    _S.PAID,
    _S.DECLINED,
    _S.PAYMENT_FAILED,
    _S.PAYMENT_UNKNOWN,
    _S.AWAITING_PAYMENT,
}

ORDER = Drawing[OrderStatus](
    {
        _S.AWAITING_PAYMENT: {_S.IN_REVIEW, _S.CANCELED} | _OUTCOMES,
        _S.IN_REVIEW: {_S.CANCELED} | _OUTCOMES,
        _S.AWAITING_AUTHENTICATION: {_S.IN_REVIEW, _S.CANCELED} | _OUTCOMES,
        _S.PAYMENT_UNKNOWN: {
            _S.IN_REVIEW,
            _S.CANCELED,
            _S.PARTIALLY_CAPTURED,
            _S.PARTIALLY_REFUNDED,
            _S.REFUNDED,
        }
        | _OUTCOMES,
        _S.DECLINED: {_S.IN_REVIEW, _S.CANCELED} | _OUTCOMES,
        _S.PAYMENT_FAILED: {_S.IN_REVIEW, _S.CANCELED} | _OUTCOMES,
        _S.AUTHORIZED: {
            _S.PARTIALLY_CAPTURED,
            _S.PAID,
            _S.CANCELED,
            _S.AWAITING_PAYMENT,
            _S.PAYMENT_FAILED,
            _S.PAYMENT_UNKNOWN,
        },
        _S.PARTIALLY_CAPTURED: {_S.PAID, _S.PAYMENT_UNKNOWN},
        _S.PAID: {_S.PARTIALLY_REFUNDED, _S.REFUNDED, _S.PAYMENT_UNKNOWN},
        _S.PARTIALLY_REFUNDED: {_S.REFUNDED, _S.PAID, _S.PAYMENT_UNKNOWN},
        _S.REFUNDED: {_S.PARTIALLY_REFUNDED, _S.PAID, _S.PAYMENT_UNKNOWN},  # back when a refund fails
        _S.CANCELED: set(),
    }
)

PAYABLE = frozenset({_S.AWAITING_PAYMENT, _S.DECLINED, _S.PAYMENT_FAILED})
"""An order in one of these may be paid, or paid again."""
