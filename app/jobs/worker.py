"""The worker's loop: claim what is due, do it on a few threads, complete it or give it back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from time import monotonic

import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.jobs.models import Job
from app.jobs.queue import (
    HANDLERS,
    LEASE,
    Retry,
    claim,
    complete,
    free_leases_of_the_dead,
    give_back,
    renew,
    worker_name,
)

log = structlog.get_logger("worker")

POLL_SECONDS = 0.5
THREADS = 8


def _do(job: Job, owner: str) -> None:
    try:
        HANDLERS[job.kind](job.payload)
    except Retry as not_yet:
        give_back(job, owner, str(not_yet), after=not_yet.after, forever=True)
    except Exception as error:
        log.exception("job failed", job=job.id, kind=job.kind, attempt=job.attempts)
        give_back(job, owner, f"{type(error).__name__}: {error}")
    else:
        complete(job, owner)


def run_due(owner: str | None = None) -> int:
    """Do what is due now, one after the other; returns how many. For tests and `--once`."""
    owner = owner or worker_name()
    done = 0
    while jobs := claim(owner):
        for job in jobs:
            _do(job, owner)
        done += len(jobs)
    return done


def run(stop: threading.Event, ticks: Callable[[], None] | None = None) -> None:
    """Work until `stop` is set, then finish what is under way. `ticks` runs about every second."""
    owner = worker_name()
    renewed = ticked = 0.0
    free_leases_of_the_dead()
    running: set[Future[None]] = set()
    with ThreadPoolExecutor(THREADS, thread_name_prefix="job") as pool:
        while not stop.is_set():
            try:
                if ticks is not None and monotonic() - ticked > 1:
                    ticked = monotonic()
                    ticks()
                if monotonic() - renewed > LEASE.total_seconds() / 3:
                    renewed = monotonic()
                    renew(owner)
                jobs = claim(owner) if len(running) < THREADS else []
            except SQLAlchemyError:
                log.exception("the database does not answer; trying again")
                stop.wait(2)
                continue
            running |= {pool.submit(_do, job, owner) for job in jobs}
            if running:
                finished, running = wait(running, timeout=POLL_SECONDS, return_when=FIRST_COMPLETED)
                for future in finished:
                    if (error := future.exception()) is not None:
                        log.error("a job's end could not be written; its lease will lapse", error=str(error))
            else:
                stop.wait(POLL_SECONDS)
