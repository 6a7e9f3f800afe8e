"""Closed-loop load: so many clients, each beginning its next flow when the last one's answers are all checked."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bench.gateway.connection import Connection, WrongAnswer

# What a flow may take beyond the end of the load before the whole is given up.
_GRACE_SECONDS = 30.0


class Client:
    """One of the callers: its connection, a name of its own, and how long each of its requests took."""

    def __init__(self, number: int, connection: Connection) -> None:
        self.number = number
        self.connection = connection
        self.count = itertools.count()
        self.took: list[float] = []

    def unique(self) -> str:
        """A text that this load uses once."""
        return f"{self.number}-{next(self.count)}"


Flow = Callable[[Client], Awaitable[None]]
"""Some requests in order, every answer checked; WrongAnswer when one is not as it should be."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What one measurement came to: flows a second, if it is a load. `p99`: of single requests, in seconds."""

    value: float
    p99: float | None = None
    done: int = 0
    errors: int = 0
    note: str = ""


async def run(flow: Flow, connections: list[Connection], seconds: float, *, warm_seconds: float = 0.0) -> Sample:
    """Run it. Flows of the first `warm_seconds`, and each client's first one, count nowhere."""
    clients = [Client(number, connection) for number, connection in enumerate(connections)]
    try:
        await _together(flow, clients, warm_seconds)
        for client in clients:
            client.took.clear()
        begun = time.perf_counter()
        counted = await _together(flow, clients, seconds)
        took = time.perf_counter() - begun
    finally:
        for connection in connections:
            connection.close()
    errors = [str(one) for one in counted if isinstance(one, WrongAnswer)]
    done = len(counted) - len(errors)
    each = sorted(one for client in clients for one in client.took)
    p99 = each[int(len(each) * 0.99)] if each else None
    return Sample(done / took, p99, done, len(errors), errors[0] if errors else "")


async def _together(flow: Flow, clients: list[Client], seconds: float) -> list[WrongAnswer | None]:
    """All clients at once, each once at least, none beginning after `seconds`; what became of each flow."""
    ended: list[WrongAnswer | None] = []
    deadline = time.perf_counter() + seconds

    async def repeat(client: Client) -> None:
        while True:
            try:
                await flow(client)
            except WrongAnswer as error:
                ended.append(error)
            else:
                ended.append(None)
            if time.perf_counter() >= deadline:
                return

    await asyncio.wait_for(asyncio.gather(*map(repeat, clients)), seconds + _GRACE_SECONDS)
    return ended
