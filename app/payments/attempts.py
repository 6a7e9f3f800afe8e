"""The attempts table: each operation that the gateway was asked for, from the intent to its answer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from app import jobs
from app.clock import wall_now
from app.db import Base
from app.payments.states import Operation
from app.timeline import Actor, ActorKind

if TYPE_CHECKING:
    from app.payments.models import Payment

RESOLVE_JOB = "resolve_attempt"
KEY_LIFE = timedelta(hours=24)
"""How long the gateway keeps an idempotency key, by the account's clock: the same key later is a new act."""
REPEATS_FOR = KEY_LIFE - timedelta(hours=1)
"""How long it is repeated under its key: well before the key's end, so that no clock's error makes it two acts."""


class Attempt(Base):
    """One thing asked of the gateway: intent, idempotency key, lock and audit in one. Open until answered."""

    __tablename__ = "attempts"
    __table_args__ = (
        Index(
            "uq_attempts_one_open",
            "payment_id",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index("ix_attempts_payment", "payment_id", "opened_at"),
        Index(
            "ix_attempts_for_a_person",
            "escalated_at",
            sqlite_where=text("escalated_at IS NOT NULL AND closed_at IS NULL"),
            postgresql_where=text("escalated_at IS NOT NULL AND closed_at IS NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    payment_id: Mapped[str] = mapped_column(ForeignKey("payments.id"))
    operation: Mapped[Operation] = mapped_column(String(20))
    amount_minor: Mapped[int | None] = mapped_column(BigInteger)
    idempotency_key: Mapped[str] = mapped_column(String(64), unique=True)
    request: Mapped[dict[str, Any]]
    request_key: Mapped[str | None] = mapped_column(String(300), unique=True)
    """What the caller gave so that asking twice is asking once: a form's or an API call's key."""
    then_cancel: Mapped[str | None] = mapped_column(String(500))
    """The reason, where the order is canceled once this void is confirmed."""
    then_ship: Mapped[dict[str, Any] | None]
    """What is known of the shipment, where the order counts as shipped once this capture is confirmed."""
    actor_kind: Mapped[str] = mapped_column(String(20))
    actor_id: Mapped[str | None] = mapped_column(String(40))
    actor_name: Mapped[str] = mapped_column(String(200))
    opened_at: Mapped[datetime]
    begun_at: Mapped[datetime | None]
    """When it was sent first, by the account's clock, on which the gateway's keys end; None while it waits unsent."""
    known_before: Mapped[list[Any] | None]
    """The captures (for a refund: refunds) that the payment had then: what came after is this attempt's doing."""
    waits_since: Mapped[datetime | None]
    """When it was held back because of an outage; nothing was sent then."""
    unanswered_at: Mapped[datetime | None]
    """When a call ended without an answer, so that the outcome is unknown."""
    last_error: Mapped[str | None] = mapped_column(Text)
    escalated_at: Mapped[datetime | None]
    """When it went to a person, by the account's clock: nothing had settled it by the policy's deadline."""
    closed_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(20))
    """`confirmed`, `refused`, or `denied` (a person closed it as not done), once closed."""
    result_id: Mapped[str | None] = mapped_column(String(80))
    """The refund that came of it."""
    refusal: Mapped[dict[str, Any] | None]

    payment: Mapped[Payment] = relationship(back_populates="attempts")

    @property
    def job_key(self) -> str:
        """Key of the job that asks again."""
        return f"attempt:{self.id}"

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    @property
    def is_waiting(self) -> bool:
        """Whether it is held back by an outage and was never sent."""
        return self.is_open and self.was_never_sent

    @property
    def was_never_sent(self) -> bool:
        """Whether an outage held it back each time, so that the gateway cannot know its key."""
        return self.begun_at is None and self.waits_since is not None and self.unanswered_at is None

    @property
    def began(self) -> datetime:
        """When it was asked first, by the account's clock as far as that was known."""
        return self.begun_at or self.opened_at

    @property
    def repeats_until(self) -> datetime:
        """Until when it is repeated under its key, by the account's clock."""
        return self.began + REPEATS_FOR

    def may_be_repeated(self, now: datetime) -> bool:
        """Whether the gateway surely still knows the key, or was never given it; `now` by the account's clock."""
        return self.was_never_sent or now < self.repeats_until

    @property
    def noun(self) -> str:
        """What was asked for, as a sentence calls it: an authorization, a capture, …"""
        return Operation(self.operation).noun

    @property
    def actor(self) -> Actor:
        return Actor(ActorKind(self.actor_kind), self.actor_name, self.actor_id)

    def close(self, session: Session, outcome: str, *, result_id: str | None = None) -> None:
        """The answer is known; the payment is free for the next operation."""
        self.closed_at = wall_now()
        self.outcome = outcome
        self.result_id = result_id
        jobs.finish(session, self.job_key)
