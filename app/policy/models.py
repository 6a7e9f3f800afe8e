"""The policies table: each change is a new row, so that who decided what, when and why stays to be read."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, BigId


class PolicyChange(Base):
    """The whole policy from `at` (wall clock) on; the newest row is in force."""

    __tablename__ = "policies"

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    choices: Mapped[dict[str, Any]]
    """Only what differs from what the code chooses; names that are no longer known are passed over."""
    reason: Mapped[str] = mapped_column(String(500))
    actor_kind: Mapped[str] = mapped_column(String(20))
    actor_id: Mapped[str | None] = mapped_column(String(40))
    actor_name: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]
