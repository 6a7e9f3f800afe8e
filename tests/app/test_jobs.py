"""Due work: leased to one worker at a time, taken over when its lease ends, never finished by who lost it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app import db, jobs
from app.clock import wall_now
from app.config import database_url_of
from app.jobs import worker
from app.jobs.queue import DEAD_AFTER_TRIES, LEASE, claim, complete, free_leases_of_the_dead, give_back, renew
from app.logs import configure_logs
from app.notifications.models import Notice
from app.words import NOTICES
from tests import stack as stacks

KIND = "a_kind_of_an_older_version"
DONE_BY_TESTS = "a_kind_of_the_tests"
ELSEWHERE, HERE = "elsewhere:1:a", f"{os.uname().nodename}:{os.getpid()}:b"


@pytest.fixture(autouse=True)
def database(engine: stacks.Engine, databases: stacks.Databases) -> Iterator[None]:
    """A database of the test's own, with one job that is due."""
    configure_logs()
    connected = db.connect(database_url_of(databases.migrated(engine, "app")))
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


class Work:
    """What a job of the tests does: what it is told to, and it counts."""

    error: Exception | None
    done: int

    def begin(self) -> None:
        self.error, self.done = None, 0

    def __call__(self, payload: dict[str, object]) -> None:
        if self.error is not None:
            raise self.error
        self.done += 1


WORK = Work()
jobs.handler(DONE_BY_TESTS)(WORK)


@pytest.fixture
def work() -> Work:
    """The only job that is due, of a kind that is done here."""
    with db.transaction() as session:
        jobs.finish(session, "the key")
        jobs.enqueue(session, DONE_BY_TESTS, "the key", {})
    WORK.begin()
    return WORK


def fail(work: Work, error: Exception, times: int = 1) -> jobs.Job:
    """Have the job fail so often, without waiting in between; its row."""
    work.error = error
    for _ in range(times):
        with db.transaction() as session:
            session.execute(update(jobs.Job).values(run_at=wall_now()))
        assert worker.run_due() == 1
    (row,) = standing()
    return row


def told() -> list[Notice]:
    """The notices that there are."""
    with db.reading() as session:
        return list(session.scalars(select(Notice).order_by(Notice.id)))


def test_what_fails_again_and_again_is_dead_and_kept_and_what_must_not_be_given_up_is_not(work: Work) -> None:
    not_yet, broken = jobs.Retry("no answer"), ValueError("it does not work")
    assert fail(work, not_yet, DEAD_AFTER_TRIES + 5).state == jobs.JobState.READY
    assert fail(work, broken, DEAD_AFTER_TRIES - 1).state == jobs.JobState.READY
    assert fail(work, not_yet).state == jobs.JobState.READY
    assert fail(work, broken, DEAD_AFTER_TRIES - 1).state == jobs.JobState.READY
    assert told() == []
    row = fail(work, broken)
    assert (row.state, row.last_error) == (jobs.JobState.DEAD, "ValueError: it does not work")
    with db.transaction() as session:
        session.execute(update(jobs.Job).values(run_at=wall_now()))
    assert list(claim(HERE)) == []
    (notice,) = told()
    assert NOTICES[notice.kind].label == "Work given up"
    assert notice.title == "Work was given up: a kind of the tests"
    assert "the key failed 20 times in a row" in notice.detail
    assert "The last time: ValueError: it does not work" in notice.detail


def test_what_cannot_be_done_yet_is_asked_less_and_less_often(work: Work) -> None:
    def pause() -> timedelta:
        before = wall_now()
        return fail(work, jobs.Retry("no answer")).run_at - before

    assert pause() < timedelta(seconds=5)
    fail(work, jobs.Retry("no answer"), 8)
    assert pause() > timedelta(seconds=100)
    before = wall_now()
    assert fail(work, ValueError("it does not work")).run_at - before < timedelta(seconds=5), "the first of its kind"


@pytest.mark.parametrize("way", ["enqueued", "postponed"])
def test_the_dead_begin_anew_when_they_are_due_again_and_each_death_is_told(work: Work, way: str) -> None:
    for deaths in (1, 2):
        assert fail(work, ValueError("it does not work"), DEAD_AFTER_TRIES).state == jobs.JobState.DEAD
        assert len(told()) == deaths
        with db.transaction() as session:
            if way == "enqueued":
                jobs.enqueue(session, DONE_BY_TESTS, "the key", {"what": "it says now"})
            else:
                jobs.postpone(session, "the key", wall_now())
        (row,) = standing()
        assert (row.state, row.attempts) == (jobs.JobState.READY, 0)
        assert (row.payload == {"what": "it says now"}) == (way == "enqueued")
    work.error = None
    assert worker.run_due() == 1
    assert (work.done, standing()) == (1, [])


def test_who_lost_the_lease_neither_ends_a_job_nor_tells_of_it(work: Work) -> None:
    fail(work, ValueError("it does not work"), DEAD_AFTER_TRIES - 1)
    with db.transaction() as session:
        session.execute(update(jobs.Job).values(run_at=wall_now()))
    (mine,) = claim(ELSEWHERE)
    end_the_lease()
    claim(HERE)
    give_back(mine, ELSEWHERE, "too late")
    (row,) = standing()
    assert (row.state, row.owner, told()) == (jobs.JobState.LEASED, HERE, [])


def test_jobs_are_done_beside_a_look_that_always_fails(work: Work) -> None:
    stop, looks = threading.Event(), []

    def look() -> None:
        looks.append(wall_now())
        if not standing():  # what was due is done
            stop.set()
        raise ValueError("a value that nobody expected")

    working = threading.Thread(target=worker.run, args=(stop, look))
    working.start()
    working.join(timeout=30)
    assert not working.is_alive()
    assert work.done == 1
    assert len(looks) > 1


def test_a_younger_process_of_the_same_number_is_somebody_else() -> None:
    claim(HERE)
    with db.transaction() as session:
        session.execute(update(jobs.Job).values(lease_until=wall_now() + LEASE - timedelta(days=1)))
    with db.reading() as session:
        assert session.scalars(select(jobs.Job.owner)).one() == HERE
    free_leases_of_the_dead()
    (row,) = standing()
    assert (row.state, row.owner) == (jobs.JobState.READY, None)
