"""Whether the model still fits: what payments look like, how often it alarms, how right it is, how late labels are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.policy import Policy
from app.risk.models import Assessment, Decision, Label
from fraud_model import Model
from fraud_model.drift import ALARM, SCORE, WARN, stability

WEEKS = 5
LEAST = 200
"""Of fewer payments nothing can be said."""
_MOST = 20_000


@dataclass(frozen=True)
class Shift:
    """How far a feature, or the score, has moved from what the model was made of (population stability index)."""

    name: str
    index: float

    @property
    def tone(self) -> str:
        return "bad" if self.index >= ALARM else "ask" if self.index >= WARN else "good"


@dataclass(frozen=True)
class Week:
    """Seven days. Shares are per hundred; `expected` and `found` are frauds, as scored and as known by now."""

    begins: datetime
    payments: int
    not_assessed: int
    alerts: int
    expected: float
    found: int
    delay: timedelta | None

    @property
    def alert_rate(self) -> float:
        return 100 * self.alerts / self.payments if self.payments else 0.0


def shifts_of(session: Session, model: Model, now: datetime) -> Sequence[Shift] | None:
    """The features that moved most and the score, the worst first; None where payments are too few."""
    lately = select(Assessment.features).where(
        Assessment.model_version == model.version, Assessment.created_at > now - timedelta(days=30)
    )
    rows = session.scalars(lately.order_by(Assessment.id.desc()).limit(_MOST)).all()
    if len(rows) < LEAST or "reference" not in model.about:
        return None
    columns = {name: np.array([_number(row.get(name)) for row in rows]) for name in model.features}
    found = [Shift(name, index) for name, index in stability(model, columns).items()]
    return sorted(found, key=lambda one: (one.name != SCORE, -one.index))


def _number(value: Any) -> float:
    return math.nan if value is None else float(value)


def weeks_of(session: Session, policy: Policy, now: datetime) -> Sequence[Week]:
    """The last weeks, the newest first."""
    since = now - timedelta(weeks=WEEKS)
    wanted = (
        select(Assessment.created_at, Assessment.score, Assessment.probability, Assessment.decision, Label.arrived_at)
        .outerjoin(Label, (Label.payment_id == Assessment.payment_id) & Label.is_fraud.is_(True))
        .where(Assessment.created_at > since)
    )
    found: list[list[Any]] = [[] for _ in range(WEEKS)]
    for row in session.execute(wanted.order_by(Assessment.id.desc()).limit(10 * _MOST)):
        found[min((now - row.created_at) // timedelta(weeks=1), WEEKS - 1)].append(row)
    return [_week(rows, now - timedelta(weeks=number + 1), policy) for number, rows in enumerate(found)]


def _week(rows: Sequence[Any], begins: datetime, policy: Policy) -> Week:
    floor = min(policy.block_from_score, policy.review_from_score)
    delays = sorted(row.arrived_at - row.created_at for row in rows if row.arrived_at is not None)
    return Week(
        begins=begins,
        payments=len(rows),
        not_assessed=sum(row.score is None for row in rows),
        alerts=sum(_alarms(row, floor) for row in rows),
        expected=sum(float(row.probability or 0) for row in rows),
        found=len(delays),
        delay=delays[len(delays) // 2] if delays else None,
    )


def _alarms(row: Any, floor: int) -> bool:
    return row.decision in (Decision.BLOCK, Decision.REVIEW) or (row.score is not None and row.score >= floor)
