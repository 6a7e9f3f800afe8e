"""Keyset pages: newest first by time and id, so that page 1,000 costs what page 1 costs and nothing repeats."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, literal, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.db import UTCDateTime
from app.errors import InvalidInput

T = TypeVar("T")
Place = tuple[datetime, str]
"""Where a row stands in a list: its time and its id."""


@dataclass(frozen=True)
class Page(Generic[T]):
    """Rows newest first; the cursors lead to what is older and to what is newer, None where nothing is."""

    items: list[T]
    next_cursor: str | None = None
    previous_cursor: str | None = None

    @property
    def has_more(self) -> bool:
        """Whether older rows follow."""
        return self.next_cursor is not None


@dataclass(frozen=True)
class _Cursor:
    place: Place
    backwards: bool

    def __str__(self) -> str:
        at, row_id = self.place
        text = f"{'<' if self.backwards else '>'}{at.isoformat()}|{row_id}"
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_cursor(text: str) -> _Cursor:
    try:
        plain = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode()
        at, _, row_id = plain[1:].partition("|")
        moment = datetime.fromisoformat(at).astimezone(UTC)
    except (binascii.Error, ValueError, OverflowError):
        plain, row_id = "", ""
    if plain[:1] not in ("<", ">") or not row_id or "\x00" in row_id:
        raise InvalidInput("/cursor", "invalid_cursor", "Take the cursor from a page of this list, unchanged.")
    return _Cursor((moment, row_id), plain[0] == "<")


def page_of(
    session: Session,
    rows: Select[T],
    at: InstrumentedAttribute[datetime],
    row_id: InstrumentedAttribute[str],
    place_of: Callable[[T], Place],
    *,
    cursor: str | None,
    limit: int,
) -> Page[T]:
    """One page of `rows`, of which (`at`, `row_id`) is an index. InvalidInput (`/cursor`) for a made-up cursor."""
    here = _read_cursor(cursor) if cursor else None
    backwards = here is not None and here.backwards
    if here is not None:
        key: Any = tuple_(at, row_id)
        border = tuple_(literal(here.place[0], UTCDateTime()), literal(here.place[1]))
        rows = rows.where(key > border if backwards else key < border)
    order = (at.asc(), row_id.asc()) if backwards else (at.desc(), row_id.desc())
    found = list(session.scalars(rows.order_by(*order).limit(limit + 1)))
    more, items = len(found) > limit, found[:limit]
    if backwards:
        items.reverse()
    older = more if not backwards else bool(items)
    newer = more if backwards else here is not None and bool(items)
    return Page(
        items,
        str(_Cursor(place_of(items[-1]), backwards=False)) if older and items else None,
        str(_Cursor(place_of(items[0]), backwards=True)) if newer and items else None,
    )
