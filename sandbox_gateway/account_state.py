"""An account's whole state as one piece of bytes, and back into the tables.

It knows no room: every table that a reset empties is in it, whatever its columns. Rows get new internal keys when they
come back, since others may have taken the old ones; foreign keys follow.
"""

import base64
import json
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Connection, LargeBinary, Table, bindparam, delete, insert, select, update

from sandbox_gateway import times
from sandbox_gateway.accounts import FROZEN, Account, accounts
from sandbox_gateway.problems import Problem
from sandbox_gateway.schema import metadata

MOST_BYTES = 64 * 1024 * 1024
_ROWS_AT_ONCE = 1000

# The account's own row: who it is stays; its settings stay but for the seed; everything else belongs to the state.
_IDENTITY = ("id", "key_hash", "publishable_key", "settings", "opened_us")


@dataclass(frozen=True, slots=True)
class State:
    """`size` counts bytes before packing, `counts` the rows of each table that has any."""

    content: bytes
    size: int
    counts: dict[str, int]


def emptied_tables() -> list[Table]:
    """The tables that hold an account's state, those first that others refer to."""
    return [
        table for table in metadata.sorted_tables if "account_id" in table.c and not table.info.get("kept_on_reset")
    ]


def empty(tx: Connection, account: Account) -> None:
    """Take away all that the account has."""
    for table in reversed(emptied_tables()):
        tx.execute(delete(table).where(table.c.account_id == account.id))


def read(tx: Connection, account: Account) -> State:
    """All that the account has. Problem: `snapshot_too_large`."""
    packer = zlib.compressobj(level=1)
    pieces: list[bytes] = []
    size = 0
    counts: dict[str, int] = {}
    for line in _lines(tx, account, counts):
        raw = json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        size += len(raw)
        if size > MOST_BYTES:
            raise Problem("snapshot_too_large")
        pieces.append(packer.compress(raw))
    return State(b"".join([*pieces, packer.flush()]), size, counts)


def put_back(tx: Connection, account: Account, content: bytes) -> None:
    """Make the account what it was, its clock too: a live one ticks on from the moment at which it was read."""
    lines = (json.loads(line) for line in zlib.decompress(content).splitlines())
    own = next(lines)
    empty(tx, account)
    _put_back_account(tx, account, own)
    # New keys by old ones, of the tables that others refer to.
    keys: dict[Table, dict[int, int]] = {
        column.table: {} for table in emptied_tables() for column in _references(table).values()
    }
    for piece in lines:
        _insert(tx, account, metadata.tables[piece["table"]], piece["columns"], piece["rows"], keys)


def _lines(tx: Connection, account: Account, counts: dict[str, int]) -> Iterator[dict[str, Any]]:
    row = tx.execute(select(accounts).where(accounts.c.id == account.id)).one()
    own = {name: value for name, value in row._asdict().items() if name not in _IDENTITY}
    yield {"account": own, "seed": account.settings.seed, "now_us": account.now_us}
    for table in emptied_tables():
        if table.info.get("left_out_of_snapshots"):
            continue
        columns = [column for column in table.c if column.name != "account_id"]
        found = tx.execute(select(*columns).where(table.c.account_id == account.id).order_by(table.c.row))
        for rows in found.partitions(_ROWS_AT_ONCE):
            counts[table.name] = counts.get(table.name, 0) + len(rows)
            yield {
                "table": table.name,
                "columns": [column.name for column in columns],
                "rows": [_to_json(columns, one) for one in rows],
            }


def _to_json(columns: list[Column[Any]], values: Iterable[Any]) -> list[Any]:
    return [
        base64.b64encode(value).decode() if _is_binary(column) and value is not None else value
        for column, value in zip(columns, values, strict=True)
    ]


def _put_back_account(tx: Connection, account: Account, kept: dict[str, Any]) -> None:
    values = dict(kept["account"])
    if values["clock_mode"] != FROZEN:
        values["clock_offset_us"] = kept["now_us"] - times.wall_us()
    settings = account.settings.model_copy(update={"seed": kept["seed"]})
    account.chance.seed, account.chance.drawn = kept["seed"], values["drawn"]
    tx.execute(
        update(accounts)
        .where(accounts.c.id == bindparam("own_id"))
        .values(**values, settings=settings.model_dump_json(exclude_defaults=True)),
        {"own_id": account.id},
    )


def _insert(
    tx: Connection,
    account: Account,
    table: Table,
    names: list[str],
    rows: list[list[Any]],
    keys: dict[Table, dict[int, int]],
) -> None:
    references = _references(table)
    binary = {name for name in names if _is_binary(table.c[name])}
    made = []
    for row in rows:
        values = dict(zip(names, row, strict=True))
        del values["row"]
        for name, target in references.items():
            if values[name] is not None:
                values[name] = keys[target.table][values[name]]
        for name in binary:
            if values[name] is not None:
                values[name] = base64.b64decode(values[name])
        made.append({"account_id": account.id, **values})
    if table not in keys:
        tx.execute(insert(table), made)
        return
    new_keys = tx.execute(insert(table).returning(table.c.row, sort_by_parameter_order=True), made).scalars().all()
    own_key = names.index("row")
    keys[table].update((row[own_key], new) for row, new in zip(rows, new_keys, strict=True))


def _references(table: Table) -> dict[str, Column[Any]]:
    """The columns that hold another row's internal key, and the keys that they hold."""
    return {key.parent.name: key.column for key in table.foreign_keys if key.column.table is not accounts}


def _is_binary(column: Column[Any]) -> bool:
    return isinstance(column.type, LargeBinary)
