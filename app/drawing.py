"""A table of statuses and the lines between them, and the two questions asked of it."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Generic, TypeVar

S = TypeVar("S", bound=enum.StrEnum)


class Drawing(Generic[S]):
    """`lines[a]` holds every status that `a` may become in one step; each status must be drawn."""

    def __init__(self, lines: Mapping[S, AbstractSet[S]]) -> None:
        self.lines = {start: frozenset(ends) for start, ends in lines.items()}

    def may_become(self, start: S, end: S) -> bool:
        """Whether there is a line from `start` to `end`."""
        return end in self.lines[start]

    def leads_to(self, start: S, end: S) -> bool:
        """Whether some path leads from `start` to `end`: news may skip what came between."""
        seen: set[S] = set()
        ahead = [start]
        while ahead:
            status = ahead.pop()
            if status == end:
                return True
            if status not in seen:
                seen.add(status)
                ahead.extend(self.lines[status])
        return False

    def is_final(self, status: S) -> bool:
        """Whether nothing follows `status`."""
        return not self.lines[status]
