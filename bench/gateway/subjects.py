"""What is measured: each starts something fresh, puts it under so many clients, and says what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import requests

from bench.gateway import flows, limits, load, stored
from bench.gateway.connection import HOST
from bench.gateway.load import Sample
from bench.gateway.programs import Programs, Running

Subject = Callable[[Programs, int, float], Sample]
"""The bench's programs, how many clients, and for how many seconds."""

# Of the four events of a life, so many are subscribed to.
WEBHOOKS = ("payment.authorized", "payment.captured", "refund.succeeded")
_DRAIN_SECONDS = 60
WARM_SECONDS = 1.0


def _live(running: Running, clients: int, seconds: float, *, key: str | None = None, alone: bool = False) -> Sample:
    connections = flows.connections(running.port, clients, key=key, one_account=not alone)
    return asyncio.run(load.run(flows.life, connections, seconds, warm_seconds=WARM_SECONDS))


def gateway(programs: Programs, clients: int, seconds: float) -> Sample:
    """On SQLite, all clients in one account, as few good tests would do."""
    with programs.gateway(programs.fresh("sqlite")) as running:
        return _live(running, clients, seconds)


def gateway_on_two(programs: Programs, clients: int, seconds: float) -> Sample:
    """The same, served by two processes."""
    with programs.gateway(programs.fresh("sqlite"), workers=2) as running:
        return _live(running, clients, seconds)


def gateway_on_postgresql(programs: Programs, clients: int, seconds: float) -> Sample:
    """An account for each client, two processes."""
    with programs.gateway(programs.fresh("postgresql"), workers=2) as running:
        return _live(running, clients, seconds, alone=True)


def gateway_on_postgresql_by_default(programs: Programs, clients: int, seconds: float) -> Sample:
    """An account for each client, one process."""
    with programs.gateway(programs.fresh("postgresql")) as running:
        return _live(running, clients, seconds, alone=True)


def localstripe(programs: Programs, clients: int, seconds: float) -> Sample:
    """Not warmed up: it is slower with all that it holds."""
    with programs.localstripe() as running:
        connections = flows.connections(running.port, clients)
        return asyncio.run(load.run(flows.localstripe_life, connections, seconds))


def prism(programs: Programs, clients: int, seconds: float) -> Sample:
    with programs.prism() as running:
        connections = flows.connections(running.port, clients)
        return asyncio.run(load.run(flows.example_life, connections, seconds, warm_seconds=WARM_SECONDS))


def hello(programs: Programs, clients: int, seconds: float) -> Sample:
    with programs.hello() as running:
        connections = flows.connections(running.port, clients)
        return asyncio.run(load.run(flows.hello, connections, seconds, warm_seconds=WARM_SECONDS))


def client(programs: Programs, clients: int, seconds: float) -> Sample:
    """The load client itself, against a server that does nothing."""
    with programs.sink() as running:
        connections = flows.connections(running.port, clients)
        return asyncio.run(load.run(flows.hello, connections, seconds, warm_seconds=WARM_SECONDS))


def commits(programs: Programs, _clients: int, seconds: float) -> Sample:
    path = programs.fresh("sqlite").removeprefix("sqlite:///")
    return Sample(limits.sqlite_commits(path, seconds))


def pgbench(programs: Programs, clients: int, seconds: float) -> Sample:
    return Sample(limits.postgresql_commits(programs.fresh("postgresql"), programs.folder, clients, seconds))


def slow_fsync(programs: Programs, clients: int, seconds: float) -> Sample:
    library = programs.slow_fsync()
    if library is None:
        return Sample(0.0, note="no C compiler (cc) to make the slower fsync with")
    with programs.gateway(programs.fresh("sqlite"), preload=library) as running:
        return _live(running, clients, seconds)


class Stored:
    """The gateway with many payments in its database, which is filled once for all rounds."""

    def __init__(self, payments: int) -> None:
        self._payments = payments
        self._filled: tuple[str, str] | None = None

    def __call__(self, programs: Programs, clients: int, seconds: float) -> Sample:
        if self._filled is None:
            self._filled = stored.fill(programs, self._payments)
        url, key = self._filled
        with programs.gateway(url) as running:
            return _live(running, clients, seconds, key=key)


def webhooks(programs: Programs, clients: int, seconds: float) -> Sample:
    """Three webhooks a life, delivered to a receiver while the load goes on."""
    key = flows.new_key()
    with programs.sink() as sink, programs.gateway(programs.fresh("sqlite")) as running:
        _ask(running, key, "POST", "/v1/webhook_endpoints", {"url": f"http://{HOST}:{sink.port}/", "events": WEBHOOKS})
        sample = _live(running, clients, seconds, key=key)
        then = _taken(sink)
        _ask(running, key, "POST", "/_sandbox/drain", {"timeout": _DRAIN_SECONDS})
        finally_ = _taken(sink)
    return replace(sample, note=f"{then} of {finally_} webhooks delivered by the end of the load")


def start(programs: Programs, _clients: int, _seconds: float) -> Sample:
    """Seconds to the first answer, on a database that is there."""
    url = programs.fresh("sqlite")
    with programs.gateway(url) as first:
        new = first.started_in
    with programs.gateway(url) as second:
        return Sample(second.started_in, note=f"{new:.2f} s where the database had to be made")


def memory(programs: Programs, _clients: int, _seconds: float) -> Sample:
    """MiB at rest after the start, of all its processes."""
    with programs.gateway(programs.fresh("sqlite")) as running:
        return Sample(running.memory_mib)


def _ask(running: Running, key: str, method: str, path: str, body: object) -> None:
    answer = requests.request(
        method,
        f"http://{HOST}:{running.port}{path}",
        json=body,
        headers={"Authorization": f"Bearer {key}"},
        timeout=_DRAIN_SECONDS + 10,
    )
    assert answer.ok, answer.text


def _taken(sink: Running) -> int:
    return int(requests.get(f"http://{HOST}:{sink.port}/count", timeout=10).json()["count"])
