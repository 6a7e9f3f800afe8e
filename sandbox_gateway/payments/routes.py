"""The addresses of payments."""

from sandbox_gateway.lists import Page
from sandbox_gateway.payments import moves
from sandbox_gateway.payments.capture import CaptureCreate, create_capture
from sandbox_gateway.payments.create import PaymentCreate, create_payment, subject_of_creation
from sandbox_gateway.payments.payment import PaymentBody
from sandbox_gateway.payments.queries import (
    PaymentQuery,
    get_payment,
    list_payments,
    subject_of_payment,
)
from sandbox_gateway.payments.void import void_payment
from sandbox_gateway.routes import Route

ROUTES = [
    Route(
        "POST",
        "/v1/payments",
        create_payment,
        "Pay with a token",
        tag="Payments",
        description="Answers 201 whatever the issuer said: a decline is a result, not an error.",
        body=PaymentCreate,
        answer=PaymentBody,
        status=201,
        operation="payment",
        subject=subject_of_creation,
        problems=("token_not_found", "token_used", "token_expired", "amount_mismatch", "currency_mismatch"),
    ),
    Route(
        "GET",
        "/v1/payments",
        list_payments,
        "List payments, newest first",
        tag="Payments",
        query=PaymentQuery,
        answer=Page[PaymentBody],
        operation="list",
        problems=("invalid_cursor",),
    ),
    Route(
        "GET",
        "/v1/payments/<payment_id>",
        get_payment,
        "One payment",
        tag="Payments",
        answer=PaymentBody,
        operation="get",
        subject=subject_of_payment,
    ),
    Route(
        "POST",
        "/v1/payments/<payment_id>/capture",
        create_capture,
        "Capture held money",
        tag="Payments",
        description="All that is capturable, or a part; partial captures may repeat until one is final.",
        body=CaptureCreate,
        answer=PaymentBody,
        operation="capture",
        subject=subject_of_payment,
        problems=("invalid_transition", "amount_too_large"),
    ),
    Route(
        "POST",
        "/v1/payments/<payment_id>/void",
        void_payment,
        "Release held money",
        tag="Payments",
        answer=PaymentBody,
        operation="void",
        subject=subject_of_payment,
        problems=("invalid_transition",),
    ),
    *moves.ROUTES,
]
