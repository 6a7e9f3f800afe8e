"""What a person decides of an outcome that nothing could settle: the gateway's word, or that it did not happen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.db import transaction
from app.errors import GatewayRefused, GatewayUnavailable, RuleBroken
from app.gateway import GatewayPayment, gateway
from app.payments.attempts import Attempt
from app.payments.found import of_payment, outcome_of
from app.payments.models import Payment, lock_attempt
from app.payments.record import close_attempt, follow_payment, record_gateway_payment
from app.payments.resolve import open_attempt, try_to_settle
from app.payments.states import Operation, PaymentStatus
from app.payments.verify import difference
from app.timeline import Actor, Kind, add

_NOT_THERE = GatewayRefused(409, "not_done", "What the gateway has of the payment does not show it.")


@dataclass(frozen=True)
class Listed:
    """What the gateway has under the order's reference: None where it could not be asked, and then why."""

    payments: Sequence[GatewayPayment] | None
    trouble: str | None = None

    def known_to(self, payment: Payment) -> GatewayPayment | None:
        """The one that was made for our payment."""
        return of_payment(payment, self.payments or ())


def ask_what_is_listed(payment: Payment, *, quickly: bool = False) -> Listed:
    """Every payment of the order at the gateway, as it says now."""
    try:
        return Listed(gateway().find_payments(payment.order.reference, quickly=quickly))
    except (GatewayUnavailable, GatewayRefused) as trouble:
        return Listed(None, str(trouble))


def ask_now(attempt_id: str) -> bool:
    """Try at once what the worker tries now and then; True once it is settled."""
    attempt = open_attempt(attempt_id)
    return attempt is None or try_to_settle(attempt)


def take_word(attempt_id: str, gateway_id: str, reason: str, actor: Actor) -> Payment:
    """Close the attempt with what the gateway says of one of its payments now.

    Raises GatewayUnavailable, and RuleBroken where that cannot be this payment.
    """
    attempt = _open_with_a_person(attempt_id)
    try:
        told = gateway().get_payment(gateway_id)
    except GatewayRefused as refusal:
        raise RuleBroken("not_found_there", f"The gateway says: {refusal.detail}", status=422) from refusal
    found = difference(attempt.payment, told)
    if found is not None:
        raise RuleBroken("mismatch", f"That cannot be this payment. {found.words}")
    record_gateway_payment(told, actor=actor, cause=attempt_id)
    with transaction() as session:
        payment, standing = lock_attempt(session, attempt_id)
        if standing.is_open:
            result_id, why_not = outcome_of(standing, payment) or (None, _NOT_THERE)
            _note(session, payment, standing, f"The gateway's word was taken: {reason}", actor)
            close_attempt(session, payment, attempt_id, result_id=result_id, refusal=why_not)
            follow_payment(session, payment, actor, attempt_id)
    return payment


def deny(attempt_id: str, reason: str, actor: Actor, *, is_sure: bool = False) -> Payment:
    """Close the attempt as not done. The gateway is asked first: RuleBroken where it knows of it.

    Where it cannot be asked, only with `is_sure`: the person has it from somewhere else.
    """
    attempt = _open_with_a_person(attempt_id)
    if attempt.payment.discrepancy is not None:
        raise RuleBroken(
            "mismatch", f"The gateway told of it. {attempt.payment.discrepancy} Resolve the mismatch first."
        )
    listed = ask_what_is_listed(attempt.payment)
    known = listed.known_to(attempt.payment)
    if known is not None and attempt.payment.gateway_id is None:
        raise RuleBroken("outcome_found", f"The gateway has it: {known.id} is {known.status}. Take its word instead.")
    if listed.payments is None and not is_sure:
        raise RuleBroken(
            "gateway_not_asked",
            f"The gateway could not be asked: {listed.trouble} Confirm that you know from elsewhere that it did not"
            " happen, or wait.",
        )
    if known is not None:
        record_gateway_payment(known, actor=actor, cause=attempt_id)
    with transaction() as session:
        payment, standing = lock_attempt(session, attempt_id)
        if not standing.is_open:
            return payment
        if outcome_of(standing, payment) is not None:
            raise RuleBroken("outcome_found", "The gateway's word tells what became of it. Ask again instead.")
        words = f"Closed as not done by {actor.name}: {reason}"
        _note(session, payment, standing, words, actor)
        standing.close(session, "denied")
        standing.refusal = {"status": 409, "code": "not_done", "detail": words[:500]}
        if standing.operation == Operation.AUTHORIZE and payment.state == PaymentStatus.UNKNOWN:
            payment.fail(session, words, actor, attempt_id)
        follow_payment(session, payment, actor, attempt_id)
    return payment


def _open_with_a_person(attempt_id: str) -> Attempt:
    attempt = open_attempt(attempt_id)
    if attempt is None:
        raise RuleBroken("settled", "The outcome is known by now: nothing is left to decide.")
    if attempt.escalated_at is None:
        raise RuleBroken("not_yet", "It is still being asked again by itself. Ask again now, or wait.")
    return attempt


def _note(session: Session, payment: Payment, attempt: Attempt, words: str, actor: Actor) -> None:
    add(
        session,
        Kind.ATTEMPT_DECIDED,
        attempt.id,
        words,
        actor,
        order_id=payment.order_id,
        payment_id=payment.id,
        cause=attempt.id,
    )
