"""Ask the gateway what an attempt wrote down, and record whatever comes of it: an answer, a refusal, or silence."""

from __future__ import annotations

from datetime import datetime

from app.crash import crash_point
from app.db import transaction
from app.errors import GatewayRefused, GatewayUnavailable, RuleBroken
from app.gateway import GatewayPayment, gateway
from app.gateway.account_time import read_clock
from app.gateway.breaker import CircuitOpen
from app.gateway.calls import collecting
from app.payments.attempts import Attempt
from app.payments.found import asked_in_vain
from app.payments.models import Payment
from app.payments.queries import get_payment
from app.payments.record import record_gateway_payment, record_refusal, record_silence, record_waiting
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
        return repeat(attempt)
    if attempt.refusal is not None:
        raise _refused(attempt.payment, **attempt.refusal)
    return attempt.payment


def repeat(attempt: Attempt) -> Payment:
    """Ask again under the same key, or where the gateway may have forgotten that, look what became of it.

    The account's clock, on which keys end, is asked first: a clock that was moved on makes a repeat a second act.
    """
    try:
        now = read_clock()
    except (GatewayUnavailable, GatewayRefused) as silence:
        return get_payment(attempt.payment_id) if attempt.is_waiting else record_silence(attempt, str(silence), ())
    if attempt.may_be_repeated(now):
        unsent = attempt.was_never_sent
        if unsent:
            _begin(attempt, now)
        return carry_out(attempt, unsent=unsent)
    asked_in_vain(attempt)
    return get_payment(attempt.payment_id)


def _begin(attempt: Attempt, now: datetime) -> None:
    """Write down, before it is sent, when an attempt that had to wait is: the life of its key counts from then on."""
    with transaction() as session:
        session.get_one(Attempt, attempt.id).begun_at = now
    attempt.begun_at = now


def carry_out(attempt: Attempt, *, unsent: bool = True) -> Payment:
    """Ask and record. Silence is no error here: the payment comes back with its attempt open.

    `unsent`: it was never sent before, so that an outage which holds it back leaves nothing unknown.

    Raises RuleBroken with the gateway's own code where it refused; what the payment then is was asked for first.
    """
    with collecting() as calls:
        try:
            crash_point(f"{attempt.operation}.before_call")
            told, result_id = ask_gateway(attempt)
            crash_point(f"{attempt.operation}.after_answer")
        except GatewayUnavailable as silence:
            if isinstance(silence, CircuitOpen) and unsent and not calls:
                return record_waiting(attempt, silence)
            return record_silence(attempt, str(silence), calls)
        except GatewayRefused as refusal:
            payment = record_refusal(attempt, refusal, calls)
            raise _refused(payment, refusal.status, refusal.code, refusal.detail) from refusal
    failure = told.capture_failure if attempt.operation == Operation.CAPTURE else None
    refused = None if failure is None else GatewayRefused(409, "capture_failed", failure.message)
    payment = record_gateway_payment(told, attempt=attempt, result_id=result_id, calls=calls, refusal=refused)
    crash_point(f"{attempt.operation}.after_commit")
    if refused is not None:
        raise _refused(payment, refused.status, refused.code, refused.detail)
    return payment
