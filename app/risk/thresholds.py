"""What a threshold would have done with the last 30 days: fraud stopped, good payments lost, money either way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app.money import Money
from app.risk.models import Assessment, Label

DAYS = 30
SCORES = 100


@dataclass(frozen=True)
class Costs:
    """What a fraud that goes through costs beside its sum, and what a good payment that is lost would have earned."""

    fee: Money
    margin_percent: int


@dataclass(frozen=True)
class Point:
    """Blocking from this score on; `saved` is against blocking nothing."""

    score: int
    blocked: int
    frauds: int
    stopped: Money
    good: int
    lost: Money
    saved: Money


@dataclass(frozen=True)
class Curve:
    """A point for each score from 0 to 100, where 100 blocks nothing."""

    points: Sequence[Point]
    payments: int
    frauds: int

    @property
    def best(self) -> Point:
        """Where most is saved; of equal ones the one that blocks least."""
        return max(self.points, key=lambda point: (point.saved.amount_minor, point.score))


def currencies_scored(session: Session, now: datetime) -> Sequence[str]:
    """Currencies of payments that were scored lately, the most frequent first."""
    wanted = select(Assessment.currency).where(*_lately(now)).group_by(Assessment.currency)
    return session.scalars(wanted.order_by(func.count().desc(), Assessment.currency)).all()


def _lately(now: datetime) -> list[ColumnElement[bool]]:
    return [Assessment.score.is_not(None), Assessment.created_at > now - timedelta(days=DAYS)]


def curve_of(session: Session, currency: str, costs: Costs, now: datetime) -> Curve:
    """One question to the database, summed up from the highest score down."""
    is_fraud = select(Label.id).where(Label.payment_id == Assessment.payment_id, Label.is_fraud.is_(True)).exists()
    wanted = (
        select(Assessment.score, is_fraud, func.count(), func.sum(Assessment.amount_minor))
        .where(*_lately(now), Assessment.currency == currency)
        .group_by(Assessment.score, is_fraud)
    )
    found = {(row[0], bool(row[1])): (int(row[2]), int(row[3])) for row in session.execute(wanted)}
    points = []
    frauds = stopped = good = lost = 0
    for score in range(SCORES, -1, -1):
        more = found.get((score, True), (0, 0))
        frauds, stopped = frauds + more[0], stopped + more[1]
        more = found.get((score, False), (0, 0))
        good, lost = good + more[0], lost + more[1]
        earned = int((Decimal(lost * costs.margin_percent) / 100).to_integral_value(ROUND_HALF_EVEN))
        saved = stopped + frauds * costs.fee.amount_minor - earned
        points.append(
            Point(
                score=score,
                blocked=frauds + good,
                frauds=frauds,
                stopped=Money(stopped, currency),
                good=good,
                lost=Money(lost, currency),
                saved=Money(saved, currency),
            )
        )
    return Curve(points[::-1], payments=frauds + good, frauds=frauds)
