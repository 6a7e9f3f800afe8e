"""While the gateway does not answer to an operation: new work waits or is refused, and operators are told."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.clock import wall_now
from app.db import reading, transaction
from app.errors import RuleBroken
from app.gateway.breaker import Breaker, outages
from app.notifications import NoticeKind, tell_operators
from app.payments.states import Operation
from app.policy import current_policy
from app.policy.current import DuringOutage

READ = "read"
_READS_FAIL = "Pages show what it told last."
NOUNS = {operation.value: f"{operation.noun}s" for operation in Operation} | {READ: "questions"}


def check_reachable(session: Session, operation: Operation) -> None:
    """RuleBroken (503) where the policy refuses new work and the gateway does not answer to its kind now."""
    breaker = session.get(Breaker, operation.value)
    if breaker is None or breaker.opened_at is None or not breaker.is_resting(wall_now()):
        return
    if current_policy(session).during_outage is DuringOutage.REFUSE:
        raise RuleBroken(
            "gateway_outage",
            f"The gateway has not answered to {NOUNS[operation.value]} since {breaker.opened_at:%H:%M:%S} UTC. Nothing"
            " was begun, and nothing was charged. Try again in a minute.",
            status=503,
        )


def outages_now() -> list[str]:
    """What operators should know of each outage while it lasts, in a sentence."""
    with reading() as session:
        found = outages(session)
        waits = bool(found) and current_policy(session).during_outage is DuringOutage.WAIT
    then = "New ones wait, and are sent as soon as it does." if waits else "New ones are refused until it does."
    return [
        f"The gateway does not answer to {NOUNS.get(one.operation, one.operation)} since {one.opened_at:%H:%M} UTC."
        f" {_READS_FAIL if one.operation == READ else then}"
        for one in found
    ]


def tell_of_outages() -> None:
    """Tell operators of each outage once."""
    with reading() as session:
        if not outages(session):
            return
    with transaction() as session:
        for breaker in outages(session):
            assert breaker.opened_at is not None, "an outage has begun"
            noun = NOUNS.get(breaker.operation, breaker.operation)
            tell_operators(
                session,
                NoticeKind.OUTAGE,
                breaker.operation,
                f"The gateway does not answer to {noun}",
                detail=f"Since {breaker.opened_at:%H:%M:%S} UTC. {breaker.last_error} What was lost is asked again by"
                " itself; nothing happens twice.",
                occasion=breaker.opened_at.isoformat(),
            )
