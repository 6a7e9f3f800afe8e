"""The goals, row by row: which measurements each needs, what it makes of them, and what is enough."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bench.gateway import subjects
from bench.gateway.flows import CALLS, WRITES
from bench.gateway.load import Sample
from bench.gateway.subjects import Subject

Key = tuple[str, int]
"""A subject's name and the number of clients."""

Medians = Mapping[Key, Sample]

STORED, STORED_LARGE = 50_000, 1_000_000
_RAW = "raw SQLite commits"
_ON_TWO = "gateway, 2 processes"


@dataclass(frozen=True, slots=True)
class Goal:
    """`figure` may raise ZeroDivisionError where something could not be measured. No floor or target: only told."""

    row: str
    what: str
    needs: tuple[Key, ...]
    figure: Callable[[Medians], float]
    floor: float | None = None
    target: float | None = None
    unit: str = "x"
    less_is_better: bool = False

    def reached(self, figure: float) -> str:
        """What of the goal is reached, in a word."""
        if self._holds(figure, self.target):
            return "target"
        if self._holds(figure, self.floor):
            return "floor"
        return "no" if self.floor is not None or self.target is not None else ""

    def _holds(self, figure: float, wanted: float | None) -> bool:
        if wanted is None:
            return False
        return figure <= wanted if self.less_is_better else figure >= wanted


def measured(*, large: bool) -> dict[str, Subject]:
    """All subjects by their names."""
    return {
        "gateway": subjects.gateway,
        _ON_TWO: subjects.gateway_on_two,
        "localstripe": subjects.localstripe,
        "Prism": subjects.prism,
        "Flask hello": subjects.hello,
        _RAW: subjects.commits,
        "gateway on PostgreSQL, 2 processes": subjects.gateway_on_postgresql,
        "gateway on PostgreSQL": subjects.gateway_on_postgresql_by_default,
        "pgbench": subjects.pgbench,
        "gateway, fsync 2 ms slower": subjects.slow_fsync,
        "gateway, many payments stored": subjects.Stored(STORED_LARGE if large else STORED),
        "gateway, 3 webhooks a life": subjects.webhooks,
        "start": subjects.start,
        "memory": subjects.memory,
        "the load client": subjects.client,
    }


def goals(*, large: bool) -> list[Goal]:
    """All rows; the same name may stand before several."""
    payments = f"{STORED_LARGE if large else STORED:,}"
    on_two = "gateway on PostgreSQL, 2 processes"
    raw = "raw 4-statement FULL commits"
    benched = "pgbench with 4 statements"
    return [
        *(_beside("localstripe", clients, *wanted) for clients, wanted in _BESIDE_LOCALSTRIPE.items()),
        *(_beside("Prism", clients, None, wanted) for clients, wanted in ((1, None), (8, 1.0), (32, 1.0))),
        *(
            _share(
                "processes", "lives a second of two processes against one", (_ON_TWO, clients), 1, ("gateway", clients)
            )
            for clients in (8, 32)
        ),
        Goal(
            "p99",
            "p99 of a request against localstripe's, 8 clients",
            (("gateway", 8), ("localstripe", 8)),
            lambda found: _p99(found["gateway", 8]) / _p99(found["localstripe", 8]),
            0.2,
            0.1,
            less_is_better=True,
        ),
        _share("hello", "requests against Flask hello", ("gateway", 8), CALLS, ("Flask hello", 8), 0.15, 0.25),
        _share("hello", "requests against Flask hello", ("gateway", 32), CALLS, ("Flask hello", 32), 0.15, 0.25),
        _share("commits", f"lives x 4 against {raw}", ("gateway", 8), WRITES, (_RAW, 1), 0.25, 0.45),
        _share("commits", f"lives x 4 against {raw}", ("gateway", 32), WRITES, (_RAW, 1), 0.25, 0.45),
        _share("postgresql", f"lives x 4 against {benched}", (on_two, 8), WRITES, ("pgbench", 8), 0.10, 0.18),
        _share("postgresql", f"lives x 4 against {benched}", (on_two, 32), WRITES, ("pgbench", 32), 0.10, 0.18),
        _share("postgresql", "the same, one process", ("gateway on PostgreSQL", 8), WRITES, ("pgbench", 8), None, None),
        _kept("slow-fsync", "kept with fsync 2 ms slower", ("gateway, fsync 2 ms slower", 32), 0.5, 0.7),
        _kept("stored", f"kept with {payments} payments stored", ("gateway, many payments stored", 8), 0.8, 0.95),
        _kept("webhooks", "kept while 3 webhooks a life are delivered", ("gateway, 3 webhooks a life", 8), 0.6, 0.8),
        _plain("start", "from start to first answer", "start", 1.0, 0.5, "s"),
        _plain("start", "memory at rest", "memory", 150, 90, "MiB"),
        Goal(
            "client",
            "requests that the load client can do, against the gateway's, 8 clients",
            (("the load client", 8), ("gateway", 8)),
            lambda found: found["the load client", 8].value / (found["gateway", 8].value * CALLS),
        ),
    ]


_BESIDE_LOCALSTRIPE: dict[int, tuple[float | None, float | None]] = {1: (None, None), 8: (5.0, 10.0), 32: (6.0, 12.0)}


def _beside(peer: str, clients: int, floor: float | None, target: float | None) -> Goal:
    return _share(
        "lifecycles", f"lives a second against {peer}", ("gateway", clients), 1, (peer, clients), floor, target
    )


def _kept(row: str, what: str, ours: Key, floor: float, target: float) -> Goal:
    return _share(row, what, ours, 1, ("gateway", ours[1]), floor, target)


def _share(
    row: str,
    what: str,
    ours: Key,
    times: int,
    other: Key,
    floor: float | None = None,
    target: float | None = None,
) -> Goal:
    clients = "1 client" if ours[1] == 1 else f"{ours[1]} clients"
    return Goal(
        row,
        f"{what}, {clients}",
        (ours, other),
        lambda found: found[ours].value * times / found[other].value,
        floor,
        target,
    )


def _plain(row: str, what: str, subject: str, floor: float, target: float, unit: str) -> Goal:
    key = (subject, 0)
    return Goal(row, what, (key,), lambda found: found[key].value, floor, target, unit, less_is_better=True)


def _p99(sample: Sample) -> float:
    return sample.p99 or 0.0
