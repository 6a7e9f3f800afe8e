"""The customers table."""

from __future__ import annotations

import enum
from datetime import datetime

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, in_byte_order, where_known


class CustomerStatus(enum.StrEnum):
    ACTIVE = "active"
    MERGED = "merged"
    """Their orders are another customer's now."""
    ERASED = "erased"
    """Nothing is known of the person any more; what was paid stays."""


class Customer(Base):
    """One person per e-mail address, compared without case."""

    __tablename__ = "customers"
    __table_args__ = (
        Index("ix_customers_created", "created_at", "id"),
        Index("ix_customers_status", "status", "created_at", "id"),
        Index("ix_customers_name_key", "name_key", "created_at", "id"),
        Index("ix_customers_merged_into", "merged_into", "id", **where_known("merged_into")),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    email_key: Mapped[str] = mapped_column(in_byte_order(254), unique=True)
    email: Mapped[str] = mapped_column(String(254))
    name: Mapped[str] = mapped_column(String(200))
    name_key: Mapped[str] = mapped_column(in_byte_order(200), server_default=text("''"))
    """In small letters, as it is searched."""
    locale: Mapped[str | None] = mapped_column(String(20))
    status: Mapped[CustomerStatus] = mapped_column(String(10), server_default=text("'active'"))
    merged_into: Mapped[str | None] = mapped_column(String(40))
    changed_at: Mapped[datetime | None]
    """When they were merged or erased, by the account's clock; and by whom and why."""
    changed_by: Mapped[str | None] = mapped_column(String(200))
    changed_why: Mapped[str | None] = mapped_column(String(500))
    created_at: Mapped[datetime]
