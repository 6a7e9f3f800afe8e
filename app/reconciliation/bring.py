"""The one way files come in: looked at, known by their hash, recognized by their content, compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

from sqlalchemy import select

from app import audit
from app.db import reading, transaction
from app.errors import NotFound
from app.reconciliation.bank import bring_statements
from app.reconciliation.models import FileKind, FileStatus, ImportedFile
from app.reconciliation.reading import look_at, refuse, safe_name
from app.reconciliation.report import bring_report
from app.timeline import Actor


@dataclass(frozen=True)
class Brought:
    """The file, and whether it was brought now for the first time."""

    file: ImportedFile
    is_new: bool


def bring(file: BinaryIO, name: str, actor: Actor, wanted: FileKind | None = None) -> Brought:
    """Compare a report or a statement with our books. The same bytes again change nothing.

    InvalidInput (`/file`) says what is wrong, by line and column; nothing of such a file is kept.
    """
    looked = look_at(file)
    kind = FileKind.STATEMENT if looked.is_xml else FileKind.REPORT
    if wanted not in (None, kind):
        refuse(
            "It is XML: a bank's statement, it seems. Bring it as one."
            if looked.is_xml
            else "It is no XML, so no camt.053. Bring a gateway's report (CSV) as a report.",
            "file_kind",
        )
    with reading() as session:
        known = session.scalars(select(ImportedFile).where(ImportedFile.sha256 == looked.sha256)).one_or_none()
    if known is not None and known.status == FileStatus.READ:
        return Brought(known, is_new=False)
    take = bring_statements if kind is FileKind.STATEMENT else bring_report
    file_id = take(file, safe_name(name), looked, actor)
    with transaction() as session:
        brought = session.get_one(ImportedFile, file_id)
        audit.note(
            session,
            "file.brought",
            brought.id,
            f"Brought {brought.name}: {brought.rows} lines, {brought.differing} differ",
            actor,
            after={"sha256": brought.sha256, "layout": brought.layout},
        )
    return Brought(brought, is_new=True)


def get_file(file_id: str) -> ImportedFile:
    """NotFound where there is none of this id."""
    with reading() as session:
        found = session.get(ImportedFile, file_id)
    if found is None:
        raise NotFound(f"There is no file {file_id}.")
    return found
