"""What capture, void and refund share: lock, check, write the attempt down, carry it out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.db import transaction
from app.errors import NotFound
from app.money import Money
from app.payments.ask import carry_out, carry_out_again
from app.payments.models import Payment, lock_payment
from app.payments.outages import check_reachable
from app.payments.queries import attempt_of_request
from app.payments.states import Operation
from app.timeline import Actor


def operate(
    payment_id: str,
    operation: Operation,
    check: Callable[[Payment], tuple[dict[str, Any], Money | None]],
    actor: Actor,
    *,
    request_key: str | None,
    then_cancel: str | None = None,
    then_ship: dict[str, Any] | None = None,
) -> Payment:
    """`check` refuses with RuleBroken, or gives the request's body and the sum that it moves."""
    standing = attempt_of_request(request_key)
    if standing is not None:
        return carry_out_again(standing)
    with transaction() as session:
        payment = lock_payment(session, payment_id)
        if payment is None:
            raise NotFound(f"There is no payment {payment_id}.")
        rival = payment.attempt_of(request_key)  # the same request, a moment earlier
        if rival is None:
            payment.check_idle()
            request, amount = check(payment)
            check_reachable(session, operation)
            attempt = payment.open_attempt(
                session,
                operation,
                request,
                actor,
                amount=amount,
                request_key=request_key,
                then_cancel=then_cancel,
                then_ship=then_ship,
            )
    return carry_out(attempt) if rival is None else carry_out_again(rival)
