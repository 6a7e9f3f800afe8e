"""What the gateway says is believed only where it can be this payment; whatever cannot holds it for a person."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from app.gateway.wire import GatewayPayment
from app.money import Money
from app.notifications import NoticeKind, tell_operators
from app.payments.states import OURS, PAYMENT, PaymentStatus, RefundStatus
from app.timeline import Actor, Kind, add

if TYPE_CHECKING:
    from app.payments.models import Payment

_TOLD = frozenset(status.value for status in frozenset(PaymentStatus) - OURS)
_REFUNDS_TOLD = frozenset(status.value for status in RefundStatus)


class What(enum.StrEnum):
    """In what the gateway's word differs."""

    MODE = "mode"
    IDENTITY = "identity"
    CURRENCY = "currency"
    SUMS = "sums"
    VOCABULARY = "vocabulary"
    AMOUNT = "amount"
    REFERENCE = "reference"
    STATUS = "status"


NEVER_BELIEVED = frozenset({What.MODE, What.IDENTITY, What.CURRENCY, What.SUMS, What.VOCABULARY, What.REFERENCE})
"""Not even where a person says so: it is another's money, or cannot be written down."""


@dataclass(frozen=True)
class Difference:
    """One thing that the gateway says and that cannot be, in words."""

    what: What
    words: str


def difference(payment: Payment, told: GatewayPayment) -> Difference | None:
    """The first thing that cannot be this payment, the gravest first; None where all agrees."""
    return next(iter(differences(payment, told)), None)


def differences(payment: Payment, told: GatewayPayment) -> list[Difference]:
    """Everything that cannot be this payment, the gravest first."""
    order, found = payment.order, []

    def differs(what: What, words: str) -> None:
        found.append(Difference(what, words))

    if told.livemode:
        differs(What.MODE, f"The gateway says that {told.id} is a payment of real money; this account is a sandbox's.")
    if payment.gateway_id is not None and told.id != payment.gateway_id:
        differs(What.IDENTITY, f"The gateway answers with payment {told.id}, ours is {payment.gateway_id}.")
    meant = told.metadata.get("payment", payment.id)
    if meant != payment.id:
        differs(What.IDENTITY, f"The gateway's {told.id} was made for payment {meant}, not for this one.")
    if told.currency != payment.currency:
        differs(
            What.CURRENCY,
            f"The gateway says {told.amount} {told.currency} in minor units, the order says"
            f" {payment.amount_minor} {payment.currency}.",
        )
    elif told.amount != payment.amount_minor:
        differs(
            What.AMOUNT,
            f"The gateway says {Money(told.amount, payment.currency)}, the order says {payment.amount}.",
        )
    parts = [part.currency for part in (*told.captures, *told.refunds)]
    within = told.amount_refunded <= told.amount_captured <= told.amount
    if not within or told.amount_captured + told.amount_capturable > told.amount or set(parts) - {told.currency}:
        differs(What.SUMS, "The gateway's sums contradict each other: more is captured or refunded than there was.")
    if told.reference != order.reference:
        differs(What.REFERENCE, f"The gateway says reference {told.reference!r}, the order says {order.reference!r}.")
    unknown = [refund.status for refund in told.refunds if refund.status not in _REFUNDS_TOLD]
    if told.status not in _TOLD:
        differs(What.VOCABULARY, f"The gateway says status {told.status!r}, which we do not know.")
    elif unknown:
        differs(What.VOCABULARY, f"The gateway says a refund's status {unknown[0]!r}, which we do not know.")
    elif not PAYMENT.leads_to(payment.state, PaymentStatus(told.status)):
        differs(What.STATUS, f"The gateway says {told.status}; no path leads there from {payment.status}.")
    return sorted(found, key=lambda one: list(What).index(one.what))


def hold(
    session: Session, payment: Payment, found: Difference, told: GatewayPayment, actor: Actor, cause: str | None
) -> bool:
    """Hold the payment, and so its order, until a person has looked; False where it is held for that already."""
    words = found.words[:500]
    if payment.discrepancy == words:
        return False
    payment.discrepancy = words
    payment.version += 1
    add(
        session,
        Kind.DISCREPANCY,
        payment.id,
        words,
        actor,
        order_id=payment.order_id,
        payment_id=payment.id,
        cause=cause,
        data={"what": found.what, "told": told.model_dump(mode="json")},
    )
    tell_operators(
        session,
        NoticeKind.MISMATCH,
        payment.id,
        f"Order {payment.order.reference} is held: the gateway's word differs",
        detail=f"{words} Nothing is captured or shipped until somebody has looked.",
        occasion=f"{found.what}:{told.version}:{told.id}"[:80],
        order_id=payment.order_id,
        payment_id=payment.id,
    )
    return True
