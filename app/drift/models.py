"""The tables of discrepancies and of comparisons, and how far the quiet one has come."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, synonym

from app.db import Base
from app.money import InMoney
from app.timeline import Actor, ActorKind

_OPEN = text("status <> 'resolved'")


class DiscrepancyKind(enum.StrEnum):
    """Why the three words differ."""

    MISSED_EVENT = "missed_event"
    OUT_OF_ORDER = "out_of_order"
    UNKNOWN_OUTCOME = "unknown_outcome"
    CHANGED_BY_HAND = "changed_by_hand"
    AMOUNT = "amount"
    MISSING_HERE = "missing_here"
    MISSING_THERE = "missing_there"


class DiscrepancyStatus(enum.StrEnum):
    SUSPECTED = "suspected"
    """Seen once: what is just under way looks like this too, so it is shown only if it is seen again."""
    OPEN = "open"
    RESOLVED = "resolved"


class Resolution(enum.StrEnum):
    """How a discrepancy ended."""

    BY_ITSELF = "by_itself"
    PULLED = "pulled"
    REPLAYED = "replayed"
    REPAIRED = "repaired"
    ACCEPTED = "accepted"
    """A person leaves it as it is, with a reason; it comes back only if something else differs."""


class Discrepancy(Base):
    """What differs about one payment. `facts` are the three words side by side; times are the account's."""

    __tablename__ = "discrepancies"
    __table_args__ = (
        Index("ix_discrepancies_status", "status", "first_seen_at", "id"),
        Index("ix_discrepancies_seen", "first_seen_at", "id"),
        Index("ix_discrepancies_subject", "subject", "fingerprint"),
        Index("uq_discrepancies_one_open", "subject", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    subject: Mapped[str] = mapped_column(String(120))
    """Our payment's id; the gateway's where we have none; the order's where it has no payment."""
    kind: Mapped[DiscrepancyKind] = mapped_column(String(30))
    status: Mapped[DiscrepancyStatus] = mapped_column(String(20))
    order_id: Mapped[str | None] = mapped_column(String(40))
    payment_id: Mapped[str | None] = mapped_column(String(40))
    gateway_id: Mapped[str | None] = mapped_column(String(80))
    reference: Mapped[str | None] = mapped_column(String(255))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    facts: Mapped[list[Any]]
    told: Mapped[dict[str, Any] | None]
    """The gateway's payment whole, as it was when this was last seen."""
    fingerprint: Mapped[str] = mapped_column(String(64))
    """The same difference has the same one, so that one that was accepted is known again."""
    first_seen_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    suspected_at: Mapped[datetime]
    """The wall clock's first sight of it."""
    resolved_at: Mapped[datetime | None]
    resolution: Mapped[Resolution | None] = mapped_column(String(20))
    resolved_by_kind: Mapped[str | None] = mapped_column(String(20))
    resolved_by_id: Mapped[str | None] = mapped_column(String(40))
    resolved_by_name: Mapped[str | None] = mapped_column(String(200))
    reason: Mapped[str | None] = mapped_column(String(500))

    amount = InMoney()
    created_at = synonym("first_seen_at")
    """As lists call it."""

    @property
    def is_open(self) -> bool:
        return self.status == DiscrepancyStatus.OPEN

    def resolve(self, resolution: Resolution, actor: Actor, reason: str | None, at: datetime) -> None:
        """It is settled: how, by whom, and why."""
        self.status, self.resolution, self.resolved_at = DiscrepancyStatus.RESOLVED, resolution, at
        self.resolved_by_kind, self.resolved_by_id = actor.kind, actor.id
        self.resolved_by_name = actor.name[:200]
        self.reason = reason[:500] if reason else None


class Comparison(Base):
    """Everything compared, because somebody asked for it. Times are the wall's."""

    __tablename__ = "comparisons"
    __table_args__ = (Index("ix_comparisons_began", "began_at", "id"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    expected: Mapped[int]
    """How many payments we have, as far as that can be known before."""
    compared: Mapped[int] = mapped_column(default=0)
    found: Mapped[int] = mapped_column(default=0)
    trouble: Mapped[str | None] = mapped_column(String(500))
    actor_kind: Mapped[str] = mapped_column(String(20))
    actor_id: Mapped[str | None] = mapped_column(String(40))
    actor_name: Mapped[str] = mapped_column(String(200))

    @property
    def actor(self) -> Actor:
        return Actor(ActorKind(self.actor_kind), self.actor_name, self.actor_id)

    @property
    def is_running(self) -> bool:
        return self.ended_at is None


class ComparisonPlace(Base):
    """How far the quiet comparison has come: one row. It walks the gateway's list a page at a time, round and round."""

    __tablename__ = "comparison_places"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    cursor: Mapped[str | None] = mapped_column(String(300))
    before: Mapped[datetime | None]
    """The payments begun before this are still to come in this lap; None at its beginning."""
    round_at: Mapped[datetime | None]
    lap_began_at: Mapped[datetime | None]
    lap_ended_at: Mapped[datetime | None]
    lap_compared: Mapped[int] = mapped_column(default=0)
    last_lap_compared: Mapped[int] = mapped_column(default=0)
