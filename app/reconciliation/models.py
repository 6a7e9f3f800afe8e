"""Tables of what was brought: files, the lines of reports in them, the bank's statements and their entries."""

from __future__ import annotations

import enum
from datetime import date, datetime

from sqlalchemy import BigInteger, Date, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base
from app.money import InMoney
from app.settlements.states import Outcome


class FileKind(enum.StrEnum):
    """What a file tells of."""

    REPORT = "report"
    STATEMENT = "statement"


class FileStatus(enum.StrEnum):
    """Whether all of it is compared; one that was cut off goes on when it is brought again."""

    READING = "reading"
    READ = "read"


class ImportedFile(Base):
    """A file that somebody brought. Its content is its lines; the same bytes twice are one row."""

    __tablename__ = "imported_files"
    __table_args__ = (
        Index("uq_imported_files_sha256", "sha256", unique=True),
        Index("ix_imported_files_created", "created_at", "id"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    status: Mapped[FileStatus] = mapped_column(String(20))
    kind: Mapped[FileKind] = mapped_column(String(20))
    layout: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(120))
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    rows: Mapped[int]
    rows_read: Mapped[int]
    matched: Mapped[int]
    differing: Mapped[int]
    """Breaks that it brought: its lines that differ, and what it lacks."""
    begins: Mapped[date] = mapped_column(Date)
    ends: Mapped[date] = mapped_column(Date)
    brought_by: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]


class ReportLine(Base):
    """One line of an uploaded report, and what it is to us. Nothing is booked by it."""

    __tablename__ = "report_lines"
    __table_args__ = (Index("ix_report_lines_source", "source_id", "type"),)

    file_id: Mapped[str] = mapped_column(ForeignKey("imported_files.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """The line's number in the file, as an editor shows it."""
    line_id: Mapped[str] = mapped_column(String(80))
    type: Mapped[str] = mapped_column(String(30))
    source_id: Mapped[str] = mapped_column(String(80))
    payment_id: Mapped[str | None] = mapped_column(String(40))
    settlement_id: Mapped[str | None] = mapped_column(String(80))
    owner: Mapped[str] = mapped_column(String(40))
    currency: Mapped[str] = mapped_column(String(3))
    gross_minor: Mapped[int] = mapped_column(BigInteger)
    fee_minor: Mapped[int] = mapped_column(BigInteger)
    net_minor: Mapped[int] = mapped_column(BigInteger)
    outcome: Mapped[Outcome] = mapped_column(String(20))
    expected_minor: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime]

    gross = InMoney()
    fee = InMoney()
    net = InMoney()


class BankStatement(Base):
    """A statement of our account at the bank; it added up, or it would not be here."""

    __tablename__ = "bank_statements"
    __table_args__ = (
        Index("uq_bank_statements_one", "account", "currency", "reference", unique=True),
        Index("ix_bank_statements_file", "file_id"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    file_id: Mapped[str] = mapped_column(ForeignKey("imported_files.id"))
    reference: Mapped[str] = mapped_column(String(80))
    """What the bank calls it."""
    account: Mapped[str] = mapped_column(String(40))
    currency: Mapped[str] = mapped_column(String(3))
    begins: Mapped[date] = mapped_column(Date)
    ends: Mapped[date] = mapped_column(Date)
    opening_minor: Mapped[int] = mapped_column(BigInteger)
    closing_minor: Mapped[int] = mapped_column(BigInteger)
    entries: Mapped[int]
    created_at: Mapped[datetime]

    opening = InMoney()
    closing = InMoney()

    @property
    def masked(self) -> str:
        """The account as screens show it."""
        return f"{self.account[:2]} ···· {self.account[-4:]}" if len(self.account) > 8 else self.account


class BankEntry(Base):
    """One entry of a statement, above zero where money came in, and what it is to us."""

    __tablename__ = "bank_entries"
    __table_args__ = (
        Index("ix_bank_entries_payout", "payout_id"),
        Index("ix_bank_entries_merchant_payout", "merchant_payout_id"),
        Index("ix_bank_entries_reference", "reference"),
    )

    statement_id: Mapped[str] = mapped_column(ForeignKey("bank_statements.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    reference: Mapped[str] = mapped_column(String(80))
    end_to_end: Mapped[str] = mapped_column(String(80))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    booked_on: Mapped[date] = mapped_column(Date)
    valued_on: Mapped[date] = mapped_column(Date)
    payout_id: Mapped[str | None] = mapped_column(String(80))
    merchant_payout_id: Mapped[str | None] = mapped_column(String(40))
    outcome: Mapped[Outcome] = mapped_column(String(20))
    expected_minor: Mapped[int | None] = mapped_column(BigInteger)

    amount = InMoney()

    @property
    def line_id(self) -> str:
        """What a break calls it."""
        return f"{self.statement_id}:{self.number}"
