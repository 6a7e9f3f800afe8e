"""The evidence_files table: what is attached to an answer; and whether a file is what evidence may be."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, Index, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base
from app.errors import InvalidInput

MOST_BYTES = 5 * 1024 * 1024
MOST_BYTES_TOGETHER = 20 * 1024 * 1024
MOST_FILES = 10
_MOST_NAME = 100

TYPES = {"image/png": "png", "image/jpeg": "jpg", "application/pdf": "pdf", "text/plain": "txt"}
"""What is taken, and how the name of such a file ends."""
_ENDINGS = {"image/jpeg": (".jpg", ".jpeg")}
_BEGINS = ((b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"%PDF-", "application/pdf"))
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_UNSAFE = re.compile(r"[\x00-\x1f\x7f\"\\/:*?<>|\u202a-\u202e\u2066-\u2069]+")


class EvidenceFile(Base):
    """One file, with its content. Times are the account's."""

    __tablename__ = "evidence_files"
    __table_args__ = (Index("ix_evidence_files_dispute", "dispute_id", "added_at"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    dispute_id: Mapped[str] = mapped_column(ForeignKey("disputes.id"))
    field: Mapped[str] = mapped_column(String(60))
    """The evidence that it shows, by the gateway's name for it."""
    name: Mapped[str] = mapped_column(String(120))
    content_type: Mapped[str] = mapped_column(String(60))
    size: Mapped[int] = mapped_column(Integer)
    sha256: Mapped[str] = mapped_column(String(64))
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    added_by: Mapped[str] = mapped_column(String(200))
    added_at: Mapped[datetime]


def type_of(content: bytes) -> str | None:
    """What the content is, whatever its name says; None for anything that is not taken."""
    for begin, found in _BEGINS:
        if content.startswith(begin):
            return found
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if _CONTROL.search(text) else "text/plain"


def safe_name(given: str, content_type: str) -> str:
    """The file's name without folders and without what a disk or a header trips over, ending as its content demands."""
    name = _UNSAFE.sub("_", re.split(r"[/\\]", given)[-1]).strip(" ._") or "evidence"
    ending = f".{TYPES[content_type]}"
    if not name.lower().endswith(_ENDINGS.get(content_type, (ending,))):
        name = name[: _MOST_NAME - len(ending)] + ending
    return name if len(name) <= _MOST_NAME else name[: _MOST_NAME - len(ending)] + ending


def checked_file(given_name: str, content: bytes, standing: Sequence[EvidenceFile]) -> EvidenceFile:
    """The file, to be added to those that stand. InvalidInput (`/files`) says what is wrong with which one."""
    shown = _UNSAFE.sub("_", given_name)[-_MOST_NAME:] or "The file"
    if not content:
        raise InvalidInput("/files", "empty_file", f"{shown} is empty.")
    if len(content) > MOST_BYTES:
        raise InvalidInput("/files", "file_too_large", f"{shown} is larger than 5 MB. Send a smaller one.")
    kind = type_of(content)
    if kind is None:
        raise InvalidInput(
            "/files",
            "file_type",
            f"{shown} is neither a PNG, a JPEG, a PDF nor plain text (UTF-8); its content counts, not its name.",
        )
    digest = hashlib.sha256(content).hexdigest()
    if any(file.sha256 == digest for file in standing):
        raise InvalidInput("/files", "file_twice", f"{shown} is attached already.")
    if len(standing) >= MOST_FILES:
        raise InvalidInput("/files", "too_many_files", f"At most {MOST_FILES} files can be attached to an answer.")
    if sum(file.size for file in standing) + len(content) > MOST_BYTES_TOGETHER:
        raise InvalidInput("/files", "files_too_large", f"With {shown} the files would be larger than 20 MB together.")
    return EvidenceFile(
        name=safe_name(given_name, kind), content_type=kind, size=len(content), sha256=digest, content=content
    )
