"""What happened to one party, in order of time, with running sums: any window is two binary searches."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from typing import Final

from fraud_model.times import KEPT

_PRUNE_FROM: Final = 32


class Log:
    """Moments, and beside each of them `width` running sums of whole numbers. What comes late is sorted in."""

    __slots__ = ("sums", "times", "width")

    def __init__(self, width: int = 0) -> None:
        self.times = array("q")
        self.sums = array("q", [0] * width)
        self.width = width

    def add(self, at: int, *values: int) -> int:
        """Write it down; says at which place."""
        times, sums, width = self.times, self.sums, self.width
        place = len(times)
        if place and times[-1] > at:
            place = bisect_right(times, at)
        times.insert(place, at)
        row = (place + 1) * width
        sums[row:row] = sums[row - width : row]
        for column, value in enumerate(values):
            for later in range(row + column, len(sums), width):
                sums[later] += value
        return place

    def prune(self, now: int) -> int:
        """Forget, half of it at a time, what is older than anybody asks for; says how many."""
        half = len(self.times) // 2
        if half * 2 < _PRUNE_FROM or self.times[half] > now - KEPT:
            return 0
        del self.times[:half]
        del self.sums[: half * self.width]
        return half

    def end(self, now: int) -> int:
        """How many lie not after now."""
        times = self.times
        return len(times) if not times or times[-1] <= now else bisect_right(times, now)

    def count(self, now: int, window: int) -> int:
        """How many lie in the window that ends now."""
        times = self.times
        if not times:
            return 0
        end = len(times) if times[-1] <= now else bisect_right(times, now)
        return end - bisect_right(times, now - window, 0, end)

    def total(self, column: int, now: int, window: int) -> int:
        """A sum's growth in that window."""
        times, width = self.times, self.width
        if not times:
            return 0
        end = len(times) if times[-1] <= now else bisect_right(times, now)
        start = bisect_right(times, now - window, 0, end)
        return self.sums[end * width + column] - self.sums[start * width + column]


class Outcomes:
    """What a merchant's payments turned out to be, in the order in which it was told."""

    __slots__ = ("_dropped", "frauds", "last_cleared", "paid", "times")

    def __init__(self) -> None:
        self.times = array("q")
        self.paid = array("q")
        self.frauds = array("q", [0])
        self.last_cleared = array("q", [-1])
        self._dropped = 0

    def add(self, at: int, paid: int, *, fraud: bool) -> None:
        """One payment of then is now known as fraud, or as cleared. Of one moment, cleared ones come first."""
        place = bisect_right(self.times, at)
        while place and self.times[place - 1] == at and (self._fraud(place - 1), self.paid[place - 1]) > (fraud, paid):
            place -= 1
        later = [self._fraud(index) for index in range(place, len(self.times))]
        self.times.insert(place, at)
        self.paid.insert(place, paid)
        del self.frauds[place + 1 :], self.last_cleared[place + 1 :]
        for index, flag in enumerate([fraud, *later], place):
            self.frauds.append(self.frauds[-1] + flag)
            self.last_cleared.append(self.last_cleared[-1] if flag else index + self._dropped)
        half = len(self.times) // 2
        if half * 2 >= _PRUNE_FROM and self.times[half] <= at - KEPT:
            del self.times[:half], self.paid[:half], self.frauds[:half], self.last_cleared[:half]
            self._dropped += half

    def _fraud(self, index: int) -> bool:
        return self.frauds[index + 1] > self.frauds[index]

    def _end(self, now: int) -> int:
        times = self.times
        return len(times) if not times or times[-1] <= now else bisect_right(times, now)

    def fraud_count(self, now: int, window: int) -> int:
        """Frauds told in the window."""
        end = self._end(now)
        return self.frauds[end] - self.frauds[bisect_right(self.times, now - window, 0, end)]

    def cleared_count(self, now: int, window: int) -> int:
        """Payments cleared in the window."""
        end = self._end(now)
        start = bisect_right(self.times, now - window, 0, end)
        return end - start - self.frauds[end] + self.frauds[start]

    def run(self, now: int) -> tuple[int, int | None]:
        """Frauds told since the last cleared one, and when the first of them was paid."""
        end = self._end(now)
        start = max(self.last_cleared[end] - self._dropped + 1, bisect_right(self.times, now - KEPT, 0, end))
        return end - start, self.paid[start] if start < end else None

    def last_cleared_paid(self, now: int) -> int | None:
        """When the payment was made that was cleared last."""
        end = self._end(now)
        last = self.last_cleared[end] - self._dropped
        return self.paid[last] if last >= bisect_right(self.times, now - KEPT, 0, end) else None

    def fraud_paid(self, now: int) -> tuple[int, int] | tuple[None, None]:
        """When the first and the last of the frauds told in the days kept were paid."""
        end = self._end(now)
        start = bisect_right(self.times, now - KEPT, 0, end)
        known = self.frauds[end]
        if known == self.frauds[start]:
            return None, None
        first = bisect_right(self.frauds, self.frauds[start], start, end + 1) - 1
        last = bisect_left(self.frauds, known, start, end + 1) - 1
        return self.paid[first], self.paid[last]
