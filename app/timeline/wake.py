"""Wakes those who wait for new entries, on PostgreSQL, right after the commit that wrote some; never within it.

A NOTIFY within a transaction makes PostgreSQL commit all such transactions one after the other, each with its own
flush to the disk. The hint comes from a thread of its own instead, once for all commits of about the same time. Where
it gets lost, with this process, listeners look by themselves half a second later.
"""

from __future__ import annotations

import os
import threading
from contextlib import suppress

from sqlalchemy import Engine, Pool, event, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.ending import stopping

CHANNEL = "timeline"
GATHER_SECONDS = 0.1
"""What is committed meanwhile is one hint."""
# A commit that carries nothing but the hint need not be on the disk.
_HINT = select(func.set_config("synchronous_commit", "off", True), func.pg_notify(CHANNEL, ""))


class _Notifier:
    """Gives a database the hints of this process; its thread lives as long as there are any."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._is_due = self._runs = False

    def hint(self) -> None:
        with self._lock:
            self._is_due = True
            if self._runs:
                return
            self._runs = True
        threading.Thread(target=self._run, name="timeline-hints", daemon=True).start()

    def _run(self) -> None:
        while self._goes_on():
            with suppress(SQLAlchemyError), self._engine.connect() as connection:  # lost: listeners look by themselves
                connection.execution_options(isolation_level="AUTOCOMMIT").execute(_HINT)
            stopping.wait(GATHER_SECONDS)

    def _goes_on(self) -> bool:
        with self._lock:
            self._runs, self._is_due = self._is_due, False
            return self._runs


_notifiers: dict[tuple[int, Pool], _Notifier] = {}
"""By process, since threads do not live on in a copy of one, and by the connections that they take."""


def wake_listeners(session: Session) -> None:
    """Have them woken once this session's transaction is committed."""
    if session.get_bind().dialect.name == "postgresql":
        session.info[CHANNEL] = True


@event.listens_for(Session, "after_commit")
def _committed(session: Session) -> None:
    if session.in_nested_transaction() or not session.info.pop(CHANNEL, False):
        return
    engine = session.get_bind().engine
    key = (os.getpid(), engine.pool)
    if key not in _notifiers:
        _notifiers[key] = _Notifier(engine)
    _notifiers[key].hint()
