"""Resolve a payment that is held because the gateway's word differs: believe the gateway now, or keep it held."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import reading, transaction
from app.errors import GatewayRefused, GatewayUnavailable, NotFound, RuleBroken
from app.gateway import GatewayPayment, gateway
from app.payments.follow_up import follow_up
from app.payments.found import of_payment
from app.payments.models import Payment, lock_payment
from app.payments.queries import get_payment
from app.payments.record import follow_payment
from app.payments.states import OVER, PaymentStatus
from app.payments.verify import Difference, differences
from app.timeline import Actor, Kind, add
from app.timeline.queries import latest_of_payment


class Decision(enum.StrEnum):
    """What a person may decide."""

    BELIEVE = "believe"
    KEEP = "keep"


@dataclass(frozen=True)
class Word:
    """The gateway's word at this moment, and in what it differs; `trouble` where it could not be asked."""

    told: GatewayPayment | None
    differences: Sequence[Difference] = ()
    trouble: str | None = None


def ask_word(payment: Payment, *, quickly: bool = False) -> Word:
    """What the gateway says of the payment now."""
    try:
        if payment.gateway_id is not None:
            told: GatewayPayment | None = gateway().get_payment(payment.gateway_id, quickly=quickly)
        elif payment.discrepancy is not None and (gateway_id := _told_of(payment)) is not None:
            told = gateway().get_payment(gateway_id, quickly=quickly)
        else:
            told = of_payment(payment, gateway().find_payments(payment.order.reference, quickly=quickly))
    except (GatewayUnavailable, GatewayRefused) as trouble:
        return Word(None, trouble=str(trouble))
    return Word(told, differences(payment, told) if told is not None else ())


def _told_of(payment: Payment) -> str | None:
    """The gateway's id of what was not believed last."""
    with reading() as session:
        last = latest_of_payment(session, payment.id, Kind.DISCREPANCY)
    told = last.data.get("told") if last is not None else None
    return told.get("id") if isinstance(told, dict) else None


def resolve_mismatch(payment_id: str, decision: Decision, reason: str, actor: Actor) -> Payment:
    """Believe what the gateway says now, though it differs; or keep the payment held, and say why.

    Raises NotFound, and RuleBroken where nothing is held, the gateway cannot be asked, or its word cannot be believed.
    """
    word = ask_word(get_payment(payment_id)) if decision is Decision.BELIEVE else Word(None)
    if decision is Decision.BELIEVE and word.told is None:
        raise RuleBroken("gateway_not_asked", word.trouble or "The gateway knows of no such payment.", status=503)
    with transaction() as session:
        payment = lock_payment(session, payment_id)
        if payment is None:
            raise NotFound(f"There is no payment {payment_id}.")
        if payment.discrepancy is None:
            raise RuleBroken("not_held", "The payment is not held: nothing is left to resolve.")
        words = "The gateway was believed" if word.told is not None else "Kept held"
        add(
            session,
            Kind.DISCREPANCY_RESOLVED,
            payment.id,
            f"{words}: {reason}",
            actor,
            order_id=payment.order_id,
            payment_id=payment.id,
            cause=payment.id,
            data={"decision": decision, "reason": reason},
        )
        if word.told is not None:
            _believe(session, payment, word.told, actor)
        follow_payment(session, payment, actor, payment.id)
    return payment


def _believe(session: Session, payment: Payment, told: GatewayPayment, actor: Actor) -> None:
    before = payment.state
    if before in OVER and told.status not in OVER:
        rival = select(Payment.id).where(
            Payment.order_id == payment.order_id, Payment.id != payment.id, Payment.status.not_in(OVER)
        )
        other = session.scalars(rival).first()
        if other is not None:
            raise RuleBroken(
                "mismatch",
                f"The order is paid by {other} meanwhile, so this payment cannot hold money as well. Void or refund it"
                " at the gateway.",
            )
    payment.believe(session, told, actor, payment.id)
    if payment.state == PaymentStatus.AUTHORIZED:
        payment.failure = None
    follow_up(session, payment, before)
