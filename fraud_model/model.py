"""The model as a file: trees as plain numbers in JSON, sealed by a hash. What is not as it was written is refused."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any, Final

import numpy as np

from fraud_model.forest import Forest, Nodes
from fraud_model.reasons import WORDS
from fraud_model.table import Floats, Ints

SCHEMA: Final = 1
SHIPPED: Final = "shipped/model.json"

_EVEN_ODDS: Final = 80.0
_DOUBLING: Final = 8.0
POINTS: Final = _DOUBLING / math.log(2)
"""Points of the score per unit of log odds."""


class ModelRefused(Exception):
    """The file is not a model that this program may use; says why."""


def score_of(log_odds: float) -> int:
    """0 to 99, the same for every model: even odds are 80, and every 8 points double them."""
    return int(min(99, max(0, math.floor(points_of(log_odds)))))


def scores_of(log_odds: Floats) -> Ints:
    """The same for many."""
    return np.clip(np.floor(_EVEN_ODDS + POINTS * log_odds), 0, 99).astype(np.int64)


def points_of(log_odds: float) -> float:
    """The score before it is cut to 0 to 99."""
    return _EVEN_ODDS + POINTS * log_odds


def probability_of(log_odds: float) -> float:
    """The odds as a probability."""
    return 1 / (1 + math.exp(-log_odds)) if log_odds >= 0 else 1 - 1 / (1 + math.exp(log_odds))


@dataclass(frozen=True)
class Model:
    """Trees over named features, and what there is to know about how they came to be (`about`: plain JSON)."""

    features: tuple[str, ...]
    intercept: float
    nodes: Nodes
    about: dict[str, Any]

    @cached_property
    def version(self) -> str:
        """The beginning of its seal, so that another model never bears the same."""
        return self.seal[:12]

    @cached_property
    def seal(self) -> str:
        """SHA-256 over all it consists of."""
        return _seal(self._content())

    @cached_property
    def forest(self) -> Forest:
        """Ready to score."""
        return Forest(self.nodes, len(self.features))

    @property
    def base(self) -> float:
        """Log odds before anything is known of a payment."""
        return self.intercept + self.forest.base

    def log_odds(self, columns: dict[str, Floats]) -> Floats:
        """Of many payments, by their columns of features."""
        return self.intercept + self.forest.many(np.column_stack([columns[name] for name in self.features]))

    def probabilities(self, columns: dict[str, Floats]) -> Floats:
        """The same as probabilities."""
        found: Floats = 1 / (1 + np.exp(-self.log_odds(columns)))
        return found

    def dumps(self) -> str:
        """The file's text; the same model gives the same text."""
        content = self._content()
        return json.dumps({**content, "sha256": _seal(content)}, indent=None, sort_keys=True) + "\n"

    def _content(self) -> dict[str, Any]:
        return {
            "schema": SCHEMA,
            "features": list(self.features),
            "intercept": self.intercept,
            "about": self.about,
            "trees": {
                "roots": self.nodes.roots.tolist(),
                "feature": self.nodes.feature.tolist(),
                "threshold": self.nodes.threshold.tolist(),
                "missing_left": [int(flag) for flag in self.nodes.missing_left],
                "right": self.nodes.right.tolist(),
                "value": self.nodes.value.tolist(),
            },
        }


def load(path: Path) -> Model:
    """A model of one's own."""
    try:
        return loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ModelRefused(f"{path} cannot be read: {error}") from None
    except ModelRefused as error:
        raise ModelRefused(f"{path}: {error}") from None


def shipped() -> Model:
    """The model that comes with the program."""
    return loads(resources.files("fraud_model").joinpath(SHIPPED).read_text(encoding="utf-8"))


def loads(text: str) -> Model:
    """Read and check."""
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise ModelRefused(f"not a model: {error}") from None
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        found = content.get("schema") if isinstance(content, dict) else None
        raise ModelRefused(f"its schema is {found!r}, this program reads {SCHEMA}: train it again")
    seal = content.pop("sha256", None)
    if seal != _seal(content):
        raise ModelRefused("it was changed after it was written: its sha256 does not fit its content")
    unknown = sorted(set(content["features"]) - set(WORDS))
    if unknown:
        raise ModelRefused(f"it asks for features that this program does not know: {', '.join(unknown)}")
    trees = content["trees"]
    nodes = Nodes(
        roots=np.array(trees["roots"], dtype=np.int64),
        feature=np.array(trees["feature"], dtype=np.int64),
        threshold=np.array(trees["threshold"], dtype=np.float64),
        missing_left=np.array(trees["missing_left"], dtype=bool),
        right=np.array(trees["right"], dtype=np.int64),
        value=np.array(trees["value"], dtype=np.float64),
    )
    return Model(tuple(content["features"]), content["intercept"], nodes, content["about"])


def _seal(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
