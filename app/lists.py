"""Keyset pages: by time or amount, and id, so that page 1,000 costs what page 1 costs and nothing repeats."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, literal, select, tuple_, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.orm.interfaces import ORMOption

from app.db import UTCDateTime
from app.errors import InvalidInput

T = TypeVar("T")
Key = datetime | int
Place = tuple[Key, str]
"""Where a row stands in a list: its time or amount, and its id."""


@dataclass(frozen=True)
class Page(Generic[T]):
    """Rows in the list's order; the cursors lead to what follows and to what is before, None where nothing is."""

    items: list[T]
    next_cursor: str | None = None
    previous_cursor: str | None = None

    @property
    def has_more(self) -> bool:
        """Whether rows follow."""
        return self.next_cursor is not None


@dataclass(frozen=True)
class _Cursor:
    place: Place
    backwards: bool

    def __str__(self) -> str:
        key, row_id = self.place
        told = key.isoformat() if isinstance(key, datetime) else str(key)
        text = f"{'<' if self.backwards else '>'}{told}|{row_id}"
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_cursor(text: str, *, of_times: bool) -> _Cursor:
    key: Key = 0
    try:
        plain = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode()
        told, _, row_id = plain[1:].partition("|")
        key = datetime.fromisoformat(told).astimezone(UTC) if of_times else int(told[:13])
    except (binascii.Error, ValueError, OverflowError):
        plain, row_id = "", ""
    if plain[:1] not in ("<", ">") or not row_id or "\x00" in row_id:
        raise InvalidInput("/cursor", "invalid_cursor", "Take the cursor from a page of this list, unchanged.")
    return _Cursor((key, row_id), plain[0] == "<")


def page_of(
    session: Session,
    rows: Select[T],
    key: InstrumentedAttribute[Any],
    row_id: InstrumentedAttribute[str],
    place_of: Callable[[T], Place],
    *,
    cursor: str | None,
    limit: int,
    ascending: bool = False,
    branches: Sequence[ColumnElement[bool]] = (),
    loading: Sequence[ORMOption] = (),
) -> Page[T]:
    """One page of `rows`, of which (`key`, `row_id`) is an index. InvalidInput (`/cursor`) for a made-up cursor.

    `branches` are conditions of which each row fulfills exactly one: each is read on its own, out of its own index,
    and only as many rows of it as the page can hold. `loading` says what is read along with the page's rows.
    """
    kind = key.type
    here = _read_cursor(cursor, of_times=isinstance(kind, UTCDateTime)) if cursor else None
    backwards = here is not None and here.backwards
    if here is not None:
        place: Any = tuple_(key, row_id)
        border = tuple_(literal(here.place[0], kind), literal(here.place[1]))
        rows = rows.where(place > border if backwards != ascending else place < border)
    order = (key.asc(), row_id.asc()) if backwards != ascending else (key.desc(), row_id.desc())
    if branches:
        parts = [
            rows.where(one).with_only_columns(key.label("key"), row_id.label("id")).order_by(*order).limit(limit + 1)
            for one in branches
        ]
        merged = union_all(*(select(part.subquery()) for part in parts)).subquery()
        first = (merged.c.key, merged.c.id)
        ordered = [one.asc() for one in first] if backwards != ascending else [one.desc() for one in first]
        rows = rows.where(row_id.in_(session.scalars(select(merged.c.id).order_by(*ordered).limit(limit + 1)).all()))
    found = list(session.scalars(rows.order_by(*order).limit(limit + 1).options(*loading)))
    more, items = len(found) > limit, found[:limit]
    if backwards:
        items.reverse()
    following = more if not backwards else bool(items)
    preceding = more if backwards else here is not None and bool(items)
    return Page(
        items,
        str(_Cursor(place_of(items[-1]), backwards=False)) if following and items else None,
        str(_Cursor(place_of(items[0]), backwards=True)) if preceding and items else None,
    )
