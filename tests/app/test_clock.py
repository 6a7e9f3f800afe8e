"""The account's clock as the app knows it: which of several readings counts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from app import db
from app.clock import ClockReading, business_now, store_reading, wall_now
from app.config import database_url_of
from tests import stack as stacks

MINUTE = timedelta(minutes=1)


@pytest.fixture
def database(engine: stacks.Engine, databases: stacks.Databases) -> Iterator[None]:
    """A database of the test's own with the one table that this is about."""
    connected = db.connect(database_url_of(databases.fresh(engine, "clock")))
    db.Base.metadata.create_all(connected, tables=[ClockReading.metadata.tables["clock_readings"]])
    yield
    connected.dispose()


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(
    ("asked_before", "counts"),
    [(timedelta(0), True), (-timedelta(seconds=1), True), (timedelta(seconds=1), False), (5 * MINUTE, True)],
    ids=["at once", "later", "a moment earlier", "by a wall clock that was set back"],
)
def test_an_answer_to_a_question_that_was_overtaken_is_dropped(asked_before: timedelta, counts: bool) -> None:
    asked_at = wall_now()
    first, second = asked_at - 30 * MINUTE, asked_at - 90 * MINUTE
    with db.transaction() as session:
        store_reading(session, first, frozen=True, asked_at=asked_at)
    with db.transaction() as session:
        store_reading(session, second, frozen=True, asked_at=asked_at - asked_before)
    with db.reading() as session:
        assert business_now(session) == (second if counts else first)


@pytest.mark.usefixtures("database")
def test_a_live_clock_goes_on_from_its_reading_and_a_frozen_one_does_not() -> None:
    week = timedelta(days=7)
    with db.reading() as session:
        assert abs(business_now(session) - wall_now()) < MINUTE
    with db.transaction() as session:
        store_reading(session, wall_now() + week, frozen=False, asked_at=wall_now())
    with db.reading() as session:
        assert abs(business_now(session) - wall_now() - week) < MINUTE
        assert business_now(session) < business_now(session)
    frozen_at = wall_now() - week
    with db.transaction() as session:
        store_reading(session, frozen_at, frozen=True, asked_at=wall_now())
    with db.reading() as session:
        assert business_now(session) == business_now(session) == frozen_at


@pytest.mark.usefixtures("database")
def test_a_slow_answer_does_not_set_the_time_back() -> None:
    asked_at = wall_now() - MINUTE
    _is_told(asked_at, asked_at, after=timedelta(milliseconds=2))
    for took, told_after in ((800, 1), (800, 799), (20, 10)):
        before = _now()
        asked_at += timedelta(seconds=10)
        _is_told(asked_at, asked_at + timedelta(milliseconds=told_after), after=timedelta(milliseconds=took))
        assert before < _now()
        assert _behind_the_wall() <= timedelta(milliseconds=1)


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("moved", [timedelta(seconds=2), timedelta(days=400)])
def test_a_clock_that_was_moved_is_followed_however_slow_the_answer(moved: timedelta) -> None:
    asked_at = wall_now() - MINUTE
    _is_told(asked_at, asked_at, after=timedelta(milliseconds=2))
    asked_at += timedelta(seconds=10)
    _is_told(asked_at, asked_at + moved, after=timedelta(seconds=1))
    assert abs(_behind_the_wall() + moved) <= timedelta(milliseconds=500)


def _is_told(asked_at: datetime, account_time: datetime, *, after: timedelta) -> None:
    with db.transaction() as session:
        store_reading(session, account_time, frozen=False, asked_at=asked_at, answered_at=asked_at + after)


def _behind_the_wall() -> timedelta:
    with db.reading() as session:
        return -timedelta(seconds=session.get_one(ClockReading, 1).offset_seconds)


def _now() -> datetime:
    with db.reading() as session:
        return business_now(session)
