"""What became of an attempt whose answer was lost, as far as the payment itself tells it, wherever that came from."""

from __future__ import annotations

from collections.abc import Sequence

from app.db import transaction
from app.errors import GatewayRefused, GatewayUnavailable
from app.gateway import GatewayPayment, gateway
from app.gateway.calls import Call, collecting
from app.payments.attempts import Attempt
from app.payments.models import Payment, lock_attempt
from app.payments.moved import Capture, Refund
from app.payments.record import close_attempt, follow_payment, keep_calls, record_gateway_payment
from app.payments.states import Operation, PaymentStatus
from app.timeline.actors import GATEWAY

_DONE = "The answer never came, but the gateway's own word shows that it was done."


def of_payment(payment: Payment, told: Sequence[GatewayPayment]) -> GatewayPayment | None:
    """The one of the gateway's payments under the order's reference that was made for this payment."""
    return next((one for one in told if one.metadata.get("payment") == payment.id), None)


def look_up(attempt: Attempt) -> bool:
    """Ask the gateway for the payment, by its id or by the order's reference; True if the attempt is settled by it.

    Nothing there proves nothing: the request may still be on its way. Raises GatewayUnavailable, GatewayRefused.
    """
    with collecting() as calls:
        told = _ask(attempt.payment)
    if told is not None:
        record_gateway_payment(told)
    return settle(attempt.id, calls)


def _ask(payment: Payment) -> GatewayPayment | None:
    if payment.gateway_id is not None:
        return gateway().get_payment(payment.gateway_id)
    return of_payment(payment, gateway().find_payments(payment.order.reference))


def settle(attempt_id: str, calls: Sequence[Call] = ()) -> bool:
    """Close the attempt if the payment's state tells what became of it; `calls` were made to find out."""
    with transaction() as session:
        payment, attempt = lock_attempt(session, attempt_id)
        if not attempt.is_open:
            return True
        keep_calls(session, payment, attempt_id, calls)
        outcome = outcome_of(attempt, payment)
        if outcome is None:
            return False
        result_id, refusal = outcome
        close_attempt(session, payment, attempt_id, result_id=result_id, refusal=refusal, note=_DONE)
        follow_payment(session, payment, GATEWAY, attempt_id)
    return True


def outcome_of(attempt: Attempt, payment: Payment) -> tuple[str | None, GatewayRefused | None] | None:
    """What the payment's state tells of the attempt: the refund that came of it, or why it cannot have been done.

    None where it tells nothing. One attempt is open at a time, so what is new since it began is its own doing.
    """
    status = payment.state
    if attempt.operation == Operation.AUTHORIZE:
        return None if status == PaymentStatus.UNKNOWN else (None, None)
    if attempt.operation == Operation.REFUND:
        mine = next((one.id for one in payment.refunds if _is_new(one, attempt)), None)
        return None if mine is None else (mine, None)
    if attempt.operation == Operation.CAPTURE and any(_is_new(one, attempt) for one in payment.captures):
        return None, None
    if attempt.operation == Operation.VOID and status in (PaymentStatus.VOIDED, PaymentStatus.CAPTURED):
        return None, None
    if payment.is_voidable:
        return None
    words = f"It came too late: the payment is {status.value.replace('_', ' ')}."
    return None, GatewayRefused(409, "overtaken", words)


def _is_new(moved: Capture | Refund, attempt: Attempt) -> bool:
    known = attempt.known_before
    return known is not None and moved.id not in known and moved.amount_minor == attempt.amount_minor


def asked_in_vain(attempt: Attempt) -> str | None:
    """Why the gateway could not be asked just now; None where it could, whatever it said."""
    try:
        look_up(attempt)
    except (GatewayUnavailable, GatewayRefused) as trouble:
        return str(trouble)
    return None
