"""Putting work in, taking it off, and the table of kinds."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy.orm import Session

from app.clock import wall_now
from app.db import insert_if_absent, transaction
from app.ids import new_id
from app.jobs.models import Job, JobState

Handler = Callable[[dict[str, Any]], None]

HANDLERS: dict[str, Handler] = {}
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


def handler(kind: str) -> Callable[[Handler], Handler]:
    """Register the function that does jobs of `kind`. It runs outside any transaction and must bear repetition."""

    def register(function: Handler) -> Handler:
        assert kind not in HANDLERS, f"two handlers for {kind}"
        HANDLERS[kind] = function
        return function

    return register


def enqueue(session: Session, kind: str, key: str, payload: dict[str, Any], run_at: datetime | None = None) -> None:
    """Make work due in the caller's transaction; the same `key` twice is one job."""
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
    insert_if_absent(session, Job.__table__, values)


def finish(session: Session, key: str) -> None:
    """The work is done, by whomever: the job goes, in the caller's transaction."""
    session.execute(delete(Job).where(Job.key == key))


def postpone(session: Session, key: str, run_at: datetime) -> None:
    """Set when the work is due, unless a worker has it right now."""
    session.execute(update(Job).where(Job.key == key, Job.state == JobState.READY).values(run_at=run_at))


def worker_name() -> str:
    """A name no other worker has, on any host."""
    return f"{os.uname().nodename}:{os.getpid()}:{secrets.token_hex(4)}"


def free_leases_of_the_dead() -> None:
    """Make due again what a killed worker of this host had claimed; elsewhere the lease's end does it."""
    host = f"{os.uname().nodename}:"
    with transaction() as session:
        for job in session.scalars(select(Job).where(Job.state == JobState.LEASED, Job.owner.startswith(host))):
            if not _lives(int((job.owner or "").split(":")[1])):
                job.state, job.owner, job.lease_until = JobState.READY, None, None


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def claim(owner: str) -> Sequence[Job]:
    """Lease up to 20 due jobs; those of a worker that died are due again when their lease ends."""
    now = wall_now()
    due = or_(
        and_(Job.state == JobState.READY, Job.run_at <= now),
        and_(Job.state == JobState.LEASED, Job.lease_until < now),
    )
    with transaction() as session:
        found = select(Job).where(due).order_by(Job.run_at).limit(CLAIM_AT_MOST).with_for_update(skip_locked=True)
        jobs = session.scalars(found).all()
        for job in jobs:
            job.state = JobState.LEASED
            job.owner = owner
            job.lease_until = now + LEASE
            job.attempts += 1
        return jobs


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
    """Make the job due again, later each time; after 20 tries it is dead, unless it must be tried for ever."""
    ceiling = min(_BACKOFF_CAP_SECONDS, 2.0 ** min(job.attempts, 9))
    pause = after or timedelta(seconds=_random.uniform(ceiling / 2, ceiling))
    dead = not forever and job.attempts >= DEAD_AFTER_TRIES
    with transaction() as session:
        mine = update(Job).where(Job.id == job.id, Job.owner == owner)
        session.execute(
            mine.values(
                state=JobState.DEAD if dead else JobState.READY,
                run_at=wall_now() + pause,
                owner=None,
                lease_until=None,
                last_error=error[:2000],
            )
        )
