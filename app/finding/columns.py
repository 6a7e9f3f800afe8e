"""The columns of a list: which there are, which are shown, and what of each goes into an export."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar

T = TypeVar("T")
Cell = str | int | Decimal | None


@dataclass(frozen=True)
class Column(Generic[T]):
    """`name` is what the address and the cookie call it, `label` what people do.

    `value` is what an export writes: text, a number, or nothing. `sort` names the key that it is sorted by.
    """

    name: str
    label: str
    value: Callable[[T], Cell]
    is_number: bool = False
    is_usual: bool = True
    is_fixed: bool = False
    sort: str | None = None


def chosen(columns: Sequence[Column[Any]], kept: str | None) -> list[Column[Any]]:
    """The columns that are shown: those kept, in the list's order; the usual ones where nothing was chosen."""
    if not kept:
        return [column for column in columns if column.is_usual]
    names = kept.split(".")
    return [column for column in columns if column.is_fixed or column.name in names]


def instant(moment: datetime | None) -> str | None:
    """RFC 3339, in UTC, as exports and the wire write it."""
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
