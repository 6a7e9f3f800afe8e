"""What it would bring and cost to block payments from each score on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from fraud_model.table import Flags, Floats, Ints

SCORES: Final = 100


@dataclass(frozen=True, slots=True)
class Costs:
    """What a payment is worth: of a genuine one so much is earned, a fraud costs its amount and a fee."""

    margin_basis_points: int = 1_500
    fee_cents: int = 1_500


@dataclass(frozen=True, slots=True)
class Threshold:
    """If payments with `score` or more had been blocked; 100 blocks none."""

    score: int
    blocked: int
    frauds_stopped: int
    genuine_lost: int
    fraud_cents: int
    """What the frauds came to that were stopped."""
    saved_cents: int
    """That and their fees, less what the genuine ones would have earned."""


DEFAULT_COSTS: Final = Costs()


def curve(score: Ints, cents: Ints, fraud: Flags, costs: Costs = DEFAULT_COSTS) -> list[Threshold]:
    """Every threshold from 0 to 100, by payments of which it is known what they were. Amounts are of one currency."""
    earned = np.where(fraud, 0, cents * costs.margin_basis_points // 10_000)
    lost = np.where(fraud, cents, 0)
    frauds, genuine = _from_each(score, fraud), _from_each(score, ~fraud)
    stopped, missed = _from_each(score, lost), _from_each(score, earned)
    return [
        Threshold(
            score=number,
            blocked=frauds[number] + genuine[number],
            frauds_stopped=frauds[number],
            genuine_lost=genuine[number],
            fraud_cents=stopped[number],
            saved_cents=stopped[number] + frauds[number] * costs.fee_cents - missed[number],
        )
        for number in range(SCORES + 1)
    ]


def best(thresholds: list[Threshold]) -> Threshold:
    """The one that saves most; of equals the one that blocks least."""
    return max(thresholds, key=lambda threshold: (threshold.saved_cents, threshold.score))


def saved_per_thousand(thresholds: list[Threshold], payments: int) -> Floats:
    """In whole units of the currency, for every threshold."""
    return np.array([threshold.saved_cents for threshold in thresholds]) / 100 / payments * 1_000


def _from_each(score: Ints, values: Ints | Flags) -> list[int]:
    """Sums over the payments with each score or more."""
    sums = np.zeros(SCORES + 1, dtype=np.int64)
    np.add.at(sums, score, values.astype(np.int64))
    found: list[int] = np.cumsum(sums[::-1])[::-1].tolist()
    return found
