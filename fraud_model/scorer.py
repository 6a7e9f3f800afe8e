"""The scorer: one payment in, a score with its reasons out. The door that the rest of the world uses."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from fraud_model.live import State
from fraud_model.model import POINTS, Model, load, points_of, probability_of, score_of, shipped
from fraud_model.payments import Payment, Told
from fraud_model.reasons import Reason, Topics


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the model says of one payment. `base_points`, the reasons' points and `other_points` add up to
    `exact_points`, of which `score` is the whole part between 0 and 99."""

    score: int
    probability: float
    reasons: tuple[Reason, ...]
    base_points: float
    other_points: float
    exact_points: float
    version: str
    features: Mapping[str, float | None]
    """All that the model was given, fit for JSON: None where nothing was known. `FraudScorer.explain` takes it back."""


class FraudScorer:
    """A model and a state, shared by the threads of one process."""

    def __init__(self, model: Model | None = None, state: State | None = None) -> None:
        self.model = model or shipped()
        self.state = state or State()
        self._lock = threading.Lock()
        self._forest = self.model.forest
        self._version = self.model.version
        self._topics = Topics(self.model.features)
        self._base_points = points_of(self.model.base)

    @classmethod
    def load(cls, path: Path | None = None) -> FraudScorer:
        """With the model of that file, the shipped one by default; `ModelRefused` says what is wrong with it."""
        return cls(load(path) if path else None)

    def assess(self, payment: Payment) -> Assessment:
        """Score a payment that waits. It is not part of anybody's past yet: `observe` it."""
        with self._lock:
            features = self.state.features(payment)
        return self._judge(features)

    def explain(self, features: Mapping[str, float | None]) -> Assessment:
        """The same from features as they were stored: a decision replayed, or another model's view of it."""
        return self._judge({name: math.nan if value is None else value for name, value in features.items()})

    def _judge(self, values: Mapping[str, float]) -> Assessment:
        row = [values[name] for name in self.model.features]
        leaves = self._forest.leaves(row)
        log_odds = self.model.intercept + self._forest.log_odds(leaves)
        shares = self._forest.shares(leaves) * POINTS
        told = self._topics.reasons(shares, row)
        return Assessment(
            score=score_of(log_odds),
            probability=probability_of(log_odds),
            reasons=told,
            base_points=self._base_points,
            other_points=float(shares.sum()) - sum(reason.points for reason in told),
            exact_points=points_of(log_odds),
            version=self._version,
            features=MappingProxyType({name: None if value != value else value for name, value in values.items()}),
        )

    def observe(self, payment: Payment) -> None:
        """The payment is being made."""
        with self._lock:
            self.state.observe(payment)

    def learn(self, told: Told) -> None:
        """Something became known of a payment."""
        with self._lock:
            self.state.learn(told)

    def replay(self, rows: Iterable[Payment | Told]) -> None:
        """Take in a past, in order of time."""
        with self._lock:
            self.state.replay(rows)
