"""Refund: give captured money back, all or part, with a reason; above a limit only after a second person agreed."""

from __future__ import annotations

from typing import Any

from app import approvals
from app.approvals import Approval, ask_approval, find_approval
from app.db import reading, transaction
from app.errors import InvalidInput, NotFound, RuleBroken
from app.money import Money
from app.payments.ask import carry_out_again
from app.payments.models import Payment, lock_payment
from app.payments.operate import operate
from app.payments.queries import attempt_of_request
from app.payments.states import Operation, RefundStatus
from app.payments.sync import sync_payment
from app.policy import Policy, current_policy
from app.timeline import Actor, ActorKind

REASONS = ("requested_by_customer", "duplicate", "fraudulent", "other")
KIND = "refund"
_APPROVED = "approval:"
"""How the request keys of refunds begin that a second person approved."""
_LIMITED = frozenset({ActorKind.OPERATOR, ActorKind.ORDER_SERVICE})


def refund_payment(
    payment_id: str,
    amount: Money | None,
    actor: Actor,
    *,
    reason: str = "requested_by_customer",
    note: str | None = None,
    request_key: str | None = None,
    approval: Approval | None = None,
) -> Payment:
    """Give back `amount`, or all that is left. Raises NotFound, RuleBroken, InvalidInput for an unknown reason.

    RuleBroken `approval_needed` above what may be refunded alone, unless it was approved: `refund_or_ask` asks.
    """
    _check_reason(reason)
    with reading() as session:
        policy = current_policy(session)

    def check(payment: Payment) -> tuple[dict[str, Any], Money]:
        payment.check_refundable(amount)
        asked = amount or payment.amount_refundable
        if approval is None and needs_approval(payment, asked, actor, policy):
            raise RuleBroken("approval_needed", _too_much(payment, policy), status=403)
        body = {"amount": asked.amount_minor, "reason": reason}
        return body | ({"note": note} if note else {}), asked

    key = request_key if approval is None else approval.act_key
    try:
        return operate(payment_id, Operation.REFUND, check, actor, request_key=key)
    except RuleBroken as refused:
        if refused.code != "refund_blocked_by_dispute":
            raise
        raise sync_payment(payment_id).refusal_by_dispute() from refused  # the gateway knew of it before us


def refund_or_ask(
    payment_id: str,
    amount: Money | None,
    actor: Actor,
    *,
    reason: str = "requested_by_customer",
    note: str | None = None,
    request_key: str | None = None,
) -> Payment | Approval:
    """Refund, or ask for a second person where it is more than may be refunded alone. Raises as `refund_payment`."""
    _check_reason(reason)
    standing = attempt_of_request(request_key)
    if standing is not None:
        return carry_out_again(standing)
    with transaction() as session:
        asked_before = find_approval(session, request_key)
        if asked_before is not None:
            return asked_before
        payment = lock_payment(session, payment_id)
        if payment is None:
            raise NotFound(f"There is no payment {payment_id}.")
        if payment.attempt_of(request_key) is None:  # not the same request, a moment earlier
            payment.check_refundable(amount)
            asked = amount or payment.amount_refundable
            if needs_approval(payment, asked, actor, current_policy(session)):
                return ask_approval(
                    session,
                    KIND,
                    payment_id,
                    asked,
                    {"reason": reason, "note": note},
                    actor,
                    note or reason.replace("_", " ").capitalize(),
                    request_key,
                    order_id=payment.order_id,
                    payment_id=payment_id,
                )
    return refund_payment(payment_id, amount, actor, reason=reason, note=note, request_key=request_key)


@approvals.carries_out(KIND)
def _refund_approved(approval: Approval) -> str:
    refund_payment(
        approval.subject_id,
        approval.amount,
        approval.asker,
        reason=approval.payload["reason"],
        note=approval.payload["note"],
        approval=approval,
    )
    return "asked of the gateway; the order tells what came of it."


def needs_approval(payment: Payment, amount: Money, actor: Actor, policy: Policy) -> bool:
    """Whether it takes a second person. Refunds in parts count together, so that no limit is passed by small steps."""
    return actor.kind in _LIMITED and amount > left_alone(payment, policy)


def left_alone(payment: Payment, policy: Policy) -> Money:
    """What of this payment may still be refunded without a second person."""
    failed = {refund.id for refund in payment.refunds if refund.status == RefundStatus.FAILED}
    alone = sum(
        attempt.amount_minor or 0
        for attempt in payment.attempts
        if attempt.operation == Operation.REFUND
        and attempt.outcome != "refused"
        and attempt.result_id not in failed
        and not (attempt.request_key or "").startswith(_APPROVED)
    )
    limit = policy.refund_limit(payment.currency)
    return Money(max(limit.amount_minor - alone, 0), limit.currency)


def _too_much(payment: Payment, policy: Policy) -> str:
    return f"Only {left_alone(payment, policy)} may be refunded without a second person. Ask for one."


def _check_reason(reason: str) -> None:
    if reason not in REASONS:
        raise InvalidInput("/reason", "unknown_reason", f"Choose one of {', '.join(REASONS)}.")
