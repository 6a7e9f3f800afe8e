"""How wide the columns of a list are in this browser: kept in a cookie, so that the first byte is right."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.finding.columns import Column

NARROWEST, WIDEST = 48, 900
UNKNOWN = 140
"""For a column that was added since; the last one has at least as much."""
_CHOICE = 37
"""The boxes before the rows."""
_KEPT = re.compile(r"^([a-z0-9]{1,40})-(\d{1,5})$", re.ASCII)


@dataclass(frozen=True)
class Widths:
    """Widths in pixels by column; without any, columns are as wide as what is in them."""

    kept: Mapping[str, int]

    def __bool__(self) -> bool:
        return bool(self.kept)

    def of(self, column: Column[Any]) -> int:
        """How wide a column is shown."""
        return self.kept.get(column.name, UNKNOWN)

    def whole(self, columns: Sequence[Column[Any]], *, may_choose: bool) -> int:
        """How wide the table has to be; its last column takes what the window has beyond that."""
        return sum(self.of(column) for column in columns[:-1]) + UNKNOWN + (_CHOICE if may_choose else 0)

    def __str__(self) -> str:
        return ".".join(f"{name}-{width}" for name, width in self.kept.items())


def read_widths(told: Iterable[str]) -> Widths:
    """Out of `customer-180` and the like; what cannot be read counts as not kept."""
    found = [match.groups() for one in told if (match := _KEPT.match(one))]
    return Widths({name: min(max(int(width), NARROWEST), WIDEST) for name, width in found[:50]})
