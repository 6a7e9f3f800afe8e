"""Comparing: quietly, a little every few seconds, round and round; and everything at once, when somebody asks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import jobs
from app.clock import wall_now
from app.db import insert_if_absent, reading, transaction
from app.drift.keep import GRACE
from app.drift.look import compare_page, look_again
from app.drift.models import Comparison, ComparisonPlace, Discrepancy, DiscrepancyStatus
from app.errors import CounterfoilError, GatewayRefused, GatewayUnavailable, RuleBroken
from app.gateway.received import EventOutcome, WebhookEvent
from app.ids import new_id
from app.payments.attempts import Attempt
from app.payments.models import Payment
from app.timeline import Actor

log = structlog.get_logger("drift")

ROUND_JOB = "compare_quietly"
WHOLE_JOB = "compare_everything"
EVERY_SECONDS = 10.0
DIFFERENCES_AT_MOST = 1000
"""A comparison that finds more has another account before it, or an emptied one: that is one finding, not thousands."""
_LOOKED_AT_IN_A_ROUND = 50
_EVENT_WAITS_AT_MOST = timedelta(seconds=30)
_UNANSWERED_AT_MOST = timedelta(seconds=30)


def begin_round() -> None:
    """Make the next round due, unless the last one is still going on."""
    with transaction() as session:
        jobs.enqueue(session, ROUND_JOB, ROUND_JOB, {})


@jobs.handler(ROUND_JOB)
def compare_quietly(_payload: dict[str, Any]) -> None:
    """One page of the gateway's list, what looks wrong on our side, and what differed before."""
    try:
        _next_page()
        _look_at(_suspicious())
    except (GatewayUnavailable, GatewayRefused) as trouble:
        log.info("nothing was compared: the gateway could not be asked", reason=str(trouble))


def _next_page() -> None:
    with transaction() as session:
        insert_if_absent(session, ComparisonPlace.__table__, {"id": 1, "lap_compared": 0, "last_lap_compared": 0})
        place = session.get_one(ComparisonPlace, 1)
        cursor, before = place.cursor, place.before
    try:
        done = compare_page(cursor, before)
    except GatewayRefused:
        if cursor is None:
            raise
        with transaction() as session:  # the list is another one now: from its top
            place = session.get_one(ComparisonPlace, 1)
            place.cursor, place.before = None, None
        return
    with transaction() as session:
        place = session.get_one(ComparisonPlace, 1)
        now = wall_now()
        place.round_at = now
        if cursor is None:
            place.lap_began_at, place.lap_compared = now, 0
        place.lap_compared += done.compared
        place.cursor, place.before = done.next_cursor, done.oldest
        if done.next_cursor is None:
            place.lap_ended_at, place.last_lap_compared = now, place.lap_compared


def _suspicious() -> list[str]:
    """What is looked at by itself: suspected before, open, told by an event that was not applied, or unanswered."""
    now = wall_now()
    with reading() as session:
        suspected = select(Discrepancy.subject).where(
            Discrepancy.status == DiscrepancyStatus.SUSPECTED, Discrepancy.suspected_at <= now - GRACE
        )
        open_ones = select(Discrepancy.subject).where(Discrepancy.status == DiscrepancyStatus.OPEN)
        not_applied = (
            select(Payment.id)
            .join(WebhookEvent, WebhookEvent.gateway_payment_id == Payment.gateway_id)
            .where(
                WebhookEvent.outcome.in_((EventOutcome.WAITING, EventOutcome.FAILED)),
                WebhookEvent.received_at <= now - _EVENT_WAITS_AT_MOST,
            )
        )
        unanswered = select(Attempt.payment_id).where(
            Attempt.closed_at.is_(None), Attempt.unanswered_at <= now - _UNANSWERED_AT_MOST
        )
        found: list[str] = []
        for rows in (
            suspected.order_by(Discrepancy.suspected_at),
            open_ones.order_by(Discrepancy.last_seen_at),
            not_applied.order_by(WebhookEvent.received_at),
            unanswered.order_by(Attempt.unanswered_at),
        ):
            found.extend(session.scalars(rows.limit(_LOOKED_AT_IN_A_ROUND)))
    return list(dict.fromkeys(found))


def _look_at(subjects: Iterable[str]) -> list[str]:
    """Those that differ still."""
    return [subject for subject in subjects if look_again(subject)]


def ask_for_comparison(actor: Actor) -> Comparison:
    """Have the worker compare everything; what is going on already is what you get."""
    with transaction() as session:
        comparison = _running(session) or _begin(session, actor)
        jobs.enqueue(session, WHOLE_JOB, f"{WHOLE_JOB}:{comparison.id}", {"comparison": comparison.id})
    return comparison


def _running(session: Session) -> Comparison | None:
    """One that goes on. Whoever has not come on for an hour has died, and is asked no more."""
    recent = select(Comparison).where(
        Comparison.ended_at.is_(None), Comparison.began_at > wall_now() - timedelta(hours=1)
    )
    return session.scalars(recent.order_by(Comparison.began_at.desc()).limit(1)).first()


def _begin(session: Session, actor: Actor) -> Comparison:
    expected = session.scalar(select(func.count()).select_from(Payment).where(Payment.gateway_id.is_not(None))) or 0
    comparison = Comparison(
        id=new_id("cmp"),
        began_at=wall_now(),
        expected=expected,
        compared=0,
        found=0,
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_name=actor.name[:200],
    )
    session.add(comparison)
    session.flush()
    return comparison


@jobs.handler(WHOLE_JOB)
def carry_out_comparison(payload: dict[str, Any]) -> None:
    """Compare everything for somebody who watches."""
    with reading() as session:
        comparison = session.get(Comparison, payload["comparison"])
    if comparison is not None and comparison.is_running:
        with suppress(CounterfoilError):  # it is written down, for whoever watches
            _carry_out(comparison, lambda _done, _most: None)


def compare_everything(actor: Actor, tell: Callable[[int, int], None]) -> Comparison:
    """Compare everything here and now; `tell` hears how many of how many are done. GatewayUnavailable."""
    with transaction() as session:
        comparison = _begin(session, actor)
    return _carry_out(comparison, tell)


def _carry_out(comparison: Comparison, tell: Callable[[int, int], None]) -> Comparison:
    differing: list[str] = []
    compared, trouble = 0, None
    try:
        cursor, before = None, None
        while True:
            done = compare_page(cursor, before)
            compared += done.compared
            differing += done.differing
            _progress(comparison, compared, len(differing))
            tell(compared, max(comparison.expected, compared))
            cursor, before = done.next_cursor, done.oldest
            if cursor is None:
                break
            if len(differing) > DIFFERENCES_AT_MOST:
                raise RuleBroken(
                    "too_many",
                    f"More than {DIFFERENCES_AT_MOST} differ. Is this the right account, and was it emptied?",
                )
        differing = _confirmed([*differing, *_suspicious()])
    except CounterfoilError as error:
        trouble = str(error)[:500]
        raise
    finally:
        with transaction() as session:
            ended = session.get_one(Comparison, comparison.id)
            ended.ended_at, ended.compared = wall_now(), compared
            ended.found, ended.trouble = len(set(differing)), trouble
    with reading() as session:
        return session.get_one(Comparison, comparison.id)


def _confirmed(subjects: Iterable[str]) -> list[str]:
    """What differs still when it is looked at again, a little later."""
    wanted = list(dict.fromkeys(subjects))
    if not wanted:
        return []
    time.sleep(GRACE.total_seconds())
    return _look_at(wanted)


def _progress(comparison: Comparison, compared: int, found: int) -> None:
    with transaction() as session:
        standing = session.get_one(Comparison, comparison.id)
        standing.compared, standing.found = compared, found


def last_comparison(session: Session) -> Comparison | None:
    """The newest one that somebody asked for."""
    return session.scalars(
        select(Comparison).order_by(Comparison.began_at.desc(), Comparison.id.desc()).limit(1)
    ).first()


def place_of(session: Session) -> ComparisonPlace | None:
    """How far the quiet comparison has come."""
    return session.get(ComparisonPlace, 1)
