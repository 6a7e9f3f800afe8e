"""An attempt without an answer: repeated under its key, looked up at the gateway, and at last given to a person."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from random import Random
from typing import Any

import structlog
from sqlalchemy.orm import selectinload

from app import jobs
from app.clock import wall_now
from app.db import reading, transaction
from app.errors import RuleBroken
from app.gateway.account_time import account_now
from app.gateway.breaker import rests_until
from app.notifications import NoticeKind, tell_operators
from app.payments.ask import repeat
from app.payments.attempts import RESOLVE_JOB, Attempt
from app.payments.found import asked_in_vain, outcome_of, settle
from app.payments.models import lock_attempt
from app.payments.queries import WHOLE
from app.policy import current_policy
from app.timeline import Kind, add
from app.timeline.actors import WORKER

log = structlog.get_logger("payments")

_OFTEN = timedelta(seconds=2)
_SELDOM = timedelta(seconds=60)
_WITH_A_PERSON = timedelta(minutes=5)
_random = Random(secrets.randbits(64))  # noqa: S311 - jitter, not a secret


@jobs.handler(RESOLVE_JOB)
def resolve_attempt(payload: dict[str, Any]) -> None:
    """Settle what has no answer; tried again, ever more seldom, until it is."""
    attempt = open_attempt(payload["attempt"])
    if attempt is None:
        return
    with reading() as session:
        rests = rests_until(session, attempt.operation)
    if rests is None and try_to_settle(attempt):
        return
    standing = open_attempt(attempt.id)
    if standing is None or (rests is not None and settle_if_told(standing)):
        return
    reason = standing.last_error or "no answer"
    is_with_a_person = not standing.is_waiting and escalate_if_due(standing, account_now())
    if rests is not None:
        raise jobs.Retry(reason, rests - wall_now() + timedelta(seconds=_random.uniform(0, 2)))
    age = wall_now() - standing.opened_at
    raise jobs.Retry(reason, _WITH_A_PERSON if is_with_a_person else min(_SELDOM, max(_OFTEN, age / 10)))


def open_attempt(attempt_id: str) -> Attempt | None:
    """The attempt with its payment, if it is still open."""
    with reading() as session:
        attempt = session.get(Attempt, attempt_id, options=[selectinload(Attempt.payment).options(*WHOLE)])
    return attempt if attempt is not None and attempt.is_open else None


def try_to_settle(attempt: Attempt) -> bool:
    """The same key again; then what events told; then the payment as the gateway has it. True once settled."""
    try:
        repeat(attempt)
    except RuleBroken as broken:  # refused: that is an answer, and it is recorded
        log.info("refused when asked again", attempt=attempt.id, reason=broken.detail)
        return True
    standing = open_attempt(attempt.id)
    if standing is None:
        return True
    if standing.is_waiting:
        return False
    if settle_if_told(standing):
        return True
    asked_in_vain(standing)
    return open_attempt(attempt.id) is None


def settle_if_told(attempt: Attempt) -> bool:
    """Whether an event has told meanwhile what became of it; then it is settled."""
    return outcome_of(attempt, attempt.payment) is not None and settle(attempt.id)


def escalate_if_due(attempt: Attempt, now: datetime) -> bool:
    """Give the attempt to a person once the policy's time is over; True if it is with one."""
    if attempt.escalated_at is not None:
        return True
    with reading() as session:
        hours = current_policy(session).unknown_to_person_after_hours
    return now >= attempt.began + timedelta(hours=hours) and _escalate(attempt.id, now, hours)


def _escalate(attempt_id: str, now: datetime, hours: int) -> bool:
    with transaction() as session:
        payment, attempt = lock_attempt(session, attempt_id)
        if not attempt.is_open or attempt.escalated_at is not None:
            return attempt.escalated_at is not None
        attempt.escalated_at = now
        payment.order.change(session)
        words = f"Nothing has settled the {attempt.noun} in {hours} hour{'' if hours == 1 else 's'}: a person decides"
        add(
            session,
            Kind.ATTEMPT_ESCALATED,
            attempt.id,
            words,
            WORKER,
            order_id=payment.order_id,
            payment_id=payment.id,
            cause=attempt.id,
        )
        tell_operators(
            session,
            NoticeKind.UNKNOWN_OUTCOME,
            attempt.id,
            f"Order {payment.order.reference}: the outcome of the {attempt.noun} is still unknown",
            detail=f"{words}. Everything that is known stands on one page.",
            order_id=payment.order_id,
            payment_id=payment.id,
        )
    return True
