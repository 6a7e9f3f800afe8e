"""Waiting until there may be news: PostgreSQL is told so after a commit, and any database is asked now and then."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy import text

from app.db import engine
from app.ending import stopping
from app.timeline.wake import CHANNEL

POLL_SECONDS = 0.1
LISTEN_SECONDS = 0.5
GATHER_SECONDS = 0.05
"""Let what is committed at about the same time be read at once."""


@contextmanager
def waking() -> Iterator[Callable[[], None]]:
    """What to call between two looks: it returns when there may be news, when told to end, and soon in any case.

    Errors of the database come out of the call.
    """
    if engine().dialect.name != "postgresql":
        yield _poll
        return
    with engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection), "PostgreSQL is spoken to through psycopg"
        connection.execute(text(f"LISTEN {CHANNEL}"))
        try:
            yield lambda: _listen(driver)
        finally:
            connection.invalidate()  # else the pool would hand out a connection that still listens


def _poll() -> None:
    stopping.wait(POLL_SECONDS)


def _listen(driver: psycopg.Connection[object]) -> None:
    for _ in driver.notifies(timeout=LISTEN_SECONDS, stop_after=1):
        stopping.wait(GATHER_SECONDS)
