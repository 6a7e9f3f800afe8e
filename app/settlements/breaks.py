"""One place writes breaks down; the same found again is the same row."""

from __future__ import annotations

from typing import cast

from sqlalchemy import Table, select, update
from sqlalchemy.orm import Session

from app.clock import business_now
from app.db import insert_if_absent
from app.ids import new_id
from app.settlements.models import Break
from app.settlements.states import BreakStatus, Outcome, Side

_BREAKS = cast(Table, Break.__table__)


def note_break(
    session: Session,
    kind: Outcome,
    side: Side,
    source_id: str,
    line_id: str,
    currency: str,
    *,
    said: int | None,
    expected: int | None,
    settlement_id: str | None = None,
    scope: str = "",
    file_id: str | None = None,
    payment_id: str | None = None,
) -> bool:
    """True if it is new. `scope` is the settlement where there is one."""
    values = {
        "id": new_id("brk"),
        "kind": kind,
        "status": BreakStatus.OPEN,
        "side": side,
        "settlement_id": settlement_id,
        "scope": settlement_id or scope,
        "file_id": file_id,
        "line_id": line_id,
        "source_id": source_id,
        "payment_id": payment_id,
        "currency": currency,
        "said_minor": said,
        "expected_minor": expected,
        "created_at": business_now(session),
    }
    return insert_if_absent(session, _BREAKS, values)


def is_noted_missing(session: Session, side: Side, source_id: str) -> bool:
    """Whether a break says already that nobody tells of it, or that it came late."""
    noted = select(Break.id).where(
        Break.side == side, Break.source_id == source_id, Break.kind.in_((Outcome.MISSING_THERE, Outcome.LATE))
    )
    return session.scalars(noted.limit(1)).first() is not None


def came_after_all(session: Session, side: Side, source_id: str, line_id: str, said: int) -> bool:
    """What was missing has come: its open break is that it came late."""
    found = session.execute(
        update(_BREAKS)
        .where(
            _BREAKS.c.side == side,
            _BREAKS.c.kind == Outcome.MISSING_THERE,
            _BREAKS.c.source_id == source_id,
            _BREAKS.c.status == BreakStatus.OPEN,
        )
        .values(kind=Outcome.LATE, line_id=line_id, said_minor=said)
        .returning(_BREAKS.c.id)
    ).all()
    return bool(found)
