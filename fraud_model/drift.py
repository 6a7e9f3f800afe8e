"""Whether payments still look like those that a model was made of: the population stability index, feature by feature.

Up to 0.1 they do; from 0.25 on the model should be looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from fraud_model.model import Model, scores_of
from fraud_model.table import Floats

WARN: Final = 0.1
ALARM: Final = 0.25
SCORE: Final = "score"
"""The score's name beside those of the features."""

_PARTED: Final = np.linspace(0.1, 0.9, 9)
_DOUBT: Final = 0.5
"""Added to each bin's count, so that an empty one is unlikely and not impossible."""


def reference(model: Model, columns: Mapping[str, Floats]) -> dict[str, Any]:
    """What the payments looked like that the model was made of, as plain JSON, to be kept in its `about`."""
    found = {}
    for name, values in _watched(model, columns).items():
        known = values[~np.isnan(values)]
        edges = np.unique(np.quantile(known, _PARTED, method="lower")) if len(known) else np.empty(0)
        found[name] = {"edges": edges.tolist(), "counts": _counted(values, edges).tolist()}
    return found


def stability(model: Model, columns: Mapping[str, Floats]) -> dict[str, float]:
    """The index of each feature and of the score, for payments of another time against the model's own."""
    looked = model.about["reference"]
    found = {}
    for name, values in _watched(model, columns).items():
        then = np.array(looked[name]["counts"], dtype=np.float64)
        now = _counted(values, np.array(looked[name]["edges"]))
        expected, actual = _shares(then), _shares(now)
        found[name] = float(((actual - expected) * np.log(actual / expected)).sum())
    return found


def _watched(model: Model, columns: Mapping[str, Floats]) -> dict[str, Floats]:
    chosen = {name: columns[name] for name in model.features}
    return {**chosen, SCORE: scores_of(model.log_odds(chosen)).astype(np.float64)}


def _counted(values: Floats, edges: Floats) -> Floats:
    """Payments by bin, a value that equals an edge below it, missing ones last."""
    bins = np.where(np.isnan(values), len(edges) + 1, np.searchsorted(edges, values, "left"))
    return np.bincount(bins, minlength=len(edges) + 2).astype(np.float64)


def _shares(counts: Floats) -> Floats:
    shares: Floats = (counts + _DOUBT) / (counts + _DOUBT).sum()
    return shares
