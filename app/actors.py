"""Whoever or whatever causes a change."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class ActorKind(enum.StrEnum):
    OPERATOR = "operator"
    ORDER_SERVICE = "order_service"
    CUSTOMER = "customer"
    GATEWAY = "gateway"
    WORKER = "worker"
    TERMINAL = "terminal"
    STRANGER = "stranger"
    """Somebody who is not signed in."""


@dataclass(frozen=True)
class Actor:
    """`id` is an operator's or an API token's; `name` is what a person reads."""

    kind: ActorKind
    name: str
    id: str | None = None


GATEWAY = Actor(ActorKind.GATEWAY, "Gateway")
STRANGER = Actor(ActorKind.STRANGER, "Somebody at the sign-in")
WORKER = Actor(ActorKind.WORKER, "Worker")
