"""Capture: take held money, all or part."""

from __future__ import annotations

from typing import Any

from app.money import Money
from app.payments.models import Payment
from app.payments.operate import operate
from app.payments.states import Operation
from app.timeline import Actor


def capture_payment(
    payment_id: str,
    amount: Money | None,
    actor: Actor,
    *,
    final: bool = False,
    request_key: str | None = None,
    then_ship: dict[str, Any] | None = None,
) -> Payment:
    """Take `amount`, or all that is held; `final` releases the rest. Raises NotFound, RuleBroken.

    With `then_ship` (what is known of the shipment) the order counts as shipped once it is confirmed.
    """

    def check(payment: Payment) -> tuple[dict[str, Any], Money]:
        payment.check_capturable(amount)
        asked = amount or payment.amount_capturable
        return {"amount": asked.amount_minor, "final": final}, asked

    return operate(payment_id, Operation.CAPTURE, check, actor, request_key=request_key, then_ship=then_ship)
