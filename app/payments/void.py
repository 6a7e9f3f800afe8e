"""Void: release a hold, or what is left of it."""

from __future__ import annotations

from typing import Any

from app.payments.models import Payment
from app.payments.operate import operate
from app.payments.states import Operation
from app.timeline import Actor


def void_payment(
    payment_id: str, actor: Actor, *, request_key: str | None = None, then_cancel: str | None = None
) -> Payment:
    """Release what is held; with `then_cancel` the order is canceled for that reason once it is confirmed."""

    def check(payment: Payment) -> tuple[dict[str, Any], None]:
        payment.check_voidable()
        return {}, None

    return operate(payment_id, Operation.VOID, check, actor, request_key=request_key, then_cancel=then_cancel)
