"""Makes the shipped model: simulate, learn, leave out a week for labels to arrive, test on what came after."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

import numpy as np

from fraud_model import plots
from fraud_model.card import card_of
from fraud_model.drift import reference
from fraud_model.evaluate import Evaluation, compare
from fraud_model.learner import Progress, learn, versions
from fraud_model.model import Model
from fraud_model.past import columns
from fraud_model.simulator import simulate
from fraud_model.table import Table

PAYMENTS: Final = 2_000_000
DAYS: Final = 120
SEED: Final = 2026
HISTORY_DAYS: Final = 45
DELAY_DAYS: Final = 7
TEST_DAYS: Final = 14


@dataclass(frozen=True)
class Trained:
    """A model, and what came of its test."""

    model: Model
    evaluation: Evaluation
    pictures: dict[str, str]
    """SVG by name; none without matplotlib."""


def train(*, payments: int, days: int, seed: int, progress: Progress) -> Trained:
    """From nothing but its arguments: the same twice on one machine."""
    progress("simulating", 0, 1)
    simulation = simulate(payments, days, seed)
    progress("simulating", 1, 1)
    progress("features", 0, 1)
    found = columns(simulation.table)
    progress("features", 1, 1)
    test_from = days - TEST_DAYS
    rows = simulation.rows(HISTORY_DAYS, test_from - DELAY_DAYS)
    about: dict[str, Any] = {
        "data": {
            "source": "fraud_model.simulator",
            "payments": len(simulation.table),
            "days": days,
            "seed": seed,
            "sha256": data_hash(simulation.table),
            "trained_days": [HISTORY_DAYS, test_from - DELAY_DAYS],
            "tested_days": [test_from, days],
        },
        "versions": versions(),
    }
    learned = {name: values[rows] for name, values in found.items()}
    model = learn(learned, simulation.fraud[rows], seed=seed, about=about, progress=progress)
    about["reference"] = reference(model, learned)
    progress("testing", 0, 1)
    evaluation, probability, tested = compare(model, found, simulation, test_from, days)
    about["test"] = evaluation.as_json()
    model = Model(model.features, model.intercept, model.nodes, about)
    pictures = plots.draw(probability, tested, evaluation) if plots.available() else {}
    progress("testing", 1, 1)
    return Trained(model, evaluation, pictures)


def write(trained: Trained, folder: Path) -> list[Path]:
    """The model, its card and its pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        "model.json": trained.model.dumps(),
        "CARD.md": card_of(trained.model, trained.pictures),
        **{f"{name}.svg": text for name, text in trained.pictures.items()},
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in texts]


def data_hash(table: Table) -> str:
    """SHA-256 over every column."""
    digest = hashlib.sha256()
    for field in fields(table):
        digest.update(field.name.encode())
        digest.update(np.ascontiguousarray(getattr(table, field.name)).tobytes())
    return digest.hexdigest()
