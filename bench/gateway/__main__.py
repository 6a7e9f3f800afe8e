"""Measures the gateway beside its peers and its limits, interleaved, each thing fresh in each round, and prints how far
its goals are reached.

Medians of the rounds count; one line of JSON at the end says the same as the tables. Loopback only.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import statistics
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.gateway import goals
from bench.gateway.goals import Goal, Key, Medians
from bench.gateway.load import Sample
from bench.gateway.programs import Programs
from bench.gateway.subjects import Subject

ROUNDS, SECONDS = 3, 8.0
_WIDTH = 140


def main() -> None:
    """Measure what is asked for, and print the tables."""
    every = goals.goals(large=False)
    rows = list(dict.fromkeys(goal.row for goal in every))
    parser = argparse.ArgumentParser(prog="python -m bench.gateway", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=rows, default=rows, metavar="ROW", help=f"of {', '.join(rows)}")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"{ROUNDS} by default")
    parser.add_argument("--seconds", type=float, default=SECONDS, help=f"of each load, {SECONDS:g} by default")
    parser.add_argument(
        "--large", action="store_true", help=f"{goals.STORED_LARGE:,} payments stored, not {goals.STORED:,}; takes long"
    )
    asked = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else _WIDTH)
    # So that an end from outside ends what was started, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    chosen = [goal for goal in goals.goals(large=asked.large) if goal.row in asked.only]
    keys = list(dict.fromkeys(key for goal in chosen for key in goal.needs))

    folder = Path(tempfile.mkdtemp(prefix="counterfoil-bench-"))
    programs = Programs(folder)
    try:
        found = measure(programs, goals.measured(large=asked.large), keys, asked.rounds, asked.seconds, console)
    finally:
        programs.close()
        shutil.rmtree(folder, ignore_errors=True)
    medians = {key: median(samples) for key, samples in found.items()}
    title = f"{asked.rounds} rounds of {asked.seconds:g} s, {os.cpu_count()} cores"
    console.print(measurements(found, medians, title))
    console.print(reached(chosen, medians))
    sys.stdout.write(json.dumps(told(chosen, medians, asked.rounds, asked.seconds)) + "\n")


def measure(
    programs: Programs,
    subjects: Mapping[str, Subject],
    keys: Sequence[Key],
    rounds: int,
    seconds: float,
    console: Console,
) -> dict[Key, list[Sample]]:
    """All of them in each round, so that a neighbor's load meets all of them alike."""
    found: dict[Key, list[Sample]] = {key: [] for key in keys}
    for number in range(1, rounds + 1):
        for name, clients in keys:
            sample = subjects[name](programs, clients, seconds)
            found[name, clients].append(sample)
            console.print(f"[dim]round {number}: {_called(name, clients)}: {sample.value:,.2f}[/dim]")
    return found


def median(samples: Sequence[Sample]) -> Sample:
    """The medians of its figures; errors are added up."""
    p99s = [sample.p99 for sample in samples if sample.p99 is not None]
    return Sample(
        statistics.median(sample.value for sample in samples),
        statistics.median(p99s) if p99s else None,
        round(statistics.median(sample.done for sample in samples)),
        sum(sample.errors for sample in samples),
        next((sample.note for sample in samples if sample.note), ""),
    )


def measurements(found: Mapping[Key, list[Sample]], medians: Medians, title: str) -> Table:
    """What was measured, with the spread over the rounds."""
    table = Table("measured", "clients", "median", "least to most", "p99, ms", "done", "errors", "note")
    table.title = title
    for (name, clients), sample in medians.items():
        values = [one.value for one in found[name, clients]]
        table.add_row(
            name,
            str(clients or ""),
            f"{sample.value:,.2f}" if sample.value < 100 else f"{sample.value:,.0f}",
            f"{min(values):,.1f} to {max(values):,.1f}",
            f"{sample.p99 * 1000:.1f}" if sample.p99 is not None else "",
            str(sample.done or ""),
            str(sample.errors),
            sample.note,
        )
    return table


def reached(chosen: Iterable[Goal], medians: Medians) -> Table:
    """The goals, and what was reached."""
    table = Table("goal", "what", "floor", "target", "measured", "reached")
    for goal in chosen:
        figure = figure_of(goal, medians)
        wanted = (f"{bound:g} {goal.unit}" if bound is not None else "" for bound in (goal.floor, goal.target))
        shown = "not measured" if figure is None else f"{figure:.2f} {goal.unit}"
        table.add_row(goal.row, goal.what, *wanted, shown, "" if figure is None else goal.reached(figure))
    return table


def figure_of(goal: Goal, medians: Medians) -> float | None:
    """The goal's figure; None where something that it needs could not be measured, or went wrong."""
    if any(medians[key].errors for key in goal.needs):
        return None
    try:
        return goal.figure(medians) or None
    except ZeroDivisionError:
        return None


def told(chosen: Iterable[Goal], medians: Medians, rounds: int, seconds: float) -> dict[str, object]:
    """Everything as JSON."""
    return {
        "gateway": {
            goal.what: None if (figure := figure_of(goal, medians)) is None else round(figure, 4) for goal in chosen
        },
        "medians": {
            _called(name, clients): {
                "value": round(sample.value, 2),
                "p99_ms": None if sample.p99 is None else round(sample.p99 * 1000, 2),
                "done": sample.done,
                "errors": sample.errors,
                "note": sample.note,
            }
            for (name, clients), sample in medians.items()
        },
        "rounds": rounds,
        "seconds": seconds,
    }


def _called(name: str, clients: int) -> str:
    return f"{name}, {clients} client{'s' if clients > 1 else ''}" if clients else name


if __name__ == "__main__":
    main()
