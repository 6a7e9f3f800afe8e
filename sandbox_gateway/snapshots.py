"""Snapshots: an account's whole state under a name, to be brought back as often as wanted.

Works on the tables themselves, so what a room adds is in it by itself: every table that a reset empties, and the
account's own clock and place in its seeded row. Endpoints and settings stay, as they do on a reset.
"""

import json
from typing import Annotated, Any, Literal

from pydantic import Field
from sqlalchemy import (
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    Row,
    String,
    Table,
    bindparam,
    delete,
    func,
    insert,
    select,
)
from typing_extensions import TypedDict

from sandbox_gateway import account_state
from sandbox_gateway.account_state import State
from sandbox_gateway.accounts import Account
from sandbox_gateway.fields import Body
from sandbox_gateway.migrate import head
from sandbox_gateway.pipeline import do_due
from sandbox_gateway.problems import Problem, not_found
from sandbox_gateway.routes import Answer, Gateway, Route
from sandbox_gateway.schema import KEPT_ON_RESET, account_column, instant_column, json_column, metadata, row_column
from sandbox_gateway.times import to_wire
from sandbox_gateway.webhooks import deliveries

MOST_SNAPSHOTS = 20

snapshots = Table(
    "snapshots",
    metadata,
    row_column(),
    account_column(),
    Column("name", String(64), nullable=False),
    instant_column("taken"),
    # The tables' form at that time: rows of another form do not fit any more.
    Column("revision", String(10), nullable=False),
    Column("size", Integer, nullable=False),
    # How many rows of each table, as JSON; and all of them, compressed.
    json_column("counts"),
    Column("content", LargeBinary, nullable=False),
    Index("uq_snapshots_account_id_name", "account_id", "name", unique=True),
    info=KEPT_ON_RESET,
)

_SHOWN = (snapshots.c.name, snapshots.c.taken_us, snapshots.c.size, snapshots.c.counts)
_ALL = select(*_SHOWN).where(snapshots.c.account_id == bindparam("account_id")).order_by(snapshots.c.row)
_HELD = (
    select(func.count())
    .select_from(snapshots)
    .where(snapshots.c.account_id == bindparam("account_id"), snapshots.c.name != bindparam("name"))
)
_ONE = select(snapshots).where(snapshots.c.account_id == bindparam("account_id"), snapshots.c.name == bindparam("name"))
_INSERT = insert(snapshots)
_DELETE = delete(snapshots).where(
    snapshots.c.account_id == bindparam("account_id"), snapshots.c.name == bindparam("name")
)


class SnapshotCreate(Body):
    name: Annotated[
        str,
        Field(
            min_length=1,
            max_length=64,
            pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$",
            description="Letters, digits, `_`, `.` and `-`. A snapshot that has this name is replaced.",
            examples=["paid-and-settled"],
        ),
    ]


class SnapshotBody(TypedDict):
    object: Literal["snapshot"]
    name: str
    taken_at: Annotated[str, Field(description="On the account's clock.")]
    size: Annotated[int, Field(description="Bytes, uncompressed.")]
    rows: Annotated[dict[str, int], Field(description="How many of each kind it holds.")]


class SnapshotList(TypedDict):
    data: list[SnapshotBody]


def take_snapshot(gateway: Gateway, account_id: int, _base_url: str, body: SnapshotCreate) -> Answer:
    """Read it all in one view of the database, then write it: nobody waits for the reading and the packing."""

    def look(tx: Connection) -> tuple[int, State]:
        account = gateway.accounts.load(tx, account_id)
        return account.now_us, account_state.read(tx, account)

    def write(tx: Connection) -> Answer:
        named = {"account_id": gateway.accounts.lock(tx, account_id).id, "name": body.name}
        if tx.execute(_HELD, named).scalar_one() >= MOST_SNAPSHOTS:
            raise Problem("too_many", f"An account can have at most {MOST_SNAPSHOTS} snapshots; delete some first.")
        tx.execute(_DELETE, named)
        tx.execute(
            _INSERT,
            {
                **named,
                "taken_us": now_us,
                "revision": head(),
                "size": state.size,
                "counts": json.dumps(state.counts),
                "content": state.content,
            },
        )
        return Answer(_show(tx.execute(_ONE, named).one()), location=f"/_sandbox/snapshots/{body.name}")

    # What is due happens before the snapshot, so that it does not happen again after each restore.
    do_due(gateway, account_id)
    now_us, state = gateway.store.read(look)
    return gateway.store.write(write)


def list_snapshots(tx: Connection, account: Account) -> Answer:
    listed: SnapshotList = {"data": [_show(row) for row in tx.execute(_ALL, {"account_id": account.id})]}
    return Answer(listed)


def get_snapshot(tx: Connection, account: Account, name: str) -> Answer:
    return Answer(_show(_find(tx, account, name)))


def delete_snapshot(tx: Connection, account: Account, name: str) -> Answer:
    _find(tx, account, name)
    tx.execute(_DELETE, {"account_id": account.id, "name": name})
    return Answer(None)


def restore_snapshot(gateway: Gateway, account_id: int, _base_url: str, name: str) -> Answer:
    """Not a plain handler: what falls due on the clock that is about to be set back must not happen first."""

    def write(tx: Connection) -> Answer:
        account = gateway.accounts.lock(tx, account_id)
        found = _find(tx, account, name)
        if found.revision != head():
            raise Problem("snapshot_outdated")
        account_state.put_back(tx, account, found.content)
        deliveries.take_up(tx, account)
        return Answer(_show(found))

    return gateway.store.write(write)


def _find(tx: Connection, account: Account, name: str) -> Row[Any]:
    found = tx.execute(_ONE, {"account_id": account.id, "name": name}).first()
    if found is None:
        raise not_found("snapshot")
    return found


def _show(row: Any) -> SnapshotBody:
    return {
        "object": "snapshot",
        "name": row.name,
        "taken_at": to_wire(row.taken_us),
        "size": row.size,
        "rows": json.loads(row.counts),
    }


_TAG = "Simulation"
_PATH = "/_sandbox/snapshots/<name>"

ROUTES = [
    Route(
        "POST",
        "/_sandbox/snapshots",
        take_snapshot,
        "Keep the account's state under a name",
        tag=_TAG,
        description=(
            "All that a reset takes away, the clock and the place in the seeded row. Endpoints and settings are not in "
            f"it. At most {account_state.MOST_BYTES // 1024**2} MiB."
        ),
        body=SnapshotCreate,
        answer=SnapshotBody,
        status=201,
        outside=True,
        problems=("too_many", "snapshot_too_large"),
    ),
    Route(
        "GET", "/_sandbox/snapshots", list_snapshots, "All snapshots, the oldest first", tag=_TAG, answer=SnapshotList
    ),
    Route("GET", _PATH, get_snapshot, "One snapshot", tag=_TAG, answer=SnapshotBody),
    Route("DELETE", _PATH, delete_snapshot, "Remove a snapshot", tag=_TAG, status=204),
    Route(
        "POST",
        f"{_PATH}/restore",
        restore_snapshot,
        "Bring a snapshot's state back",
        tag=_TAG,
        description=(
            "The same ids, lists, due things and time; with a seed, the same calls then answer the same. What the "
            "account did since is gone. Webhooks that waited or were under way at the snapshot are sent again."
        ),
        answer=SnapshotBody,
        outside=True,
        problems=("snapshot_outdated",),
    ),
]
