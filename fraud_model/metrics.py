"""How good probabilities are. Each measure says which way ties count: they keep the order of time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from fraud_model.table import Flags, Floats, Ints

CALIBRATION_BINS: Final = 15
ALERT_RATES: Final = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.05)


@dataclass(frozen=True)
class Measures:
    """Of one set of payments."""

    auc: float
    """Area under the ROC curve."""
    ap: float
    """Average precision."""
    recall_005: float
    """Share of the frauds among the 0.5 % of payments with the highest scores."""
    recall_01: float
    ece: float
    """Expected calibration error: how far the mean probability is from the frauds' share, in 15 bins of equal width,
    weighed by their payments."""


def measure(probability: Floats, fraud: Flags) -> Measures:
    """All of them."""
    from sklearn.metrics import average_precision_score, roc_auc_score

    return Measures(
        auc=float(roc_auc_score(fraud, probability)),
        ap=float(average_precision_score(fraud, probability)),
        recall_005=recall_at(probability, fraud, 0.005),
        recall_01=recall_at(probability, fraud, 0.01),
        ece=calibration_error(probability, fraud),
    )


def recall_at(probability: Floats, fraud: Flags, rate: float) -> float:
    """Share of the frauds that so many alerts find."""
    alerts = np.argsort(-probability, kind="stable")[: round(rate * len(fraud))]
    return float(fraud[alerts].sum() / fraud.sum())


def calibration_error(probability: Floats, fraud: Flags) -> float:
    """See `Measures.ece`."""
    bins = np.minimum((probability * CALIBRATION_BINS).astype(np.int64), CALIBRATION_BINS - 1)
    apart = np.bincount(bins, weights=probability - fraud, minlength=CALIBRATION_BINS)
    return float(np.abs(apart).sum() / len(fraud))


def card_precision(probability: Floats, fraud: Flags, card: Ints, day: Ints, cards: int = 100) -> float:
    """Share of defrauded cards among the `cards` that an office looks at each day; those found on earlier days are left
    out. The mean over the days."""
    found: set[int] = set()
    precisions = []
    for today in np.unique(day):
        rows = np.flatnonzero((day == today) & ~np.isin(card, list(found)))
        ranked = rows[np.argsort(-probability[rows], kind="stable")]
        _, first = np.unique(card[ranked], return_index=True)
        looked_at = card[ranked[np.sort(first)[:cards]]]
        hits = np.intersect1d(looked_at, card[rows][fraud[rows]])
        precisions.append(len(hits) / cards)
        found.update(hits.tolist())
    return float(np.mean(precisions))
