"""What was answered under an idempotency key, and who is working on it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base


class ApiIdempotency(Base):
    """One idempotency key of one token. Without `status` a request is running, or its process died. Times: the wall's.

    The verbs' `request_key` is made of `id`, so that the work of a process that died is found and not done again.
    """

    __tablename__ = "api_idempotency"
    __table_args__ = (UniqueConstraint("token_id", "key"), Index("ix_api_idempotency_created", "created_at"))

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    token_id: Mapped[str] = mapped_column(ForeignKey("api_tokens.id"))
    key: Mapped[str] = mapped_column(String(255))
    fingerprint: Mapped[str] = mapped_column(String(64))
    """A keyed hash of method, path and canonical body."""
    owner: Mapped[str] = mapped_column(String(40))
    """Whoever runs the request now; only the owner may keep an answer."""
    lease_until: Mapped[datetime]
    created_at: Mapped[datetime]
    status: Mapped[int | None]
    content_type: Mapped[str | None] = mapped_column(String(60))
    location: Mapped[str | None] = mapped_column(String(100))
    body: Mapped[str | None] = mapped_column(Text)
