"""Refund: give captured money back, all or part, with a reason."""

from __future__ import annotations

from typing import Any

from app.errors import InvalidInput
from app.money import Money
from app.payments.models import Payment
from app.payments.operate import operate
from app.payments.states import Operation
from app.timeline import Actor

REASONS = ("requested_by_customer", "duplicate", "fraudulent", "other")


def refund_payment(
    payment_id: str,
    amount: Money | None,
    actor: Actor,
    *,
    reason: str = "requested_by_customer",
    note: str | None = None,
    request_key: str | None = None,
) -> Payment:
    """Give back `amount`, or all that is left. Raises NotFound, RuleBroken, InvalidInput for an unknown reason."""
    if reason not in REASONS:
        raise InvalidInput("/reason", "unknown_reason", f"Choose one of {', '.join(REASONS)}.")

    def check(payment: Payment) -> tuple[dict[str, Any], Money]:
        payment.check_refundable(amount)
        asked = amount or payment.amount_refundable
        body = {"amount": asked.amount_minor, "reason": reason}
        return body | ({"note": note} if note else {}), asked

    return operate(payment_id, Operation.REFUND, check, actor, request_key=request_key)
