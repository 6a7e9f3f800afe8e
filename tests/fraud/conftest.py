"""Simulations that several tests share."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fraud_model.past import columns
from fraud_model.simulator import Simulation, simulate
from fraud_model.table import Floats, cleared_at
from fraud_model.times import CLEARED_AFTER

_MINUTE = 60_000


@pytest.fixture(scope="session")
def simulation() -> Simulation:
    """Nobody of it is in the training data. Whole minutes, so that much happens in the same moment."""
    drawn = simulate(110_000, 70, seed=31)
    at = drawn.table.at // _MINUTE * _MINUTE
    cleared = cleared_at(at, drawn.table.fraud_at, CLEARED_AFTER)
    return replace(drawn, table=replace(drawn.table, at=at, cleared_at=cleared))


@pytest.fixture(scope="session")
def features(simulation: Simulation) -> dict[str, Floats]:
    """Every feature of it, in batch."""
    return columns(simulation.table)
