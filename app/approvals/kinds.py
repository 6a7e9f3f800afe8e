"""The table of what can be asked for: what it is called, and who carries it out once it is approved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.approvals.models import Approval

CarryOut = Callable[[Approval], str]


@dataclass(frozen=True)
class Kind:
    """`noun` is what a sentence calls it: a refund. `carry_out` does it and says in words what came of it."""

    noun: str
    carry_out: CarryOut


KINDS: dict[str, Kind] = {}


def carries_out(name: str, noun: str | None = None) -> Callable[[CarryOut], CarryOut]:
    """Register the function that does what was approved.

    It runs outside any transaction and must bear repetition: `approval.act_key` is the verb's `request_key`,
    `approval.asker` its actor. RuleBroken: it cannot be done any more, and the approval has failed.
    GatewayUnavailable: the worker tries again.
    """

    def register(function: CarryOut) -> CarryOut:
        assert name not in KINDS, f"two ways to carry out {name}"
        KINDS[name] = Kind(noun or name, function)
        return function

    return register


def noun_of(kind: str) -> str:
    """What a sentence calls it."""
    return KINDS[kind].noun if kind in KINDS else kind.replace("_", " ")
