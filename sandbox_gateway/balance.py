"""Spreads connections evenly over processes that accept them from one listening socket."""

from multiprocessing.sharedctypes import RawArray

_COMING = -1


class Balance:
    """How many connections each process has, in memory that they share: made before they are forked.

    Each writes only in its own place, so nothing is locked; what another one reads may be a moment old.
    """

    def __init__(self, processes: int) -> None:
        self._held = RawArray("i", [_COMING] * processes)
        self._free = list(range(processes))

    def enter(self) -> int:
        """The place of a process that is about to begin; asked by the one that forks them, as is `leave`."""
        return self._free.pop()

    def leave(self, place: int) -> None:
        """The process is gone; another will take its place."""
        self._held[place] = _COMING
        self._free.append(place)

    def has(self, place: int, connections: int) -> None:
        """It is there, and has so many connections now."""
        self._held[place] = connections

    def is_ahead(self, place: int) -> bool:
        """Whether some other process has fewer connections; one that is still coming has none."""
        held: list[int] = list(self._held)
        return max(min(held), 0) < held[place]

    @property
    def is_somebody_coming(self) -> bool:
        """Whether a process is awaited that is not there yet."""
        return _COMING in list(self._held)
