"""In what order claimed deliveries go out: one by one for one subject, a bounded number at once per endpoint."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar


class Item(Protocol):
    """What lanes are made for."""

    @property
    def receiver(self) -> tuple[int, str]:
        """Account and endpoint: who is sent to; a slow one must not hold up the others."""

    @property
    def lane(self) -> Hashable:
        """What must stay in order, within the receiver."""


ItemT = TypeVar("ItemT", bound=Item)


@dataclass(slots=True)
class _Receiver(Generic[ItemT]):
    running: int = 0
    waiting: int = 0
    lanes: dict[Hashable, deque[ItemT]] = field(default_factory=dict)
    ready: deque[Hashable] = field(default_factory=deque)


class Lanes(Generic[ItemT]):
    """Thread-safe. Every item added comes out of `start` once, and must go into `finish` once."""

    def __init__(self, *, at_once: int, per_receiver: int) -> None:
        self._at_once = at_once
        self._per_receiver = per_receiver
        self._running = 0
        self._receivers: dict[tuple[int, str], _Receiver[ItemT]] = {}
        self._slow: set[tuple[int, str]] = set()
        self._mutex = threading.Lock()

    def add(self, items: list[ItemT]) -> None:
        """Queue items, in the order in which they should go out."""
        with self._mutex:
            for item in items:
                receiver = self._receivers.setdefault(item.receiver, _Receiver())
                receiver.waiting += 1
                if item.lane in receiver.lanes:
                    receiver.lanes[item.lane].append(item)
                else:
                    receiver.lanes[item.lane] = deque((item,))
                    receiver.ready.append(item.lane)

    def start(self) -> list[ItemT]:
        """All items that may go out now."""
        with self._mutex:
            started = []
            for key, receiver in self._receivers.items():
                limit = 1 if key in self._slow else self._per_receiver
                while receiver.ready and receiver.running < limit and self._running < self._at_once:
                    item = receiver.lanes[receiver.ready.popleft()].popleft()
                    receiver.waiting -= 1
                    receiver.running += 1
                    self._running += 1
                    started.append(item)
            return started

    def finish(self, item: ItemT, *, answered: bool) -> None:
        """The item is done, so the next of its lane may go. Who did not answer gets one at a time until it does."""
        with self._mutex:
            if answered:
                self._slow.discard(item.receiver)
            else:
                self._slow.add(item.receiver)
            receiver = self._receivers[item.receiver]
            receiver.running -= 1
            self._running -= 1
            if receiver.lanes[item.lane]:
                receiver.ready.append(item.lane)
            else:
                del receiver.lanes[item.lane]
            if not receiver.lanes:
                del self._receivers[item.receiver]

    @property
    def running(self) -> int:
        """How many items are out."""
        with self._mutex:
            return self._running

    @property
    def size(self) -> int:
        """How many items wait or run."""
        with self._mutex:
            return self._running + sum(receiver.waiting for receiver in self._receivers.values())

    def crowded(self, most: int) -> list[tuple[int, str]]:
        """Receivers for whom at least `most` items wait."""
        with self._mutex:
            return [key for key, receiver in self._receivers.items() if receiver.waiting >= most]
