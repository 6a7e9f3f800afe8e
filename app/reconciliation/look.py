"""Reading what was brought: files, the lines of a report that differ, a statement and its entries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.reconciliation.models import BankEntry, BankStatement, ImportedFile, ReportLine
from app.settlements.models import Break
from app.settlements.states import BreakStatus, Outcome, Side

FILES_SHOWN = 50
LINES_PER_PAGE = 50

T = TypeVar("T")


@dataclass(frozen=True)
class Some(Generic[T]):
    """Some rows in their order, and after which number the next ones begin."""

    items: Sequence[T]
    after: int | None


def newest_files(session: Session) -> Sequence[ImportedFile]:
    """What was brought last."""
    rows = select(ImportedFile).order_by(ImportedFile.created_at.desc(), ImportedFile.id.desc()).limit(FILES_SHOWN)
    return session.scalars(rows).all()


def get_statement(session: Session, statement_id: str) -> BankStatement:
    """NotFound where there is none of this id."""
    found = session.get(BankStatement, statement_id)
    if found is None:
        raise NotFound(f"There is no bank statement {statement_id}.")
    return found


def statements_of(session: Session, file: ImportedFile) -> Sequence[BankStatement]:
    """The statements in a file, in the order of their accounts."""
    mine = select(BankStatement).where(BankStatement.file_id == file.id)
    return session.scalars(mine.order_by(BankStatement.account, BankStatement.currency, BankStatement.id)).all()


def breaks_of_file(session: Session, file: ImportedFile) -> Sequence[Break]:
    """What it was the first to tell of."""
    mine = select(Break).where(Break.file_id == file.id).order_by(Break.created_at, Break.id)
    return session.scalars(mine.limit(LINES_PER_PAGE)).all()


def lines_of_file(session: Session, file: ImportedFile, after: int, *, only_differing: bool) -> Some[ReportLine]:
    """A page of an uploaded report's lines."""
    rows = select(ReportLine).where(ReportLine.file_id == file.id, ReportLine.number > after)
    if only_differing:
        rows = rows.where(ReportLine.outcome != Outcome.MATCHED)
    found = session.scalars(rows.order_by(ReportLine.number).limit(LINES_PER_PAGE + 1)).all()
    items = found[:LINES_PER_PAGE]
    return Some(items, items[-1].number if len(found) > LINES_PER_PAGE else None)


def entries_of(session: Session, statement: BankStatement, after: int) -> Some[BankEntry]:
    """A page of a statement's entries."""
    rows = select(BankEntry).where(BankEntry.statement_id == statement.id, BankEntry.number > after)
    found = session.scalars(rows.order_by(BankEntry.number).limit(LINES_PER_PAGE + 1)).all()
    items = found[:LINES_PER_PAGE]
    return Some(items, items[-1].number if len(found) > LINES_PER_PAGE else None)


def breaks_of_lines(session: Session, lines: Sequence[ReportLine]) -> dict[tuple[str, str], str]:
    """The break of each line that has one, by what it is about and how it differs."""
    rows = select(Break.source_id, Break.kind, Break.id).where(
        Break.side == Side.REPORT, Break.source_id.in_({line.source_id for line in lines})
    )
    return {(source_id, str(kind)): id_ for source_id, kind, id_ in session.execute(rows)}


def breaks_of_entries(session: Session, entries: Sequence[BankEntry]) -> dict[str, str]:
    """The break of each entry that has one, by what it calls the entry."""
    rows = select(Break.line_id, Break.id).where(Break.line_id.in_([entry.line_id for entry in entries]))
    return dict(session.execute(rows).all())


def open_breaks(session: Session) -> int:
    """How many wait for somebody."""
    waiting = select(func.count()).select_from(Break).where(Break.status == BreakStatus.OPEN)
    return session.scalar(waiting) or 0


def place_of(text: str) -> int:
    """The number after which a page begins; none where it is no number."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
