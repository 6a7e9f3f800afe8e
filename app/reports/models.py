"""Tables of reports that were made in the background: what was asked, how far it is, and the file itself in pieces."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base
from app.reports.states import MadeStatus


class MadeReport(Base):
    """One file. `cut_link`, `cut_hash` and `cut_at` are the cut; made again it would be the same, byte for byte."""

    __tablename__ = "made_reports"
    __table_args__ = (Index("ix_made_reports_expires", "expires_at"), Index("ix_made_reports_cut", "cut_link", "kind"))

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    form: Mapped[str] = mapped_column(String(10))
    asked: Mapped[dict[str, Any]]
    title: Mapped[str] = mapped_column(String(300))
    name: Mapped[str] = mapped_column(String(120))
    """The file's."""
    cut_link: Mapped[int] = mapped_column(BigInteger)
    cut_hash: Mapped[str] = mapped_column(String(64))
    cut_at: Mapped[datetime]
    status: Mapped[MadeStatus] = mapped_column(String(20))
    lines_done: Mapped[int]
    lines: Mapped[int]
    size: Mapped[int] = mapped_column(BigInteger, default=0)
    sha256: Mapped[str | None] = mapped_column(String(64))
    problem: Mapped[str | None] = mapped_column(String(500))
    operator_id: Mapped[str] = mapped_column(ForeignKey("operators.id"))
    asked_by: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
    """Here and below by the wall's clock, as files are kept."""
    ended_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]


class ReportPiece(Base):
    """A piece of a file, in the database so that every process on every machine can serve it."""

    __tablename__ = "report_pieces"

    report_id: Mapped[str] = mapped_column(ForeignKey("made_reports.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    content: Mapped[bytes] = mapped_column(LargeBinary)
