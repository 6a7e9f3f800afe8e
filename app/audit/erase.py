"""Taking a person's words out of the audit log: what was done, when and by whom stays, and so does the chain.

An entry's first digest stays in the chain. The digest of what is left of it is told by the act that took the words out,
an entry of the chain itself; so every byte is still covered.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.audit.models import AuditEntry
from app.audit.write import digest_of

ERASED = "(erased)"
"""Stands where a word of theirs stood. The database lets nothing be changed that does not carry it."""
ERASURE = "customer.erased"
"""The act that may do it, and whose entry tells what is left, under `left`."""
_TEXTS = ("summary", "reason")
_DOCUMENTS = ("before", "after")


def take_out(
    session: Session, subjects: Select[str], *, prose: Callable[[str], str], document: Callable[[str], str]
) -> dict[str, str]:
    """Clean what is told of the subjects, in the caller's transaction; the new digest of each entry that changed.

    The caller writes them into the entry of its act.
    """
    left = {}
    for entry in session.scalars(select(AuditEntry).where(AuditEntry.subject_id.in_(subjects))).all():
        for names, clean in ((_TEXTS, prose), (_DOCUMENTS, document)):
            for name in names:
                told = getattr(entry, name)
                if told is not None and clean(told) != told:
                    setattr(entry, name, clean(told))
        if session.is_modified(entry):
            if not any("erased" in (getattr(entry, name) or "").lower() for name in (*_TEXTS, *_DOCUMENTS)):
                entry.reason = f"{entry.reason or ''} {ERASED}".strip()[:1000]
            left[entry.id] = digest_of(entry)
    session.flush()
    return left


def digests_left(session: Session) -> Mapping[str, frozenset[str]]:
    """By entry, the digests that erasures left: what an entry may be besides as it was written."""
    found: dict[str, set[str]] = defaultdict(set)
    for erasure in session.scalars(select(AuditEntry).where(AuditEntry.act == ERASURE)):
        if erasure.digest == digest_of(erasure):
            for entry_id, digest in json.loads(erasure.after or "{}").get("left", {}).items():
                found[entry_id].add(digest)
    return {entry_id: frozenset(digests) for entry_id, digests in found.items()}
