"""The table of saved views."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base


class SavedView(Base):
    """A filter of a list under a name: one operator's own, or everybody's where there is no operator."""

    __tablename__ = "saved_views"
    __table_args__ = (Index("ix_saved_views_list", "list", "created_at", "id"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    list: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(40))
    query: Mapped[str] = mapped_column(String(2000))
    """The address's query string; relative dates stay relative."""
    operator_id: Mapped[str | None] = mapped_column(ForeignKey("operators.id"))
    created_at: Mapped[datetime]
