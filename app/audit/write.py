"""The one way an entry of the audit log comes to be, and what of it is digested."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC
from typing import Any

from sqlalchemy.orm import Session

from app.actors import Actor
from app.audit.models import AuditEntry
from app.audit.origin import where_from
from app.clock import wall_now
from app.ids import new_id

_DIGESTED = (
    "id",
    "act",
    "actor_kind",
    "actor_id",
    "actor_name",
    "role",
    "address",
    "request_id",
    "subject_id",
    "summary",
    "before",
    "after",
    "reason",
)


def note(
    session: Session,
    act: str,
    subject_id: str,
    summary: str,
    actor: Actor,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str | None = None,
) -> AuditEntry:
    """Write one entry in the act's own transaction. No secret belongs in it."""
    origin = where_from()
    entry = AuditEntry(
        id=new_id("aud"),
        created_at=wall_now(),
        act=act,
        actor_kind=str(actor.kind),
        actor_id=actor.id,
        actor_name=actor.name[:200],
        role=origin.role,
        address=origin.address,
        request_id=origin.request_id,
        subject_id=subject_id[:80],
        summary=summary[:500],
        before=_text(before),
        after=_text(after),
        reason=None if reason is None else reason[:1000],
    )
    entry.digest = digest_of(entry)
    session.add(entry)
    return entry


def digest_of(entry: AuditEntry) -> str:
    """SHA-256 over the entry as JSON with sorted names, so that no value can run into the next."""
    told = {name: getattr(entry, name) for name in _DIGESTED}
    told["created_at"] = entry.created_at.astimezone(UTC).isoformat()
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _text(values: Mapping[str, Any] | None) -> str | None:
    return None if values is None else json.dumps(values, sort_keys=True, default=str)
