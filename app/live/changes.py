"""What is new in the timeline: every entry, also one whose transaction commits after those with higher ids."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeAlias

from sqlalchemy import Row, bindparam, func, select

from app.clock import wall_now
from app.db import reading
from app.timeline import Entry

AT_ONCE = 200
"""More than this many new entries are not told one by one."""
LOOK_BACK = 500
"""How far below the newest id a hole may be and still be watched."""
HOLE_LIVES = timedelta(minutes=2)
"""Whoever took an id has committed or given up by then: no transaction waits for the gateway."""
RECENT = timedelta(seconds=10)
"""A page that was just drawn may have missed what is younger than this."""

_Row: TypeAlias = Row[int, str, str | None, str | None, datetime]
_COLUMNS = (Entry.id, Entry.kind, Entry.order_id, Entry.payment_id, Entry.recorded_at)
_AFTER = select(*_COLUMNS).where(Entry.id > bindparam("after")).order_by(Entry.id).limit(AT_ONCE + 1)
_AMONG = select(*_COLUMNS).where(Entry.id.in_(bindparam("ids", expanding=True))).order_by(Entry.id)
_NEWEST = select(func.max(Entry.id))


@dataclass(frozen=True)
class Change:
    """One entry of the timeline, as far as a page must know to look again."""

    entry: int
    kind: str
    order_id: str | None
    payment_id: str | None


@dataclass(frozen=True)
class News:
    """What came in, oldest first. Whoever knows it all goes on from `position`; `many` stands for too much to list."""

    changes: tuple[Change, ...]
    position: int
    many: bool = False

    def without(self, known: frozenset[int]) -> News:
        """The same, but for the entries that are known."""
        if not any(change.entry in known for change in self.changes):
            return self
        return replace(self, changes=tuple(change for change in self.changes if change.entry not in known))


class Reader:
    """Reads on from where the timeline ended when it was made.

    Ids are given out before the commit, so PostgreSQL may show 8 while 7 is still to come, or never comes. Such holes
    are asked for by id until they are filled or too old.
    """

    position: int
    """Every entry up to this id has been read, or will never be; it stays below the lowest hole."""

    def __init__(self) -> None:
        self._last = 0
        self._holes: dict[int, datetime] = {}
        self._begin()

    def _begin(self) -> None:
        with reading() as session:
            self._last = max((session.scalar(_NEWEST) or 0) - LOOK_BACK, 0)
            rows = session.execute(_AFTER.limit(None), {"after": self._last}).all()
        self._holes.clear()
        self._take(rows)

    def read(self) -> News:
        """What was committed since the last call."""
        with reading() as session:
            rows = session.execute(_AFTER, {"after": self._last}).all()
            late = session.execute(_AMONG, {"ids": sorted(self._holes)}).all() if self._holes else []
        if len(rows) > AT_ONCE:
            self._begin()
            return News((), self.position, many=True)
        for row in late:
            del self._holes[row.id]
        self._take(rows)
        return News(_changes([*late, *rows]), self.position)

    def _take(self, rows: Sequence[_Row]) -> None:
        for row in rows:
            missing = range(max(self._last + 1, row.id - LOOK_BACK), row.id)
            self._holes.update(dict.fromkeys(missing, row.recorded_at))
            self._last = row.id
        if self._holes:
            oldest = wall_now() - HOLE_LIVES
            self._holes = {entry: since for entry, since in self._holes.items() if since > oldest}
        self.position = min(self._holes) - 1 if self._holes else self._last


def missed(after: int | None, news_begin: int) -> News:
    """What somebody who knows all up to `after` has missed; None for a page that was drawn just now.

    `news_begin` is the position of a Reader that goes on from there.
    """
    # Half of what is told at once: what comes meanwhile finds room too.
    start = max(news_begin - AT_ONCE // 2, 0) if after is None else after
    with reading() as session:
        rows = session.execute(_AFTER, {"after": start}).all()
    if len(rows) > AT_ONCE or start > news_begin + AT_ONCE:
        return News((), news_begin, many=True)
    if after is None:
        youngest = wall_now() - RECENT
        rows = [row for row in rows if row.recorded_at > youngest]
    return News(_changes(rows), news_begin)


def _changes(rows: Iterable[_Row]) -> tuple[Change, ...]:
    return tuple(Change(row.id, row.kind, row.order_id, row.payment_id) for row in rows)
