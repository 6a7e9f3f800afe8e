"""Answers lost on purpose: everything is done and stored at the gateway, and not a byte comes back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.db import transaction
from app.errors import GatewayRefused, GatewayUnavailable, RuleBroken
from app.gateway import gateway
from app.orders.models import Order
from app.timeline import Actor, Entry, Kind, add

ROUNDS = 2
"""How often in a row the gateway is asked in vain, each time with all the tries of one call: by who asked first, and by
the worker once more. Then it is looked up, and nothing is left over to be lost of what is asked next."""
ARMED, DISARMED = "armed", "disarmed"


@dataclass(frozen=True)
class Armed:
    """A fault that stands on an order: how many answers it has taken already, of how many. None: not known now."""

    fault_id: str
    lost: int | None
    most: int | None


def lose_next_answer(order: Order, actor: Actor) -> None:
    """Have the gateway do what it is asked next about this order and not say so. Raises GatewayUnavailable.

    The loss outlasts the tries of the call and of the first time that the worker asks again; then it ends by itself.
    """
    most = ROUNDS * gateway().tries
    fault = gateway().lose_answers(order.reference, times=most)
    words = f"The next answers of the gateway will be lost on purpose, {most} at the most"
    _note(order, fault.id, ARMED, words, actor)


def stop_losing_answers(order: Order, fault_id: str, actor: Actor) -> None:
    """Let answers through again. RuleBroken where the fault is none of this order's; GatewayUnavailable."""
    try:
        fault = gateway().get_fault(fault_id)
        if fault.match.get("reference") != order.reference:
            raise RuleBroken("not_this_order", "This fault belongs to another order.")
        gateway().delete_fault(fault_id)
    except GatewayRefused as refusal:
        if refusal.status != 404:
            raise  # gone already is as good
    _note(order, fault_id, DISARMED, "No more answers are lost on purpose", actor)


def _note(order: Order, fault_id: str, status: str, words: str, actor: Actor) -> None:
    with transaction() as session:
        add(session, Kind.SANDBOX, fault_id, words, actor, order_id=order.id, to_status=status)


def armed_by(entries: Sequence[Entry]) -> Armed | None:
    """The fault that stands now on the order of this timeline (newest first). Asks the gateway if one was put there."""
    latest = next((entry for entry in entries if entry.kind == Kind.SANDBOX), None)
    if latest is None or latest.to_status != ARMED:
        return None
    try:
        fault = gateway().look_at_fault(latest.subject_id)
    except GatewayUnavailable:
        return Armed(latest.subject_id, None, None)
    except GatewayRefused:
        return None  # the account was reset
    return Armed(fault.id, fault.fired, fault.times) if fault.active else None
