"""Every webhook event that came leaves a row, once, however often it is delivered."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base


class WebhookEvent(Base):
    """`id` is the `webhook-id`; `repeats` counts deliveries of the same event after the first."""

    __tablename__ = "webhook_events"
    __table_args__ = (
        Index("ix_webhook_events_received", "received_at", "id"),
        Index("ix_webhook_events_payment", "gateway_payment_id"),
    )

    id: Mapped[str] = mapped_column(String(200), primary_key=True)
    type: Mapped[str] = mapped_column(String(100))
    gateway_payment_id: Mapped[str | None] = mapped_column(String(80))
    body: Mapped[dict[str, Any]]
    received_at: Mapped[datetime]
    handled_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(30))
    """`applied`, `stale` (we knew as much), `foreign` (no payment of ours) or `ignored` (a type we do not use)."""
    last_error: Mapped[str | None] = mapped_column(Text)
    repeats: Mapped[int] = mapped_column(default=0)

    @property
    def told_at(self) -> datetime:
        """When it happened, by the account's clock, as the gateway tells it."""
        return datetime.fromisoformat(self.body["timestamp"])
