"""Learns a model from columns of features. The one learner: of the shipped model, of the benchmark, of own labels.

scikit-learn is imported here and nowhere on the way of a payment.
"""

from __future__ import annotations

import platform
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from fraud_model.forest import LEAF, MOST_LEAVES, Nodes, leaf_paths
from fraud_model.model import Model
from fraud_model.table import Flags, Floats

MEMBERS: Final[tuple[dict[str, Any], ...]] = (
    {"max_leaf_nodes": 16, "max_iter": 150, "learning_rate": 0.05, "min_samples_leaf": 50, "l2_regularization": 10.0},
    {"max_leaf_nodes": 8, "max_iter": 200, "learning_rate": 0.06, "min_samples_leaf": 20, "l2_regularization": 1.0},
)
"""Two shapes of boosted trees whose log odds are averaged: deep ones rank the hard cases, flat ones hold the rest."""

GENUINE_SHARE: Final = 0.2
"""Of the genuine payments so many are learned from, at matching weight; of the frauds all."""

_ROWS_TO_WEIGH: Final = 20_000
"""About so many payments say what is average at an inner node, from where reasons are counted."""

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and how much there is."""


class NothingToLearn(Exception):
    """Too few payments, or all of one kind."""


def learn(
    columns: dict[str, Floats],
    fraud: Flags,
    *,
    seed: int,
    genuine_share: float = GENUINE_SHARE,
    about: dict[str, Any] | None = None,
    progress: Progress = lambda _what, _done, _of: None,
) -> Model:
    """Train every member on the same payments. Columns that are all missing or all the same are left out."""
    if not 0 < fraud.sum() < len(fraud):
        raise NothingToLearn(f"{fraud.sum():,} frauds among {len(fraud):,} payments: both kinds are needed")
    rng = np.random.default_rng(seed)
    rows = np.flatnonzero(fraud | (rng.random(len(fraud)) < genuine_share))
    names = tuple(name for name, values in columns.items() if _tells(values[rows]))
    matrix = np.column_stack([columns[name][rows] for name in names])
    weight = np.where(fraud[rows], 1.0, 1 / genuine_share)
    intercept = 0.0
    step = len(matrix) // _ROWS_TO_WEIGH + 1
    seen = matrix[::step]
    parts: list[Nodes] = []
    for number, settings in enumerate(MEMBERS):
        progress("training", number, len(MEMBERS))
        classifier = fitted(settings, matrix, fraud[rows], weight, seed)
        # scikit-learn has no public way to its trees; that they say the same is tested.
        baseline, trees = classifier._baseline_prediction, classifier._predictors  # noqa: SLF001
        intercept += float(baseline.item()) / len(MEMBERS)
        parts.extend(_nodes(predictors[0].nodes, seen, weight[::step]) for predictors in trees)
    progress("training", len(MEMBERS), len(MEMBERS))
    return Model(names, intercept, _joined(parts), about or {})


def fitted(settings: dict[str, Any], matrix: Floats, fraud: Flags, weight: Floats, seed: int) -> Any:
    """scikit-learn's own classifier, which the model's arrays equal. One thread: several would add up in another order,
    and the file would not be the same twice."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits

    assert settings["max_leaf_nodes"] <= MOST_LEAVES
    classifier = HistGradientBoostingClassifier(**settings, early_stopping=False, random_state=seed)
    with threadpool_limits(limits=1):
        return classifier.fit(matrix, fraud, sample_weight=weight)


def versions() -> dict[str, str]:
    """What a model was made with."""
    import sklearn

    return {"python": platform.python_version(), "numpy": np.__version__, "scikit-learn": sklearn.__version__}


def _tells(values: Floats) -> bool:
    known = values[~np.isnan(values)]
    return len(known) > 0 and (len(known) < len(values) or bool((known != known[0]).any()))


def _nodes(tree: Any, matrix: Floats, weight: Floats) -> Nodes:
    """One tree, its share of the average, with the training data's mean at each inner node."""
    feature = np.where(tree["is_leaf"], LEAF, tree["feature_idx"].astype(np.int64))
    one = Nodes(
        roots=np.zeros(1, dtype=np.int64),
        feature=feature,
        # Infinity parts the known from the missing; JSON has no word for it.
        threshold=np.where(feature == LEAF, 0.0, np.minimum(tree["num_threshold"], np.finfo(np.float64).max)),
        missing_left=tree["missing_go_to_left"].astype(bool) & (feature != LEAF),
        right=np.where(feature == LEAF, 0, tree["right"].astype(np.int64)),
        value=tree["value"] / len(MEMBERS),
    )
    assert (tree["left"][feature != LEAF] == np.flatnonzero(feature != LEAF) + 1).all()
    cover, total = np.zeros(len(feature)), np.zeros(len(feature))
    paths = leaf_paths(one, matrix)
    said = one.value[paths[-1]] * weight
    for depth, place in enumerate(paths):
        moved = np.ones(len(place), dtype=bool) if depth == 0 else place != paths[depth - 1]
        cover += np.bincount(place[moved], weights=weight[moved], minlength=len(feature))
        total += np.bincount(place[moved], weights=said[moved], minlength=len(feature))
    inner = feature != LEAF
    one.value[inner] = total[inner] / np.maximum(cover[inner], 1e-300)
    return one


def _joined(parts: list[Nodes]) -> Nodes:
    starts = np.cumsum([0] + [len(part.feature) for part in parts])
    return Nodes(
        roots=starts[:-1].astype(np.int64),
        feature=np.concatenate([part.feature for part in parts]),
        threshold=np.concatenate([part.threshold for part in parts]),
        missing_left=np.concatenate([part.missing_left for part in parts]),
        right=np.concatenate(
            [np.where(part.feature == LEAF, 0, part.right + start) for part, start in zip(parts, starts, strict=False)]
        ),
        value=np.concatenate([part.value for part in parts]),
    )
