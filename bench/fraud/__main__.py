"""Measures the fraud model with a history of a million payments behind it: one assessment with its features, the same
trees by scikit-learn's one-row `predict_proba`, many payments at once, and the memory of a million cards.

One thread throughout; milliseconds are of processor time but where the clock is named. One line of JSON at the end says
the same as the table.
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import sklearn.ensemble  # noqa: F401 - loaded before it is held to one thread
from rich.console import Console
from rich.table import Table
from threadpoolctl import threadpool_limits

from bench.fraud.tail import tails
from fraud_model import FraudScorer, Payment, State, learner
from fraud_model.past import columns
from fraud_model.simulator import Simulation, simulate
from fraud_model.simulator.rows import rows
from fraud_model.table import Floats

PAYMENTS, CARDS, ASKED, ONE_ROW_EACH, BATCHES = 1_000_000, 1_000_000, 20_000, 50, 3
_NANO = 1_000_000_000


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(prog="make bench-fraud", description=__doc__)
    parser.add_argument("--payments", type=int, default=PAYMENTS, help=f"of history, {PAYMENTS:,} by default")
    parser.add_argument("--cards", type=int, default=CARDS, help=f"in memory, {CARDS:,} by default")
    parser.add_argument("--model-only", action="store_true", help="without the two dashboards on each database")
    asked = parser.parse_args()
    with threadpool_limits(limits=1):
        found = {"memory": memory(asked.cards), **speed(asked.payments)}
    if not asked.model_only:
        found |= {f"opinion_{engine}_ms": parts(rows) for engine, rows in tails().items()}
    grid = Table("what", "figure", title=f"{asked.payments:,} payments of history, one thread")
    for name, value in flat(found):
        grid.add_row(name, f"{value:,.3f}" if isinstance(value, float) else f"{value:,}")
    Console(width=None if sys.stdout.isatty() else 100).print(grid)
    sys.stdout.write(json.dumps({"fraud": found}) + "\n")


def speed(payments: int) -> dict[str, Any]:
    """On a history in which whoever pays next has paid before."""
    started = time.perf_counter()
    simulation = simulate(payments, 45, seed=9)
    simulated = time.perf_counter() - started
    scorer = FraudScorer()
    history = list(rows(simulation.table))
    waiting = history[-ASKED:]
    started = time.perf_counter()
    for payment, news in history[:-ASKED]:
        scorer.observe(payment)
        for told in news:
            scorer.learn(told)
    replayed = (len(history) - ASKED) / (time.perf_counter() - started)
    classifiers, matrix, built = sklearn_beside(simulation, scorer)
    gc.collect()
    gc.freeze()  # as a server does after its start
    by_the_clock, whole, features, explained, observed, one_row = [], [], [], [], [], []
    for number, (payment, news) in enumerate(waiting):
        if number % ONE_ROW_EACH == 0:  # in turns, so that whatever else the machine does falls on both
            at = len(matrix) - ASKED + number
            row = matrix[at : at + 1]
            one_row.append(timed(partial(_predicted, classifiers, row)))
        started = time.perf_counter()
        scorer.assess(payment)
        by_the_clock.append(time.perf_counter() - started)
        whole.append(timed(partial(scorer.assess, payment)))
        features.append(timed(partial(scorer.state.features, payment)))
        values = scorer.state.features(payment)
        explained.append(timed(partial(scorer.explain, values)))
        observed.append(timed(partial(scorer.observe, payment)))
        for told in news:
            scorer.learn(told)
    return {
        "simulated_seconds": simulated,
        "replayed_per_second": replayed,
        "assessment_by_the_clock_ms": spread(by_the_clock),
        "assessment_ms": spread(whole),
        "features_ms": spread(features),
        "score_and_reasons_ms": spread(explained),
        "observe_ms": spread(observed),
        "predict_proba_ms": spread(one_row),
        "times_faster_at_median": statistics.median(one_row) / statistics.median(whole),
        "times_faster_at_p99": percentile(one_row, 0.99) / percentile(whole, 0.99),
        "features_in_batch_per_second": built,
        "scores_in_batch_per_second": batch(scorer, matrix),
    }


def sklearn_beside(simulation: Simulation, scorer: FraudScorer) -> tuple[list[Any], Floats, float]:
    """scikit-learn's own trees, what they read, and how many payments' features a second that took."""
    took = []
    for _ in range(BATCHES):
        started = time.thread_time()
        found = columns(simulation.table)
        took.append(time.thread_time() - started)
    matrix = np.column_stack([found[name] for name in scorer.model.features])
    part = np.flatnonzero(simulation.fraud | (np.arange(len(matrix)) % 25 == 0))
    weight = np.ones(len(part))
    classifiers = [
        learner.fitted(settings, matrix[part], simulation.fraud[part], weight, 1) for settings in learner.MEMBERS
    ]
    return classifiers, matrix, len(matrix) / min(took)


def batch(scorer: FraudScorer, matrix: Floats) -> float:
    """Scores a second."""
    rows = matrix[-200_000:]
    return len(rows) / min(timed(lambda: scorer.model.forest.many(rows)) for _ in range(BATCHES))


def _predicted(classifiers: list[Any], row: Floats) -> None:
    for classifier in classifiers:
        classifier.predict_proba(row)


def memory(cards: int) -> dict[str, Any]:
    """Strangers without end, a second apart, each with a device, an address and an e-mail of its own."""
    before = resident()
    state, sizes = State(), {}
    for number in range(cards):
        key, at = str(number), 1_800_000_000_000 + number * 1_000
        others = (f"d{key}", f"{key}@example.com", f"i{key}")
        state.observe(Payment(key, at, 2_000, "USD", f"c{key}", "m", *others, "US", "US"))
        if number + 1 in {cards // 5, cards // 2, cards}:
            sizes[f"mb_after_{number + 1}_cards"] = resident() - before
    return sizes


def resident() -> int:
    """Megabytes."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 // 1_000_000


def timed(act: Callable[[], object]) -> float:
    """Seconds of processor time: others at work on the machine do not count, waiting is none of it."""
    started = time.thread_time_ns()
    act()
    return (time.thread_time_ns() - started) / _NANO


def spread(seconds: list[float]) -> dict[str, float]:
    """In milliseconds."""
    return {
        "median": statistics.median(seconds) * 1000,
        "p99": percentile(seconds, 0.99) * 1000,
        "most": max(seconds) * 1000,
    }


def parts(rows: list[dict[str, float]]) -> dict[str, float]:
    """Medians and p99 of the whole and of its parts, which are in milliseconds already."""
    found: dict[str, float] = {}
    for name in rows[0]:
        values = [row[name] for row in rows]
        found |= {f"{name}_median": statistics.median(values), f"{name}_p99": percentile(values, 0.99)}
    return found


def percentile(values: list[float], share: float) -> float:
    """The value that so many do not exceed."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def flat(found: dict[str, Any], before: str = "") -> list[tuple[str, Any]]:
    """Nested figures by their whole names."""
    lines: list[tuple[str, Any]] = []
    for name, value in found.items():
        label = f"{before}{name}".replace("_", " ")
        lines.extend(flat(value, f"{label}, ") if isinstance(value, dict) else [(label, value)])
    return lines


if __name__ == "__main__":
    main()
