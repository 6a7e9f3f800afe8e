"""What waking listeners costs whoever commits on PostgreSQL: transactions of three timeline entries, eight threads.

`python -m bench.commits [--threads N] [--seconds N] [--rounds N]`: without any hint, with a NOTIFY in the transaction,
and with the hint after it, as the app gives it. The server flushes each commit to the disk. Rounds alternate.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import (
    db,
    models,  # noqa: F401 - every table, so that each foreign key finds its own
)
from app.clock import wall_now
from app.config import database_url_of
from app.db import transaction
from app.schema import upgrade
from app.timeline import Entry, Kind
from app.timeline.actors import WORKER
from app.timeline.wake import CHANNEL, wake_listeners
from tests.stack import Databases

ENTRIES = 3


def _nothing(_session: Session) -> None:
    """Nobody is told."""


def _within(session: Session) -> None:
    session.execute(select(func.pg_notify(CHANNEL, "")))


WAYS: dict[str, Callable[[Session], None]] = {"no hint": _nothing, "within": _within, "afterwards": wake_listeners}


def write(hint: Callable[[Session], None], number: int) -> None:
    """One transaction."""
    with transaction() as session:
        now = wall_now()
        for part in range(ENTRIES):
            session.add(
                Entry(
                    kind=Kind.ORDER_STATUS,
                    subject_id=f"bench_{number}",
                    summary=f"Entry {part}",
                    actor_kind=WORKER.kind,
                    actor_name=WORKER.name,
                    data={},
                    at=now,
                    recorded_at=now,
                )
            )
        session.flush()
        hint(session)


def commits(hint: Callable[[Session], None], threads: int, seconds: float) -> float:
    """Transactions a second of all threads together."""
    done = [0] * threads
    end = time.perf_counter() + seconds

    def work(number: int) -> None:
        while time.perf_counter() < end:
            write(hint, number)
            done[number] += 1

    workers = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return sum(done) / seconds


def main() -> None:
    """Measure, and print a table and one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="counterfoil-commits-"))
    databases = Databases(folder, durable=True)
    try:
        upgrade(db.connect(database_url_of(databases.fresh("postgresql")), pool_size=asked.threads + 2))
        found: dict[str, list[float]] = {name: [] for name in WAYS}
        for _ in range(asked.rounds):
            for name, hint in WAYS.items():
                found[name].append(commits(hint, asked.threads, asked.seconds))
        db.engine().dispose()
    finally:
        databases.close()
        shutil.rmtree(folder, ignore_errors=True)
    medians = {name: statistics.median(rates) for name, rates in found.items()}
    for name, rate in medians.items():
        print(f"{name:>10}: {rate:8,.0f} transactions a second, {rate / medians['no hint']:.2f} of those without")
    print(json.dumps({"threads": asked.threads, "commits": {name: round(rate) for name, rate in medians.items()}}))


if __name__ == "__main__":
    main()
