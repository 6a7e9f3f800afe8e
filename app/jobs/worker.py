"""The worker's loop: claim what is due, do it on a few threads, complete it or give it back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from time import monotonic

import structlog

from app.jobs.models import Job
from app.jobs.queue import (
    CLAIM_AT_MOST,
    HANDLERS,
    LEASE,
    Lane,
    Retry,
    claim,
    complete,
    free_leases_of_the_dead,
    give_back,
    lane_of,
    renew,
    worker_name,
)

log = structlog.get_logger("worker")

POLL_SECONDS = 0.5
LANES = {Lane.WORK: 8, Lane.CALLBACKS: 4, Lane.MAIL: 2, Lane.REPORTS: 2, Lane.LEARNING: 1}
"""How many jobs of each lane are done at once."""
THREADS = sum(LANES.values())


def _do(job: Job, owner: str) -> None:
    try:
        HANDLERS[job.kind](job.payload)
    except Retry as not_yet:
        give_back(job, owner, str(not_yet), after=not_yet.after, forever=True)
    except Exception as error:
        log.exception("job failed", job=job.id, kind=job.kind)
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
    """Work until `stop` is set, then finish what is under way. `ticks` runs about every second.

    Where it fails, jobs get their turn before it is tried again.
    """
    owner = worker_name()
    renewed = ticked = 0.0
    running: dict[Lane, set[Future[None]]] = {lane: set() for lane in LANES}
    with ExitStack() as ending:
        pools = {
            lane: ending.enter_context(ThreadPoolExecutor(threads, thread_name_prefix=lane))
            for lane, threads in LANES.items()
        }
        while not stop.is_set():
            try:
                if ticks is not None and monotonic() - ticked > 1:
                    ticked = monotonic()
                    ticks()
                if monotonic() - renewed > LEASE.total_seconds() / 3:
                    renewed = monotonic()
                    renew(owner)
                    free_leases_of_the_dead()
                jobs = claim(owner, _room(running))
            except Exception:
                log.exception("the database, the disk or a look does not do it; trying again")
                stop.wait(2)
                ticked = monotonic()
                continue
            for job in jobs:
                running[lane_of(job)].add(pools[lane_of(job)].submit(_do, job, owner))
            _wait(stop, running)


def _room(running: Mapping[Lane, set[Future[None]]]) -> dict[Lane, int]:
    """How many more of each lane to take on: plain work is taken ahead, what may wait long is not."""
    free = {lane: threads - len(running[lane]) for lane, threads in LANES.items()}
    return free | {Lane.WORK: CLAIM_AT_MOST if free[Lane.WORK] > 0 else 0}


def _wait(stop: threading.Event, running: dict[Lane, set[Future[None]]]) -> None:
    """Until something is finished, or it is time to look again."""
    everything = set().union(*running.values())
    if not everything:
        stop.wait(POLL_SECONDS)
        return
    finished, _ = wait(everything, timeout=POLL_SECONDS, return_when=FIRST_COMPLETED)
    for lane in running:
        running[lane] -= finished
    for future in finished:
        if (error := future.exception()) is not None:
            log.error("a job's end could not be written; its lease will lapse", error=str(error))
