"""The dispute_attempts table: each answer that the gateway was asked to take, from the intent to its outcome."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from app import jobs
from app.clock import wall_now
from app.db import Base
from app.disputes.states import Response
from app.timeline import Actor, ActorKind

if TYPE_CHECKING:
    from app.disputes.models import Dispute

RESOLVE_JOB = "resolve_dispute_attempt"


class DisputeAttempt(Base):
    """Intent, idempotency key, lock and audit in one, as an attempt on a payment is. Open until answered."""

    __tablename__ = "dispute_attempts"
    __table_args__ = (
        Index(
            "uq_dispute_attempts_one_open",
            "dispute_id",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index("ix_dispute_attempts_dispute", "dispute_id", "opened_at"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    dispute_id: Mapped[str] = mapped_column(ForeignKey("disputes.id"))
    operation: Mapped[Response] = mapped_column(String(20))
    idempotency_key: Mapped[str] = mapped_column(String(64), unique=True)
    request: Mapped[dict[str, Any]]
    """The evidence as it is sent before the submission; empty for an acceptance."""
    request_key: Mapped[str | None] = mapped_column(String(300), unique=True)
    actor_kind: Mapped[str] = mapped_column(String(20))
    actor_id: Mapped[str | None] = mapped_column(String(40))
    actor_name: Mapped[str] = mapped_column(String(200))
    opened_at: Mapped[datetime]
    unanswered_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(Text)
    closed_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(20))
    """`confirmed` or `refused`, once closed."""
    refusal: Mapped[dict[str, Any] | None]

    dispute: Mapped[Dispute] = relationship(back_populates="attempts")

    @property
    def job_key(self) -> str:
        """Key of the job that asks again."""
        return f"dispute_attempt:{self.id}"

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    @property
    def noun(self) -> str:
        """What was asked for, as a sentence calls it."""
        return Response(self.operation).noun

    @property
    def actor(self) -> Actor:
        return Actor(ActorKind(self.actor_kind), self.actor_name, self.actor_id)

    def close(self, session: Session, outcome: str) -> None:
        """The answer is known."""
        self.closed_at = wall_now()
        self.outcome = outcome
        jobs.finish(session, self.job_key)
