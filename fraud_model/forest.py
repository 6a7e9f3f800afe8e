"""Boosted trees as arrays. Every tree is a set of bit masks: a test that fails strikes out the leaves on its left, and
the first leaf left standing is where the payment ends. So a whole forest is a few array operations, for one payment or
for many, and NumPy is all it takes."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fraud_model.table import Flags, Floats, Ints

LEAF: Final = -1
MOST_LEAVES: Final = 16
_ROWS_AT_ONCE: Final = 512
_Bits = np.uint16


@dataclass(frozen=True)
class Nodes:
    """All nodes of all trees, each tree in preorder: the left child comes right after its parent."""

    roots: Ints
    feature: Ints
    """`LEAF` at leaves."""
    threshold: Floats
    """Values up to it go left."""
    missing_left: Flags
    right: Ints
    value: Floats
    """What the tree says at a leaf; at an inner node the mean of what it said to the training data there."""


class Forest:
    """The sum of the trees' leaf values, in log odds, and how much of it each feature brought."""

    def __init__(self, nodes: Nodes, features: int) -> None:
        self._trees = len(nodes.roots)
        self.base = float(nodes.value[nodes.roots].sum())
        self._thresholds = [np.unique(nodes.threshold[nodes.feature == number]) for number in range(features)]
        self._lists: list[list[float]] = [thresholds.tolist() for thresholds in self._thresholds]
        self._first_row = np.cumsum([0] + [len(thresholds) + 2 for thresholds in self._thresholds])[:-1]
        self._first_rows: list[int] = self._first_row.tolist()
        self._masks = np.full((int(self._first_row[-1]) + len(self._lists[-1]) + 2, self._trees), 0xFFFF, dtype=_Bits)
        values: list[list[float]] = []
        shares: list[Floats] = []
        for tree, root in enumerate(nodes.roots.tolist()):
            values.append([])
            self._plant(nodes, tree, root, np.zeros(features), values[-1], shares)
        for number in range(features):
            rows = self._rows_of(number)
            self._masks[rows] = np.bitwise_and.accumulate(self._masks[rows], axis=0)
        counts = [len(leaves) for leaves in values]
        self._first_leaf = np.cumsum([0, *counts])[:-1]
        self._values = np.array([value for leaves in values for value in leaves])
        self._moved_features, self._moves = _packed(np.array(shares))
        self._features = features
        bits = np.arange(1 << MOST_LEAVES)
        self._lowest = np.log2(np.maximum(bits & -bits, 1)).astype(np.intp)

    def _rows_of(self, number: int) -> slice:
        # The last row of a feature is for missing values; it stays out of the accumulation.
        first = int(self._first_row[number])
        return slice(first, first + len(self._lists[number]) + 1)

    def _plant(
        self, nodes: Nodes, tree: int, node: int, share: Floats, values: list[float], shares: list[Floats]
    ) -> None:
        feature = int(nodes.feature[node])
        if feature == LEAF:
            values.append(float(nodes.value[node]))
            shares.append(share)
            return
        left, right = node + 1, int(nodes.right[node])
        first = len(values)
        self._plant(nodes, tree, left, self._moved(nodes, share, feature, node, left), values, shares)
        keep = _Bits(0xFFFF ^ ((1 << len(values)) - (1 << first)))
        row = int(self._first_row[feature]) + bisect_left(self._lists[feature], float(nodes.threshold[node])) + 1
        self._masks[row, tree] &= keep
        if not nodes.missing_left[node]:
            self._masks[self._rows_of(feature).stop, tree] &= keep
        self._plant(nodes, tree, right, self._moved(nodes, share, feature, node, right), values, shares)

    @staticmethod
    def _moved(nodes: Nodes, share: Floats, feature: int, node: int, child: int) -> Floats:
        moved = share.copy()
        moved[feature] += nodes.value[child] - nodes.value[node]
        return moved

    def leaves(self, row: Sequence[float]) -> Ints:
        """Where one payment ends in each tree."""
        rows = [
            first + (bisect_left(thresholds, value) if value == value else len(thresholds) + 1)
            for first, thresholds, value in zip(self._first_rows, self._lists, row, strict=True)
        ]
        standing = np.bitwise_and.reduce(self._masks[rows], axis=0)
        ends: Ints = self._first_leaf + self._lowest[standing]
        return ends

    def log_odds(self, leaves: Ints) -> float:
        """What the trees say there, together."""
        return float(self._values[leaves].sum())

    def shares(self, leaves: Ints) -> Floats:
        """How much each feature moved that away from `base`: value changes along the paths; they add up."""
        features, moves = self._moved_features[leaves], self._moves[leaves]
        return np.bincount(features.ravel(), moves.ravel(), self._features).astype(np.float64, copy=False)

    def many(self, matrix: Floats) -> Floats:
        """Log odds of many payments, one a row."""
        found = np.empty(len(matrix))
        for first in range(0, len(matrix), _ROWS_AT_ONCE):
            part = matrix[first : first + _ROWS_AT_ONCE]
            standing = np.full((len(part), self._trees), 0xFFFF, dtype=_Bits)
            for number, thresholds in enumerate(self._thresholds):
                if len(thresholds):
                    values = np.ascontiguousarray(part[:, number])
                    ranks = np.searchsorted(thresholds, values, "left")
                    ranks[np.isnan(values)] = len(thresholds) + 1
                    standing &= self._masks[self._first_row[number] + ranks]
            found[first : first + _ROWS_AT_ONCE] = self._values[self._first_leaf + self._lowest[standing]].sum(axis=1)
        return found


def _packed(shares: Floats) -> tuple[Ints, Floats]:
    """Per leaf only the features that moved something, and by how much: few of all features lie on one path."""
    most = max(1, int((shares != 0).sum(axis=1).max()))
    features: Ints = np.argsort(shares == 0, axis=1, kind="stable")[:, :most]
    return features, np.take_along_axis(shares, features, axis=1)


def leaf_paths(nodes: Nodes, matrix: NDArray[np.float64]) -> list[Ints]:
    """Per depth, at which node of the first tree each row is; for weighing nodes by the training data."""
    place = np.full(len(matrix), int(nodes.roots[0]))
    paths = [place]
    rows = np.arange(len(matrix))
    while (inner := nodes.feature[place] != LEAF).any():
        values = matrix[rows, np.maximum(nodes.feature[place], 0)]
        left = np.where(np.isnan(values), nodes.missing_left[place], values <= nodes.threshold[place])
        place = np.where(inner, np.where(left, place + 1, nodes.right[place]), place)
        paths.append(place)
    return paths
