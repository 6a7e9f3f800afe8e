"""The tables of the audit log: what was done, and the chain over it. The database only adds to them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, synonym

from app.db import Base, BigId


class AuditEntry(Base):
    """One act. The time is the wall clock's; `digest` covers all that is told."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("ix_audit_entries_created", "created_at", "id"),
        Index("ix_audit_entries_act", "act", "created_at", "id"),
        Index("ix_audit_entries_actor", "actor_name", "created_at", "id"),
        Index("ix_audit_entries_subject", "subject_id", "created_at", "id"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    created_at: Mapped[datetime]
    act: Mapped[str] = mapped_column(String(60))
    actor_kind: Mapped[str] = mapped_column(String(20))
    actor_id: Mapped[str | None] = mapped_column(String(40))
    actor_name: Mapped[str] = mapped_column(String(200))
    role: Mapped[str | None] = mapped_column(String(20))
    address: Mapped[str | None] = mapped_column(String(60))
    request_id: Mapped[str | None] = mapped_column(String(64))
    subject_id: Mapped[str] = mapped_column(String(80))
    summary: Mapped[str] = mapped_column(String(500))
    before: Mapped[str | None] = mapped_column(Text)
    """JSON as it was digested: what stood before, where the act changed something."""
    after: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(String(1000))
    digest: Mapped[str] = mapped_column(String(64))

    status = synonym("act")
    """By which lists filter."""


class AuditSeal(Base):
    """One link of the chain: `hash` covers the hash before it and the entry's digest. Numbers have no gap."""

    __tablename__ = "audit_seals"

    number: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    entry_id: Mapped[str] = mapped_column(String(40), unique=True)
    hash: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
