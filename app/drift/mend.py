"""What settles a discrepancy: pull, replay, repair, leave. None of it moves money."""

from __future__ import annotations

import enum
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import select

from app.db import reading
from app.drift import keep
from app.drift.look import get_discrepancy, look_again, told_of
from app.drift.models import Discrepancy, DiscrepancyKind, Resolution
from app.errors import RuleBroken
from app.gateway import GatewayPayment
from app.gateway.received import WebhookEvent
from app.payments.ask import repeat
from app.payments.models import Payment
from app.payments.queries import get_payment
from app.payments.restore import Restored, preview, restore
from app.payments.sync import sync_payment
from app.timeline import Actor
from app.webhooks.receive import replay as replay_event


class Way(enum.StrEnum):
    """What can be offered."""

    PULL = "pull"
    REPLAY = "replay"
    REPAIR = "repair"
    LEAVE = "leave"


_K = DiscrepancyKind
WAYS = {
    _K.MISSED_EVENT: (Way.PULL,),
    _K.OUT_OF_ORDER: (Way.REPLAY, Way.PULL),
    _K.UNKNOWN_OUTCOME: (Way.PULL,),
    _K.CHANGED_BY_HAND: (Way.REPAIR,),
    _K.AMOUNT: (Way.REPAIR,),
    _K.MISSING_HERE: (),
    _K.MISSING_THERE: (),
}
"""What is offered for which kind, the first one first; leaving it, with a reason, is offered for each."""


def ways_of(discrepancy: Discrepancy) -> tuple[Way, ...]:
    """What can be done about it now."""
    return (*WAYS[DiscrepancyKind(discrepancy.kind)], Way.LEAVE) if discrepancy.is_open else ()


def is_safe(discrepancy: Discrepancy) -> bool:
    """Whether it can be settled by asking or by what is stored, with nothing to decide."""
    return bool({Way.PULL, Way.REPLAY} & set(ways_of(discrepancy)))


def _check(discrepancy: Discrepancy, way: Way) -> None:
    if way not in ways_of(discrepancy):
        raise RuleBroken(
            "not_offered",
            "It is resolved already." if not discrepancy.is_open else f"A {way} does not settle this kind.",
            allowed_actions=list(ways_of(discrepancy)),
        )


def pull(discrepancy: Discrepancy, actor: Actor, reason: str = "") -> bool:
    """Ask the gateway, under the same key what has no answer yet, and record what it says; True if all agree then.

    Raises GatewayUnavailable.
    """
    _check(discrepancy, Way.PULL)
    assert discrepancy.payment_id is not None, "only what is ours is pulled"
    attempt = get_payment(discrepancy.payment_id).open_attempt_now()
    if attempt is not None:
        with suppress(RuleBroken):  # refused: that is an answer, and it is recorded
            repeat(attempt)
    else:
        sync_payment(discrepancy.payment_id, actor, cause=discrepancy.id)
    return not look_again(discrepancy.subject, how=Resolution.PULLED, actor=actor, reason=reason)


def replay(discrepancy: Discrepancy, actor: Actor, reason: str = "") -> bool:
    """Apply the stored events of the payment again, in the order in which they happened; True if all agree then."""
    _check(discrepancy, Way.REPLAY)
    with reading() as session:
        wanted = select(WebhookEvent).where(WebhookEvent.gateway_payment_id == discrepancy.gateway_id)
        events = sorted(
            session.scalars(wanted), key=lambda event: (event.told_at, event.body["data"].get("version", 0))
        )
    for event in events:
        replay_event(event.id, actor)
    return not look_again(discrepancy.subject, how=Resolution.REPLAYED, actor=actor, reason=reason)


def leave(discrepancy: Discrepancy, actor: Actor, reason: str) -> None:
    """A person knows of it and leaves it as it is."""
    _check(discrepancy, Way.LEAVE)
    keep.accept(discrepancy, reason, actor)


@dataclass(frozen=True)
class Plan:
    """What a repair would change, by the gateway's word of just now."""

    told: GatewayPayment
    restored: Restored
    amount_of_order: bool


def plan_repair(discrepancy: Discrepancy) -> Plan:
    """What will exactly be changed. RuleBroken where nothing of ours can be set right. GatewayUnavailable."""
    _check(discrepancy, Way.REPAIR)
    assert discrepancy.payment_id is not None, "only what is ours is repaired"
    payment = get_payment(discrepancy.payment_id)
    told = told_of(payment.gateway_id) if payment.gateway_id else None
    if told is None:
        raise RuleBroken("not_there", "The gateway has no such payment any more: there is no word to go by.")
    of_order = _is_alone(payment, told)
    return Plan(told, preview(payment.id, told, amount_of_order=of_order), of_order)


def _is_alone(payment: Payment, told: GatewayPayment) -> bool:
    """Whether the order alone tells another sum: payment, gateway and the order's own items tell the same one."""
    order = payment.order
    if (payment.amount_minor, payment.currency) != (told.amount, told.currency):
        return False
    items = sum(item["quantity"] * item["unit_amount"] for item in order.items)
    return order.amount_minor != told.amount and (not order.items or items == told.amount)


def repair(discrepancy: Discrepancy, shown: str, actor: Actor, reason: str) -> bool:
    """Change our rows as was shown; RuleBroken (`changed_meanwhile`) where it would be something else now."""
    plan = plan_repair(discrepancy)
    assert discrepancy.payment_id is not None, "only what is ours is repaired"
    restore(
        discrepancy.payment_id,
        plan.told,
        shown,
        reason,
        actor,
        discrepancy.id,
        amount_of_order=plan.amount_of_order,
    )
    return not look_again(discrepancy.subject, how=Resolution.REPAIRED, actor=actor, reason=reason)


BULK: dict[Way, Callable[[Discrepancy, Actor, str], bool]] = {Way.PULL: pull, Way.REPLAY: replay}
"""What can be done to several at once, as nothing has to be decided."""


def settle(discrepancy_id: str, actor: Actor, reason: str = "") -> bool:
    """Replay or pull, whichever is offered first; True if all agree then. RuleBroken where neither is."""
    discrepancy = get_discrepancy(discrepancy_id)
    way = next((one for one in ways_of(discrepancy) if one in BULK), None)
    if way is None:
        raise RuleBroken("not_offered", "Neither pull nor replay settles this kind: open it to decide.")
    return BULK[way](discrepancy, actor, reason)
