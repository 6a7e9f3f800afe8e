"""The scorer in force: the one door to the model. Without one, rules alone decide and payments are `not_assessed`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy.orm import Session

from app.risk.facts import Subject


@dataclass(frozen=True)
class Challenger:
    """What the model says that is only watched."""

    score: int
    probability: float
    version: str


@dataclass(frozen=True)
class Score:
    """What the model says: 0 to 99, the calibrated probability of fraud, and three reasons that weigh most.

    `points`: what beside the reasons' points the score is made of.
    """

    score: int
    probability: float
    reasons: list[dict[str, Any]]
    points: dict[str, float]
    features: dict[str, Any]
    version: str
    tail_us: int = 0
    """Of the time it took, what reading the other processes' payments took."""
    challenger: Challenger | None = None


class Scorer(Protocol):
    """The model behind a payment's score. `score` raises TooLate or whatever kept it from an answer."""

    def score(self, session: Session, subject: Subject, deadline_ns: int) -> Score: ...


class TooLate(Exception):
    """The budget was spent before there was a score."""


class _InForce:
    """The scorer of this process; None until one is connected."""

    scorer: Scorer | None = None


def use(scorer: Scorer | None) -> None:
    """Let this process score with it from now on."""
    _InForce.scorer = scorer


def scorer() -> Scorer | None:
    """The one in force, if there is one."""
    return _InForce.scorer
