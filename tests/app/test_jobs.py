"""Due work: leased to one worker at a time, taken over when its lease ends, never finished by who lost it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app import db, jobs
from app.clock import wall_now
from app.config import database_url_of
from app.jobs.queue import LEASE, claim, complete, free_leases_of_the_dead, give_back, renew
from tests import stack as stacks

KIND = "a_kind_of_an_older_version"
ELSEWHERE, HERE = "elsewhere:1:a", f"{os.uname().nodename}:{os.getpid()}:b"


@pytest.fixture(autouse=True)
def database(engine: stacks.Engine, databases: stacks.Databases) -> Iterator[None]:
    """A database of the test's own, with one job that is due."""
    connected = db.connect(database_url_of(databases.fresh(engine, "jobs")))
    db.Base.metadata.create_all(connected, tables=[jobs.Job.metadata.tables["jobs"]])
    with db.transaction() as session:
        jobs.enqueue(session, KIND, "the key", {"what": "it says"})
        jobs.enqueue(session, KIND, "the key", {"what": "is dropped: the same key is the same work"})
    yield
    connected.dispose()


def standing() -> list[jobs.Job]:
    """The rows as they are."""
    with db.reading() as session:
        return list(session.scalars(select(jobs.Job)))


def end_the_lease() -> None:
    """The time of the lease is over."""
    with db.transaction() as session:
        session.execute(update(jobs.Job).values(lease_until=wall_now() - timedelta(seconds=1)))


def test_a_lease_outlives_who_asks_next_and_is_taken_over_when_it_ends() -> None:
    (mine,) = claim(ELSEWHERE)
    assert mine.payload == {"what": "it says"}
    assert list(claim(HERE)) == []
    free_leases_of_the_dead()
    assert list(claim(HERE)) == [], "whether a process of another host lives cannot be seen from here"
    end_the_lease()
    (theirs,) = claim(HERE)
    assert (theirs.id, theirs.attempts) == (mine.id, 2)
    complete(mine, ELSEWHERE)
    give_back(mine, ELSEWHERE, "too late")
    (row,) = standing()
    assert (row.state, row.owner, row.last_error) == (jobs.JobState.LEASED, HERE, None)
    complete(theirs, HERE)
    assert standing() == []


def test_a_lease_is_kept_while_its_worker_says_that_it_lives() -> None:
    claim(HERE)
    end_the_lease()
    renew(HERE)
    assert list(claim(ELSEWHERE)) == []
    (row,) = standing()
    assert row.lease_until is not None
    assert row.lease_until > wall_now() + LEASE / 2


@pytest.mark.parametrize("buried", [True, False])
def test_what_a_killed_worker_of_this_host_had_is_due_at_once(buried: bool) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, gone.pid, os.WEXITED | (0 if buried else os.WNOWAIT))
    claim(f"{os.uname().nodename}:{gone.pid}:c")
    free_leases_of_the_dead()
    assert [job.owner for job in claim(HERE)] == [HERE]
    gone.wait()


def test_what_fails_again_and_again_is_dead_and_kept_and_what_must_not_be_given_up_is_not() -> None:
    with db.transaction() as session:
        session.execute(update(jobs.Job).values(attempts=18))
    for tries, forever in ((19, False), (20, True), (21, False)):
        with db.transaction() as session:
            session.execute(update(jobs.Job).values(run_at=wall_now()))
        (job,) = claim(HERE)
        assert job.attempts == tries
        give_back(job, HERE, "it does not work", forever=forever)
    (row,) = standing()
    assert (row.state, row.last_error) == (jobs.JobState.DEAD, "it does not work")
    assert list(claim(HERE)) == []


def test_a_younger_process_of_the_same_number_is_somebody_else() -> None:
    claim(HERE)
    with db.transaction() as session:
        session.execute(update(jobs.Job).values(lease_until=wall_now() + LEASE - timedelta(days=1)))
    with db.reading() as session:
        assert session.scalars(select(jobs.Job.owner)).one() == HERE
    free_leases_of_the_dead()
    (row,) = standing()
    assert (row.state, row.owner) == (jobs.JobState.READY, None)
