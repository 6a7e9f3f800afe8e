"""The chain over the ledger: sealed by the worker, link after link, as the audit log's is; anybody can verify it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from itertools import groupby
from pathlib import Path
from typing import Any, cast

import structlog
from sqlalchemy import Select, Table, func, insert, select
from sqlalchemy.orm import Session

from app.audit.chain import Head, Verdict, keep_anchor, link, read_anchor
from app.db import one_at_a_time, reading, transaction
from app.ledger.models import LedgerSeal
from app.ledger.post import POSTINGS, TRANSACTIONS, digest_of

log = structlog.get_logger("ledger")

SEALS = cast(Table, LedgerSeal.__table__)
_ANCHOR = "ledger-head.json"
_ADVISORY_LOCK = 4_021_903_119
_WRITTEN_WITHIN = timedelta(hours=1)
"""No posting's transaction is open for so long, so nothing older turns up unsealed; verifying looks everywhere."""
_SEAL_AT_ONCE = 2000
_READ_AT_ONCE = 500


def seal_ledger(data: Path) -> int:
    """Link every ledger transaction that is not linked yet, keep the newest link in `data`; how many there were."""
    with reading() as session:
        if session.execute(_unsealed(session).limit(1)).first() is None:
            return 0
    with transaction() as session:
        one_at_a_time(session, _ADVISORY_LOCK)
        head = _head(session)
        made = []
        for row in session.execute(_unsealed(session).limit(_SEAL_AT_ONCE)).all():
            head = Head(head.number + 1, link(head.hash, row.digest))
            made.append({"number": head.number, "transaction_id": row.id, "hash": head.hash})
        if made:
            session.execute(insert(SEALS), made)
        if not _holds(session, read_anchor(data, _ANCHOR)):
            log.error("the ledger is not the one that was sealed here: run `counterfoil ledger verify`")
            return len(made)
    keep_anchor(data, head, _ANCHOR)
    return len(made)


def _holds(session: Session, anchor: Head | None) -> bool:
    """Whether the link that was kept outside still stands; if not, it stays kept, so that new ones do not hide that."""
    if anchor is None:
        return True
    standing = session.scalar(select(SEALS.c.hash).where(SEALS.c.number == anchor.number))
    return bool(standing == anchor.hash)


def verify_chain(data: Path) -> Verdict:
    """Compute every digest and hash anew and compare; what was changed, is missing or was cut off is a fault."""
    faults: list[str] = []
    anchor = read_anchor(data, _ANCHOR)
    with reading() as session:
        head = Head()
        for number, sealed, row, digest in _chain(session):
            if number != head.number + 1:
                faults.append(f"links {head.number + 1} to {number - 1} are missing")
            if row is None:
                faults.append(f"link {number}: ledger transaction {sealed['transaction_id']} is missing")
            elif row["digest"] != digest:
                faults.append(f"link {number}: ledger transaction {row['id']} or a posting of it was changed")
            if row is not None and sealed["hash"] != link(head.hash, row["digest"]):
                faults.append(f"link {number}: the hash does not follow from the link before it")
            if anchor is not None and anchor.number == number and anchor.hash != sealed["hash"]:
                faults.append(f"link {number} is not the one that was kept outside the database")
            head = Head(number, sealed["hash"])
        waiting = session.scalar(select(func.count()).select_from(_unsealed(session, everywhere=True).subquery())) or 0
    if anchor is not None and anchor.number > head.number:
        faults.append(f"the end was cut off: link {anchor.number} was sealed, the newest is {head.number}")
    return Verdict(head.number, waiting, head, tuple(faults))


def _unsealed(session: Session, *, everywhere: bool = False) -> Select[Any]:
    """Ledger transactions without a link, the oldest first; usually only near the newest link, where they can be."""
    sealed = select(SEALS.c.transaction_id).where(SEALS.c.transaction_id == TRANSACTIONS.c.id).exists()
    found = select(TRANSACTIONS.c.id, TRANSACTIONS.c.digest).where(~sealed)
    found = found.order_by(TRANSACTIONS.c.recorded_at, TRANSACTIONS.c.id)
    newest = session.scalar(
        select(TRANSACTIONS.c.recorded_at)
        .join(SEALS, SEALS.c.transaction_id == TRANSACTIONS.c.id)
        .order_by(SEALS.c.number.desc())
        .limit(1)
    )
    if everywhere or newest is None:
        return found
    return found.where(TRANSACTIONS.c.recorded_at > newest - _WRITTEN_WITHIN)


def _head(session: Session) -> Head:
    newest = session.execute(select(SEALS).order_by(SEALS.c.number.desc()).limit(1)).first()
    return Head() if newest is None else Head(newest.number, newest.hash)


def _chain(session: Session) -> Iterator[tuple[int, Mapping[str, Any], Mapping[str, Any] | None, str | None]]:
    """Each link with its ledger transaction and the digest computed anew; some at a time, however many there are."""
    after = 0
    while True:
        some = select(SEALS).where(SEALS.c.number > after).order_by(SEALS.c.number).limit(_READ_AT_ONCE)
        seals = session.execute(some).mappings().all()
        ids = [seal["transaction_id"] for seal in seals]
        rows = {
            row["id"]: row for row in session.execute(select(TRANSACTIONS).where(TRANSACTIONS.c.id.in_(ids))).mappings()
        }
        postings = select(POSTINGS).where(POSTINGS.c.transaction_id.in_(ids)).order_by(POSTINGS.c.transaction_id)
        lines = {
            one: list(found)
            for one, found in groupby(
                session.execute(postings).mappings(), lambda posting: str(posting["transaction_id"])
            )
        }
        for seal in seals:
            row = rows.get(seal["transaction_id"])
            digest = None if row is None else digest_of(row, lines.get(row["id"], []))  # type: ignore[arg-type]  # a row's mapping has its columns' names as keys
            yield seal["number"], seal, row, digest  # type: ignore[misc]  # as above
        if len(seals) < _READ_AT_ONCE:
            return
        after = seals[-1]["number"]
