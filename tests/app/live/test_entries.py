"""No entry is missed: not when commits come in another order than ids, not when there are too many to list."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from tests.app.live.listening import Listener, dashboard_alone, database_of, listening, write_entry
from tests.app.screens.visitor import Visitor
from tests.stack import Databases, Stack, until


@pytest.fixture(scope="module")
def alone(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A dashboard on PostgreSQL, where transactions run side by side."""
    with dashboard_alone("postgresql", databases, tmp_path_factory.mktemp("alone")) as stack:
        yield stack


@pytest.fixture(scope="module")
def database(alone: Stack) -> Iterator[Engine]:
    with database_of(alone) as engine:
        yield engine


@pytest.fixture(scope="module")
def visitor(alone: Stack) -> Visitor:
    return Visitor(alone)


def committed(database: Engine, number: int = 1) -> int:
    """Write entries in one transaction; the id of the last."""
    with Session(database.execution_options(writes=True)) as session, session.begin():
        return [write_entry(session).id for _ in range(number)][-1]


def test_an_entry_committed_after_its_successors_is_not_missed(database: Engine, visitor: Visitor) -> None:
    with listening(visitor) as listener, Session(database) as slow:
        late = write_entry(slow).id
        early = committed(database)
        assert late < early
        position = listener.hears(early).position
        assert position is not None
        assert position < late, "whoever goes on from here must be told of the late one"
        assert late not in listener.entries()
        slow.commit()
        assert listener.hears(late).position == late
        after = committed(database)
        assert listener.hears(after).position == after
    with listening(visitor, f"/live?after={position}") as resumed:
        assert {late, early, after} <= set(resumed.entries())


def test_an_entry_that_was_under_way_when_the_stream_began_is_not_missed(database: Engine, visitor: Visitor) -> None:
    with Session(database) as slow:
        late = write_entry(slow).id
        early = committed(database)
        with listening(visitor) as listener:
            assert late not in listener.entries()
            slow.commit()
            listener.hears(late)
            assert early in listener.entries()


def test_an_entry_that_is_given_up_holds_nothing_up(database: Engine, visitor: Visitor) -> None:
    with listening(visitor) as listener:
        with Session(database) as session:
            lost = write_entry(session).id
            session.rollback()
        for _ in range(3):
            listener.hears(committed(database))
        assert lost not in listener.entries()


def test_entries_that_commit_in_any_order_all_come(database: Engine, visitor: Visitor) -> None:
    with listening(visitor) as listener:
        under_way = [Session(database) for _ in range(8)]
        wanted = [write_entry(session).id for session in under_way]
        for place in (3, 7, 0, 5, 2, 6, 1, 4):
            under_way[place].commit()
            listener.hears(wanted[place])
            under_way[place].close()
        assert listener.hears(committed(database)).position is not None
        assert sorted(set(listener.entries()) & set(wanted)) == sorted(wanted)


def test_more_than_can_be_listed_is_one_event(small: Stack) -> None:
    with database_of(small) as database:
        visitor = Visitor(small)
        with listening(visitor) as listener:
            first = committed(database)
            listener.hears(first)
            last = committed(database, 300)
            many = until(lambda: listener.named("many"), what="the one event")
            assert [event.position for event in many] == [last]
            following = committed(database)
            listener.hears(following)
            assert listener.entries() == [first, following]
        with listening(visitor, f"/live?after={first}") as resumed:
            assert resumed.entries() == []
            assert len(resumed.named("many")) == 1
        with listening(visitor, f"/live?after={following + 1000}") as ahead:
            assert len(ahead.named("many")) == 1, "a page from before the data were made anew must look again"


def test_a_lost_database_ends_the_streams_and_the_next_goes_on(database: Engine, visitor: Visitor) -> None:
    with listening(visitor) as listener:
        known = committed(database)
        position = listener.hears(known).position
        with database.begin() as connection:
            connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
        until(listener.over.is_set, what="the end of the stream")
    database.dispose()
    missed = committed(database)
    with listening(visitor, "/live", **{"Last-Event-ID": str(position)}) as resumed:
        assert missed in resumed.entries()
        resumed.hears(committed(database))


def test_a_stream_that_says_nothing_shows_that_it_lives(visitor: Visitor) -> None:
    listener = Listener(visitor).stands()
    try:
        until(lambda: listener.comments >= 1, what="a comment line", within=30)
    finally:
        listener.close()
