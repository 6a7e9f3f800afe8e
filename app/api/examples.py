"""One example of each answer, as the OpenAPI document shows it."""

from __future__ import annotations

from typing import Any

from app.api.answers import Answer, OrderListOut, OrderOut, PaymentOut

PAYMENT: dict[str, Any] = {
    "id": "pay_01k9q2x3v8m4t6w0y5z7a1b2c3",
    "object": "payment",
    "version": 2,
    "order": "ord_01k9q2wzr5n3s7v1x4y6z8a0b2",
    "gateway_id": "pay_01k9q2x4a7c9e1g3j5k7m9p1q3",
    "status": "authorized",
    "amount": 4998,
    "currency": "USD",
    "amount_capturable": 4998,
    "amount_captured": 0,
    "amount_refunded": 0,
    "amount_refundable": 0,
    "capture": False,
    "card": {
        "network": "visa",
        "last4": "4242",
        "bin": "424242",
        "funding": "credit",
        "country": "US",
        "exp_month": 12,
        "exp_year": 2030,
        "fingerprint": "6f1c8e3a5b7d9f02",
    },
    "checks": {"cvc": "pass", "avs_line1": "unchecked", "avs_postal_code": "unchecked"},
    "authentication": None,
    "next_action": None,
    "decline": None,
    "failure": None,
    "discrepancy": None,
    "risk": None,
    "authorization_code": "483920",
    "attempts": [
        {
            "id": "att_01k9q2x3w1n5t7v9x1z3b5d7f9",
            "object": "attempt",
            "operation": "authorize",
            "status": "confirmed",
            "amount": 4998,
            "idempotency_key": "5f0c3f1e9b7d4a2c8e6f0a1b2c3d4e5f",
            "opened_at": "2026-11-23T09:30:00.120000Z",
            "unanswered_at": None,
            "closed_at": "2026-11-23T09:30:00.190000Z",
            "refusal": None,
        }
    ],
    "captures": [],
    "refunds": [],
    "why": None,
    "created_at": "2026-11-23T09:30:00.110000Z",
    "authorized_at": "2026-11-23T09:30:00.150000Z",
    "expires_at": "2026-11-30T09:30:00.150000Z",
}

ORDER: dict[str, Any] = {
    "id": "ord_01k9q2wzr5n3s7v1x4y6z8a0b2",
    "object": "order",
    "version": 2,
    "reference": "A-1001",
    "status": "authorized",
    "amount": 4998,
    "amount_authorized": 4998,
    "amount_captured": 0,
    "amount_refunded": 0,
    "currency": "USD",
    "customer": {
        "id": "cus_01k9q2wzq1m3p5r7t9v1x3z5b7",
        "email": "ann@example.com",
        "name": "Ann Example",
        "locale": "en-US",
    },
    "items": [{"name": "Mug", "quantity": 2, "unit_amount": 2499}],
    "merchant": "mer_01k9q2wd3f5h7k9n1q3s5v7x9z",
    "capture_policy": "manual",
    "cancel_reason": None,
    "context": {},
    "metadata": {"channel": "web"},
    "payments": [PAYMENT],
    "disputed": False,
    "allowed_actions": ["capture", "cancel"],
    "created_at": "2026-11-23T09:29:58.400000Z",
}

EXAMPLES: dict[type[Answer], dict[str, Any]] = {
    OrderOut: ORDER,
    PaymentOut: PAYMENT,
    OrderListOut: {"data": [ORDER], "has_more": False, "next_cursor": None},
}
