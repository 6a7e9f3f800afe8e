"""Putting work in, taking it off, and the table of kinds."""

from __future__ import annotations

import enum
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy.orm import Session

from app.clock import wall_now
from app.db import insert_if_absent, reading, transaction
from app.ids import new_id
from app.jobs.models import Job, JobState
from app.processes import is_alive

Handler = Callable[[dict[str, Any]], None]
Teller = Callable[[Session, Job, str], object]


class Lane(enum.StrEnum):
    """Who waits for whom: each lane has threads of its own, so that a dead mail server holds up no payment."""

    WORK = "work"
    CALLBACKS = "callbacks"
    MAIL = "mail"
    REPORTS = "reports"
    """Files that take a while to write."""
    LEARNING = "learning"
    """A model learned anew, a rule tried on simulated months: up to a minute of one core."""


HANDLERS: dict[str, Handler] = {}
_LANES: dict[str, Lane] = {}
"""The lane of each kind that is not plain work."""
_TELLERS: list[Teller] = []
LEASE = timedelta(seconds=60)
CLAIM_AT_MOST = 20
DEAD_AFTER_TRIES = 20
_BACKOFF_CAP_SECONDS = 300.0
_random = Random(secrets.randbits(64))  # noqa: S311 - jitter, not a secret


class Retry(Exception):
    """The work cannot be done yet; it is tried again later and is never given up."""

    def __init__(self, reason: str, after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.after = after


def handler(kind: str, lane: Lane = Lane.WORK) -> Callable[[Handler], Handler]:
    """Register the function that does jobs of `kind`. It runs outside any transaction and must bear repetition."""

    def register(function: Handler) -> Handler:
        assert kind not in HANDLERS, f"two handlers for {kind}"
        HANDLERS[kind] = function
        if lane is not Lane.WORK:
            _LANES[kind] = lane
        return function

    return register


def when_dead(teller: Teller) -> Teller:
    """Register who tells of a job that is given up, and of its last error, in the transaction that does so."""
    _TELLERS.append(teller)
    return teller


def enqueue(session: Session, kind: str, key: str, payload: dict[str, Any], run_at: datetime | None = None) -> None:
    """Make work due in the caller's transaction; the same `key` twice is one job, and a dead one begins anew."""
    now = wall_now()
    values = {
        "id": new_id("job"),
        "kind": kind,
        "key": key,
        "payload": payload,
        "state": JobState.READY,
        "run_at": run_at or now,
        "attempts": 0,
        "created_at": now,
    }
    if not insert_if_absent(session, Job.__table__, values):
        session.execute(update(Job).where(Job.key == key, Job.state == JobState.DEAD).values(values))


def finish(session: Session, key: str) -> None:
    """The work is done, by whomever: the job goes, in the caller's transaction."""
    session.execute(delete(Job).where(Job.key == key))


def postpone(session: Session, key: str, run_at: datetime) -> None:
    """Set when the work is due, unless a worker has it right now; a dead one begins anew."""
    mine = update(Job).where(Job.key == key)
    session.execute(mine.where(Job.state == JobState.DEAD).values(state=JobState.READY, attempts=0))
    session.execute(mine.where(Job.state == JobState.READY).values(run_at=run_at))


def worker_name() -> str:
    """A name no other worker has, on any host."""
    return f"{os.uname().nodename}:{os.getpid()}:{secrets.token_hex(4)}"


def free_leases_of_the_dead() -> None:
    """Make due again what a killed worker of this host had claimed; elsewhere the lease's end does it."""
    host = f"{os.uname().nodename}:"
    with transaction() as session:
        for job in session.scalars(select(Job).where(Job.state == JobState.LEASED, Job.owner.startswith(host))):
            assert job.owner is not None
            assert job.lease_until is not None
            if not is_alive(int(job.owner.split(":")[1]), job.lease_until - LEASE):
                job.state, job.owner, job.lease_until = JobState.READY, None, None


def lane_of(job: Job) -> Lane:
    """The lane that the job is done in."""
    return _LANES.get(job.kind, Lane.WORK)


def claim(owner: str, room: Mapping[Lane, int] | None = None) -> Sequence[Job]:
    """Lease due jobs, so many of each lane; those of a worker that died are due again when their lease ends."""
    now = wall_now()
    due = or_(
        and_(Job.state == JobState.READY, Job.run_at <= now),
        and_(Job.state == JobState.LEASED, Job.lease_until < now),
    )
    with reading() as session:  # most of the time nothing is due, and nobody's writing is held up to find that out
        if session.scalars(select(Job.id).where(due).limit(1)).first() is None:
            return []
    found: list[Job] = []
    with transaction() as session:
        for lane, most in (dict.fromkeys(Lane, CLAIM_AT_MOST) if room is None else room).items():
            mine = Job.kind.in_([kind for kind, other in _LANES.items() if other is lane])
            if lane is Lane.WORK:
                mine = Job.kind.not_in(list(_LANES))
            wanted = select(Job).where(due, mine).order_by(Job.run_at).limit(most)
            found += session.scalars(wanted.with_for_update(skip_locked=True)).all() if most > 0 else []
        for job in found:
            job.state = JobState.LEASED
            job.owner = owner
            job.lease_until = now + LEASE
            job.attempts += 1
    return found


def renew(owner: str) -> None:
    """Keep this worker's leases while it lives."""
    with transaction() as session:
        mine = update(Job).where(Job.owner == owner, Job.state == JobState.LEASED)
        session.execute(mine.values(lease_until=wall_now() + LEASE))


def complete(job: Job, owner: str) -> None:
    """Take the finished job off, if it is still this worker's."""
    with transaction() as session:
        session.execute(delete(Job).where(Job.id == job.id, Job.owner == owner))


def give_back(job: Job, owner: str, error: str, *, after: timedelta | None = None, forever: bool = False) -> None:
    """Make the job due again, later each time; after 20 failures in a row it is dead, and that is told.

    What must be tried for ever has not failed: the next failure is the first.
    """
    attempts = min(job.attempts - 1, 0) - 1 if forever else max(job.attempts, 1)
    ceiling = min(_BACKOFF_CAP_SECONDS, 2.0 ** min(abs(attempts), 9))
    pause = after or timedelta(seconds=_random.uniform(ceiling / 2, ceiling))
    dead = attempts >= DEAD_AFTER_TRIES
    with transaction() as session:
        mine = update(Job).where(Job.id == job.id, Job.owner == owner)
        given = mine.values(
            state=JobState.DEAD if dead else JobState.READY,
            run_at=wall_now() + pause,
            owner=None,
            lease_until=None,
            attempts=attempts,
            last_error=error[:2000],
        )
        if session.scalar(given.returning(Job.id)) is not None and dead:
            for tell in _TELLERS:
                tell(session, job, error)
