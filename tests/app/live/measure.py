"""Measures what open streams cost: `python -m tests.app.live.measure` prints the table's lines of docs/performance.md.

CPU is that of one dashboard process in which nothing happens; the delay runs from a commit by another process until an
open stream has told of it.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import Engine as Database
from sqlalchemy.orm import Session

from tests.app.live.listening import Listener, dashboard_alone, database_of, listening, write_entry
from tests.app.screens.visitor import Visitor
from tests.stack import ENGINES, PROCESSES, Databases, Engine, group_members, stop_everything, until

WATCHED_SECONDS = 20
COMMITS = 40


def cpu_seconds(pids: Sequence[int]) -> float:
    """Processor time that the processes have used."""
    fields = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13] for pid in pids]
    return sum(int(ticks) for pair in fields for ticks in pair) / os.sysconf("SC_CLK_TCK")


def idle_percent(pids: Sequence[int]) -> str:
    """Share of one core that is used while nothing happens."""
    before = cpu_seconds(pids)
    time.sleep(WATCHED_SECONDS)
    return f"{(cpu_seconds(pids) - before) / WATCHED_SECONDS:.2%}"


def delay(database: Database, listener: Listener) -> float:
    """Seconds from a commit until the stream has told of it."""
    with Session(database.execution_options(writes=True)) as session, session.begin():
        entry = write_entry(session).id
    begun = time.monotonic()
    until(lambda: entry in listener.entries(), what="the entry")
    return time.monotonic() - begun


def measure(engine: Engine, databases: Databases, directory: Path) -> str:
    """One line of the table."""
    with dashboard_alone(engine, databases, directory) as stack, ExitStack() as held:
        visitors = [Visitor(stack) for _ in range(4)]
        pids = group_members(PROCESSES[-1].pid)
        shares = [idle_percent(pids)]
        first = held.enter_context(listening(visitors[0]))
        shares.append(idle_percent(pids))
        for number in range(1, 20):
            held.enter_context(listening(visitors[number % 4]))
        shares.append(idle_percent(pids))
        with database_of(stack) as database:
            delays = [delay(database, first) * 1000 for _ in range(COMMITS)]
        told = f"{statistics.median(delays):.0f} ms, at most {max(delays):.0f} ms"
        return f"| {engine} | {' | '.join(shares)} | {told} |\n"


def main() -> None:
    """Measure on both databases."""
    directory = Path(tempfile.mkdtemp(prefix="counterfoil-live-"))
    databases = Databases(directory)
    try:
        for engine in ENGINES:
            sys.stdout.write(measure(engine, databases, directory))
            sys.stdout.flush()
    finally:
        stop_everything()
        databases.close()


if __name__ == "__main__":
    main()
