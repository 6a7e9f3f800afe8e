"""The circuit breaker: an operation that gets no answer again and again rests for a while, in every process at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import String, delete, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.clock import wall_now
from app.db import Base, insert_if_absent, reading, transaction
from app.errors import GatewayUnavailable

OPENS_AFTER = 5
"""So many calls in a row without an answer, over `LASTING` at least, none further than `_IN_A_ROW` from the one before:
answers that get lost now and then, however many at once, are no outage."""
LASTING = timedelta(seconds=10)
_IN_A_ROW = timedelta(minutes=1)
_REST = timedelta(seconds=1)
_REST_AT_MOST = timedelta(seconds=5)
_SHOWN_FOR = timedelta(minutes=5)
"""An outage that nobody has met for so long may be over: it is not shown any more."""
_LOOKS_EVERY_SECONDS = 0.5


class CircuitOpen(GatewayUnavailable):
    """Not asked at all: the last calls of this kind got no answer. `probe_at` is when the next one goes through."""

    def __init__(self, operation: str, probe_at: datetime) -> None:
        super().__init__(f"The gateway has not answered lately; it is asked again from {probe_at:%H:%M:%S} UTC on.")
        self.operation = operation
        self.probe_at = probe_at


class Breaker(Base):
    """One row per operation whose last call got no answer; none where all is well. Times are the wall's."""

    __tablename__ = "breakers"

    operation: Mapped[str] = mapped_column(String(20), primary_key=True)
    failures: Mapped[int]
    began_at: Mapped[datetime]
    """When the first of these calls got no answer."""
    opened_at: Mapped[datetime | None]
    probe_at: Mapped[datetime | None]
    """When the next call goes through, to see whether there is an answer again."""
    failed_at: Mapped[datetime]
    last_error: Mapped[str] = mapped_column(String(500))

    def is_resting(self, now: datetime) -> bool:
        """Whether calls are held back at this instant."""
        return self.probe_at is not None and now < self.probe_at


def rests_until(session: Session, operation: str) -> datetime | None:
    """Until when calls of this kind are held back; None where they are not."""
    breaker = session.get(Breaker, operation)
    return breaker.probe_at if breaker is not None and breaker.is_resting(wall_now()) else None


class Breakers:
    """What the client asks before a call and tells after it. Looks at the database at most twice a second."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, Breaker] = {}
        self._looked_at = 0.0

    def check(self, operation: str) -> None:
        """CircuitOpen while the operation rests; afterwards one call at a time goes through."""
        breaker = self._look().get(operation)
        if breaker is None or breaker.opened_at is None:
            return
        now = wall_now()
        if breaker.is_resting(now):
            raise CircuitOpen(operation, breaker.probe_at or now)
        if not _claim_probe(breaker, now):
            raise CircuitOpen(operation, now + _REST)

    def note_answer(self, operation: str) -> None:
        """There was an answer: the row of what came before goes."""
        if operation in self._look():
            with transaction() as session:
                session.execute(delete(Breaker).where(Breaker.operation == operation))
            self._forget()

    def note_silence(self, operation: str, reason: str) -> None:
        """There was none: counted, and after too many in a row the operation rests."""
        with transaction() as session:
            count_silence(session, operation, reason, wall_now())
        self._forget()

    def _look(self) -> dict[str, Breaker]:
        with self._lock:
            if time.monotonic() - self._looked_at < _LOOKS_EVERY_SECONDS:
                return self._known
        with reading() as session:
            found = {row.operation: row for row in session.scalars(select(Breaker))}
        with self._lock:
            self._known, self._looked_at = found, time.monotonic()
        return found

    def _forget(self) -> None:
        with self._lock:
            self._looked_at = 0.0


def count_silence(session: Session, operation: str, reason: str, now: datetime) -> None:
    """Write one more call without an answer, in the caller's transaction."""
    first = {"operation": operation, "failures": 1, "began_at": now, "failed_at": now, "last_error": reason[:500]}
    if insert_if_absent(session, Breaker.__table__, first):
        return
    breaker = session.get(Breaker, operation, with_for_update=True, populate_existing=True)
    if breaker is None:  # an answer came in between
        return
    in_a_row = breaker.opened_at is not None or now - breaker.failed_at < _IN_A_ROW
    breaker.failures = breaker.failures + 1 if in_a_row else 1
    breaker.began_at = breaker.began_at if in_a_row else now
    breaker.failed_at, breaker.last_error = now, reason[:500]
    if breaker.failures >= OPENS_AFTER and now - breaker.began_at >= LASTING:
        breaker.opened_at = breaker.opened_at or now
        breaker.probe_at = now + min(_REST_AT_MOST, _REST * 2 ** min(breaker.failures - OPENS_AFTER, 5))


def _claim_probe(breaker: Breaker, now: datetime) -> bool:
    """Whether this call is the one that goes through; the others rest a little longer."""
    mine = update(Breaker).where(Breaker.operation == breaker.operation, Breaker.probe_at == breaker.probe_at)
    with transaction() as session:
        claimed = session.execute(mine.values(probe_at=now + _REST).returning(Breaker.operation)).first()
    return claimed is not None


def outages(session: Session) -> Sequence[Breaker]:
    """The operations that get no answer now, in the order in which that began."""
    wanted = select(Breaker).where(Breaker.opened_at.is_not(None), Breaker.failed_at > wall_now() - _SHOWN_FOR)
    return session.scalars(wanted.order_by(Breaker.opened_at, Breaker.operation)).all()
