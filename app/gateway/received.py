"""Every webhook event that came leaves a row, once, however often it is delivered; refused deliveries only a count."""

from __future__ import annotations

import enum
from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, synonym

from app.db import Base

_INSTANT = TypeAdapter(datetime)


class EventOutcome(enum.StrEnum):
    """What became of an event."""

    WAITING = "waiting"
    """Stored, and not applied yet: it is tried again by itself."""
    APPLIED = "applied"
    STALE = "stale"
    """We knew as much already."""
    FOREIGN = "foreign"
    """No payment of ours."""
    IGNORED = "ignored"
    """A type that we do not use."""
    NOT_BELIEVED = "not_believed"
    """What it says cannot be the order: nothing of it is taken until somebody looked."""
    FAILED = "failed"
    """It could not be applied, however often it was tried: a person looks at it."""


class WebhookEvent(Base):
    """`id` is the `webhook-id`; `repeats` counts deliveries of the same event after the first. Times are the wall's."""

    __tablename__ = "webhook_events"
    __table_args__ = (
        Index("ix_webhook_events_received", "received_at", "id"),
        Index("ix_webhook_events_payment", "gateway_payment_id"),
        Index("ix_webhook_events_outcome", "outcome", "received_at", "id"),
    )

    id: Mapped[str] = mapped_column(String(200), primary_key=True)
    type: Mapped[str] = mapped_column(String(100))
    gateway_payment_id: Mapped[str | None] = mapped_column(String(80))
    body: Mapped[dict[str, Any]]
    received_at: Mapped[datetime]
    handled_at: Mapped[datetime | None]
    outcome: Mapped[EventOutcome] = mapped_column(String(30), default=EventOutcome.WAITING)
    last_error: Mapped[str | None] = mapped_column(Text)
    repeats: Mapped[int] = mapped_column(default=0)
    tries: Mapped[int] = mapped_column(default=0)
    """How often it was tried to apply it."""
    raw: Mapped[str | None] = mapped_column(Text)
    """The very text that was signed, where it was delivered."""
    headers: Mapped[dict[str, Any] | None]
    """What the first delivery came with; None where we found the event in the gateway's list by ourselves."""

    status = synonym("outcome")
    created_at = synonym("received_at")
    """As lists call them."""

    @property
    def told_at(self) -> datetime:
        """When it happened, by the account's clock, as the gateway tells it."""
        told = _INSTANT.validate_python(self.body["timestamp"])
        return told.replace(tzinfo=told.tzinfo or UTC)


class WebhookRefusal(Base):
    """So many deliveries were refused in this hour for this reason; nothing else of them is kept."""

    __tablename__ = "webhook_refusals"

    hour: Mapped[datetime] = mapped_column(primary_key=True)
    reason: Mapped[str] = mapped_column(String(40), primary_key=True)
    number: Mapped[int]
    last_at: Mapped[datetime]
