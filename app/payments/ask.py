"""Ask the gateway what an attempt wrote down, and record whatever comes of it: an answer, a refusal, or silence."""

from __future__ import annotations

from app.crash import crash_point
from app.errors import GatewayRefused, GatewayUnavailable, RuleBroken
from app.gateway import GatewayPayment, gateway
from app.gateway.calls import collecting
from app.payments.models import Attempt, Payment
from app.payments.record import record_gateway_payment, record_refusal, record_silence
from app.payments.states import Operation


def ask_gateway(attempt: Attempt) -> tuple[GatewayPayment, str | None]:
    """The payment as the gateway tells it after the operation, and the refund's id where that was one."""
    client, key = gateway(), attempt.idempotency_key
    if attempt.operation == Operation.AUTHORIZE:
        return client.create_payment(attempt.request, key), None
    gateway_id = attempt.payment.gateway_id
    assert gateway_id is not None, "only a payment that the gateway knows can be captured, voided or refunded"
    if attempt.operation == Operation.CAPTURE:
        return client.capture(gateway_id, attempt.request, key), None
    if attempt.operation == Operation.VOID:
        return client.void(gateway_id, attempt.request, key), None
    refund = client.refund(gateway_id, attempt.request, key)
    return client.get_payment(gateway_id), refund.id  # the refund's answer does not carry the payment's counters


def _refused(payment: Payment, status: int, code: str, detail: str) -> RuleBroken:
    return RuleBroken(
        code,
        detail,
        status=status if status in (409, 422) else 502,
        current_status=payment.status,
        allowed_actions=payment.allowed_actions(),
    )


def carry_out_again(attempt: Attempt) -> Payment:
    """What somebody gets who asks for the same act a second time: what came of the first, or is still to come."""
    if attempt.is_open:
        return carry_out(attempt)
    if attempt.refusal is not None:
        raise _refused(attempt.payment, **attempt.refusal)
    return attempt.payment


def carry_out(attempt: Attempt) -> Payment:
    """Ask and record. Silence is no error here: the payment comes back with its attempt open.

    Raises RuleBroken with the gateway's own code where it refused; what the payment then is was asked for first.
    """
    with collecting() as calls:
        try:
            crash_point(f"{attempt.operation}.before_call")
            told, result_id = ask_gateway(attempt)
            crash_point(f"{attempt.operation}.after_answer")
        except GatewayUnavailable as silence:
            return record_silence(attempt, str(silence), calls)
        except GatewayRefused as refusal:
            payment = record_refusal(attempt, refusal, calls)
            raise _refused(payment, refusal.status, refusal.code, refusal.detail) from refusal
    payment = record_gateway_payment(told, attempt=attempt, result_id=result_id, calls=calls)
    crash_point(f"{attempt.operation}.after_commit")
    return payment
