"""The jobs table: due work as rows, written in the transaction that makes it due."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base


class JobState(enum.StrEnum):
    READY = "ready"
    LEASED = "leased"
    DEAD = "dead"


class Job(Base):
    """`key` is unique while the job stands, so the same work is never due twice. Times are the wall's."""

    __tablename__ = "jobs"
    __table_args__ = (Index("ix_jobs_due", "state", "run_at"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    key: Mapped[str] = mapped_column(String(200), unique=True)
    payload: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(10), default=JobState.READY)
    run_at: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    owner: Mapped[str | None] = mapped_column(String(80))
    attempts: Mapped[int] = mapped_column(default=0)
    """Failures in a row; below zero, how often in a row it could not be done yet. One more while it is leased."""
    last_error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
