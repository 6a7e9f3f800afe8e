"""How often an API token may call in each minute of the wall clock, over all processes of the dashboard.

Each process counts by itself and tells the database when a hundredth of the limit has come together: a token that
calls now and then costs no write, and one that calls without end gets at most a hundredth more for each process.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from threading import Lock

from sqlalchemy import case, update

from app.clock import wall_now
from app.db import insert_if_absent, transaction
from app.operators.models import ApiTokenCalls

SECONDS = 60
_TOLD_AT = 100
"""So many times a minute a process tells of its calls, at most."""


@dataclass(frozen=True)
class Allowance:
    """Where a token stands in this minute; below nought left, the call is one too many."""

    most: int
    left: int
    seconds: int

    @property
    def wait(self) -> timedelta:
        """Until the next minute begins."""
        return timedelta(seconds=self.seconds)

    def headers(self) -> dict[str, str]:
        """As the IETF's draft on RateLimit headers says it."""
        return {
            "RateLimit-Policy": f'"default";q={self.most};w={SECONDS}',
            "RateLimit": f'"default";r={max(self.left, 0)};t={self.seconds}',
        }


@dataclass
class _Minute:
    minute: int
    everywhere: int = 0
    """Calls that the database knew of when we last told it, ours among them."""
    untold: int = 0


@dataclass
class CallLimit:
    """The limit that a process keeps: `most` calls a minute of each token, none for 0."""

    most: int
    _minutes: dict[str, _Minute] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def count(self, token_id: str) -> Allowance | None:
        """One more call of the token; None where there is no limit."""
        if not self.most:
            return None
        minute, second = divmod(int(wall_now().timestamp()), SECONDS)
        with self._lock:
            mine = self._minutes.get(token_id)
            if mine is None or mine.minute != minute:
                mine = self._minutes[token_id] = _Minute(minute)
            if mine.everywhere >= self.most:
                return Allowance(self.most, -1, SECONDS - second)
            mine.untold += 1
            calls, untold = mine.everywhere + mine.untold, mine.untold
            if untold < max(1, self.most // _TOLD_AT):
                return Allowance(self.most, self.most - calls, SECONDS - second)
            mine.untold = 0
        calls = _tell(token_id, minute, untold)
        with self._lock:
            mine.everywhere = max(mine.everywhere, calls)
        return Allowance(self.most, self.most - calls, SECONDS - second)


def _tell(token_id: str, minute: int, calls: int) -> int:
    """Add to the calls of the minute; how many there are now. A host whose clock is behind counts with the others."""
    counted = ApiTokenCalls.calls + calls
    with transaction() as session:
        insert_if_absent(session, ApiTokenCalls.__table__, {"token_id": token_id, "minute": minute, "calls": 0})
        row = update(ApiTokenCalls).where(ApiTokenCalls.token_id == token_id)
        told = row.values(
            calls=case((ApiTokenCalls.minute < minute, calls), else_=counted),
            minute=case((ApiTokenCalls.minute < minute, minute), else_=ApiTokenCalls.minute),
        )
        return session.scalars(told.returning(ApiTokenCalls.calls)).one()
