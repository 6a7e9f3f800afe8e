"""The chain over the audit log: the worker seals what was written, one link after the other; anybody can verify it.

Entries are written in their acts' transactions, side by side; sealing them afterwards keeps those from waiting for each
other. Each link's hash covers the one before it. The newest is also kept in a file outside the database, so that an end
which was cut off is missed.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import structlog
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.audit.erase import digests_left
from app.audit.models import AuditEntry, AuditSeal
from app.audit.write import digest_of
from app.clock import wall_now
from app.db import one_at_a_time, reading, transaction

log = structlog.get_logger("audit")

FIRST = "0" * 64
"""What stands before the first link."""
_ANCHOR = "audit-head.json"
_ADVISORY_LOCK = 4_021_903_118
_WRITTEN_WITHIN = timedelta(hours=1)
"""No act's transaction is open for so long, so nothing older turns up unsealed; verifying looks everywhere."""
_SEAL_AT_ONCE = 500
_READ_AT_ONCE = 1000


@dataclass(frozen=True)
class Head:
    """The newest link: its number and hash."""

    number: int = 0
    hash: str = FIRST


@dataclass(frozen=True)
class Verdict:
    """What verifying found: how many links hold, what is not sealed yet, the newest link, and each fault in words."""

    sealed: int
    waiting: int
    head: Head
    faults: tuple[str, ...]


def seal(data: Path) -> int:
    """Link every entry that is not linked yet, and keep the newest link in `data`; returns how many there were."""
    with reading() as session:
        if session.scalars(_unsealed(session).limit(1)).first() is None:
            return 0
    with transaction() as session:
        one_at_a_time(session, _ADVISORY_LOCK)
        head = _head(session)
        entries = session.scalars(_unsealed(session).limit(_SEAL_AT_ONCE)).all()
        for entry in entries:
            head = Head(head.number + 1, link(head.hash, entry.digest))
            session.add(AuditSeal(number=head.number, entry_id=entry.id, hash=head.hash, at=wall_now()))
        if not _holds(session, read_anchor(data)):
            log.error("the audit log is not the one that was sealed here: run `counterfoil audit verify`")
            return len(entries)
    keep_anchor(data, head)
    return len(entries)


def _holds(session: Session, anchor: Head | None) -> bool:
    """Whether the link that was kept outside still stands; if not, it stays kept, so that new ones do not hide that."""
    if anchor is None:
        return True
    standing = session.get(AuditSeal, anchor.number)
    return standing is not None and standing.hash == anchor.hash


def link(before: str, digest: str) -> str:
    """The hash of a link, out of the one before it and the entry's digest."""
    return hashlib.sha256(f"{before}{digest}".encode()).hexdigest()


def verify(data: Path) -> Verdict:
    """Compute every digest and hash anew and compare; what was changed, is missing or was cut off is a fault."""
    faults: list[str] = []
    anchor = read_anchor(data)
    with reading() as session:
        head = Head()
        left = digests_left(session)

        def holds(entry: AuditEntry) -> bool:
            now = digest_of(entry)
            return entry.digest == now or now in left.get(entry.id, ())

        for seal_row, entry in _chain(session):
            expected = head.number + 1
            if seal_row.number != expected:
                faults.append(f"links {expected} to {seal_row.number - 1} are missing")
            if entry is None:
                faults.append(f"link {seal_row.number}: entry {seal_row.entry_id} is missing")
            elif not holds(entry):
                faults.append(f"link {seal_row.number}: entry {entry.id} was changed ({entry.summary!r})")
            if entry is not None and seal_row.hash != link(head.hash, entry.digest):
                faults.append(f"link {seal_row.number}: the hash does not follow from the link before it")
            if anchor is not None and anchor.number == seal_row.number and anchor.hash != seal_row.hash:
                faults.append(f"link {anchor.number} is not the one that was kept outside the database")
            head = Head(seal_row.number, seal_row.hash)
        waiting = session.scalars(_unsealed(session, everywhere=True)).all()
        faults += [f"entry {one.id}, not sealed yet, was changed" for one in waiting if not holds(one)]
    if anchor is not None and anchor.number > head.number:
        faults.append(f"the end was cut off: link {anchor.number} was sealed, the newest is {head.number}")
    return Verdict(head.number, len(waiting), head, tuple(faults))


def read_anchor(data: Path, name: str = _ANCHOR) -> Head | None:
    """The newest link as it is kept outside the database; None where none was kept."""
    try:
        told = json.loads((data / name).read_text(encoding="ascii"))
        return Head(int(told["number"]), str(told["hash"]))
    except FileNotFoundError:
        return None


def keep_anchor(data: Path, head: Head, name: str = _ANCHOR) -> None:
    """Whole or not at all, and never an older one over a newer."""
    standing = read_anchor(data, name)
    if standing is not None and standing.number >= head.number:
        return
    handle, draft = tempfile.mkstemp(dir=data)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            json.dump({"number": head.number, "hash": head.hash}, file)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).replace(data / name)
    except OSError:  # a full disk, which would soon be full of drafts as well
        Path(draft).unlink()
        raise


def _unsealed(session: Session, *, everywhere: bool = False) -> Select[AuditEntry]:
    """Entries without a link, the oldest first; usually only near the newest link, where they can be."""
    sealed = select(AuditSeal.entry_id).where(AuditSeal.entry_id == AuditEntry.id).exists()
    found = select(AuditEntry).where(~sealed).order_by(AuditEntry.created_at, AuditEntry.id)
    newest = session.scalar(
        select(AuditEntry.created_at)
        .join(AuditSeal, AuditSeal.entry_id == AuditEntry.id)
        .order_by(AuditSeal.number.desc())
        .limit(1)
    )
    return found if everywhere or newest is None else found.where(AuditEntry.created_at > newest - _WRITTEN_WITHIN)


def _head(session: Session) -> Head:
    newest = session.scalars(select(AuditSeal).order_by(AuditSeal.number.desc()).limit(1)).first()
    return Head() if newest is None else Head(newest.number, newest.hash)


def _chain(session: Session) -> Iterator[tuple[AuditSeal, AuditEntry | None]]:
    rows = select(AuditSeal, AuditEntry).outerjoin(AuditEntry, AuditEntry.id == AuditSeal.entry_id)
    found = session.execute(rows.order_by(AuditSeal.number).execution_options(yield_per=_READ_AT_ONCE))
    yield from ((row[0], row[1]) for row in found)
