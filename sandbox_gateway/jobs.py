"""Business that falls due on an account's clock: rows, done in order, each at its own time.

A room registers what its kinds do. Nobody needs to come by on time: before an account is read or changed, whatever is
due is done first, so an expired hold cannot be captured however late the ticker is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    ScalarSelect,
    String,
    Table,
    UniqueConstraint,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)

from sandbox_gateway.schema import account_column, instant_column, metadata, row_column
from sandbox_gateway.statements import Statement
from sandbox_gateway.times import HOUR_US

if TYPE_CHECKING:
    from sandbox_gateway.accounts import Account

log = structlog.get_logger()

# What to do when a kind falls due: `(tx, account at that moment, object id)`.
Handler = Callable[[Connection, "Account", str], None]

jobs = Table(
    "jobs",
    metadata,
    row_column(),
    account_column(),
    Column("kind", String(50), nullable=False),
    Column("object_id", String(40), nullable=False),
    instant_column("due"),
    # Times it failed. A failure is a fault of this program: it is logged, and must not block what comes after it.
    Column("failures", Integer, nullable=False, server_default="0"),
    UniqueConstraint("account_id", "object_id", "kind"),
    Index(None, "account_id", "due_us", "row"),
)

_HANDLERS: dict[str, Handler] = {}

# What each kind is in words, for those who look at the clock.
WORDS: dict[str, str] = {}

_SCHEDULE = Statement(insert(jobs))
_CANCEL = Statement(
    delete(jobs).where(
        jobs.c.account_id == bindparam("account_id"),
        jobs.c.object_id == bindparam("object_id"),
        jobs.c.kind == bindparam("kind"),
    )
)
_NEXT = (
    select(jobs.c.row, jobs.c.kind, jobs.c.object_id, jobs.c.due_us)
    .where(jobs.c.account_id == bindparam("account_id"), jobs.c.due_us <= bindparam("until_us", type_=BigInteger))
    .order_by(jobs.c.due_us, jobs.c.row)
    .limit(bindparam("most"))
)
_DONE = delete(jobs).where(jobs.c.row == bindparam("done"))
_POSTPONE = (
    update(jobs)
    .where(jobs.c.row == bindparam("failed"))
    .values(failures=jobs.c.failures + 1, due_us=bindparam("again_us"))
)


@dataclass(frozen=True, slots=True)
class Due:
    """One thing that will happen on the account's clock."""

    due_us: int
    kind: str
    object_id: str


def register(kind: str, handler: Handler, words: str) -> None:
    """Say what happens when jobs of this kind fall due. Kinds are named `object.what_happens`."""
    assert kind not in _HANDLERS, kind
    _HANDLERS[kind] = handler
    WORDS[kind] = words


def schedule(tx: Connection, account: "Account", kind: str, object_id: str, due_us: int) -> None:
    """Let `kind` happen to the object at `due_us`. At most one of a kind per object."""
    assert kind in _HANDLERS, kind
    _SCHEDULE.run(tx, {"account_id": account.id, "kind": kind, "object_id": object_id, "due_us": due_us})


def cancel(tx: Connection, account: "Account", kind: str, object_id: str) -> None:
    """Let it not happen. Fine if nothing was scheduled."""
    _CANCEL.run(tx, {"account_id": account.id, "kind": kind, "object_id": object_id})


def upcoming(tx: Connection, account: "Account", most: int) -> list[Due]:
    """What will happen next, the earliest first."""
    found = tx.execute(_NEXT, {"account_id": account.id, "until_us": 2**62, "most": most})
    return [Due(due_us, kind, object_id) for _, kind, object_id, due_us in found]


def run_due(tx: Connection, account: "Account", *, until_us: int | None = None, most: int = 200) -> int | None:
    """Do what is due by `until_us` (default: now), in order, at most `most` jobs.

    Returns the time of the last one done when there may be more, None when all is done.
    """
    limit_us = account.now_us if until_us is None else until_us
    for done in range(1, most + 1):
        # One at a time: what a job does may schedule another that comes before the next.
        job = tx.execute(_NEXT, {"account_id": account.id, "until_us": limit_us, "most": 1}).first()
        if job is None:
            return None
        row, kind, object_id, due_us = job
        _run(tx, account.at(due_us), Due(due_us, kind, object_id), row)
        if done == most:
            last_us: int = due_us
            return last_us
    return None


def _run(tx: Connection, account: "Account", job: Due, row: int) -> None:
    savepoint = tx.begin_nested()
    try:
        tx.execute(_DONE, {"done": row})
        _HANDLERS[job.kind](tx, account, job.object_id)
    except Exception:
        log.exception("job_failed", kind=job.kind, object=job.object_id, account=account.id)
        savepoint.rollback()
        tx.execute(_POSTPONE, {"failed": row, "again_us": job.due_us + HOUR_US})
    else:
        savepoint.commit()


def earliest_due(account_id: ColumnElement[int]) -> ScalarSelect[int | None]:
    """When the account's next job is due, as a part of another statement."""
    return select(func.min(jobs.c.due_us)).where(jobs.c.account_id == account_id).scalar_subquery()
