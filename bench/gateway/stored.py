"""Fills a gateway's database: a few lives lived over HTTP, and as many copies of their rows as are wanted."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from bench.gateway import flows, load
from bench.gateway.programs import Programs

LIVED = 50
_HOURS_US = 20 * 3_600_000_000
_TABLES = ("tokens", "payments", "captures", "refunds", "events", "settlement_lines")
_ID = re.compile(r"\b((?:tok|pay|cap|re|evt|ln)_[0-9a-v]{20})[0-9a-v]{6}\b")
# What is different in each copy of an id: its last six letters.
_MARK = "\x00"
_AT_ONCE = 5_000


def fill(programs: Programs, payments: int) -> tuple[str, str]:
    """The URL of a database with so many payments, all of one account in one day, and that account's secret key."""
    url = programs.fresh("sqlite")
    key = flows.new_key()
    with programs.gateway(url) as running:
        asyncio.run(_live(running.port, key))
    database = sqlite3.connect(Path(url.removeprefix("sqlite:///")))
    database.execute("PRAGMA synchronous=OFF")
    with database:
        for table in _TABLES:
            _copy(database, table, payments // LIVED)
        _count_lines(database)
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return url, key


async def _live(port: int, key: str) -> None:
    (connection,) = flows.connections(port, 1, key=key)
    client = load.Client(0, connection)
    for _ in range(LIVED):
        await flows.life(client)
    connection.close()


def _copy(database: sqlite3.Connection, table: str, copies: int) -> None:
    read = database.execute(f"SELECT * FROM {table}")  # noqa: S608 - one of the names above
    columns = [str(column[0]) for column in read.description]
    rows = [tuple(map(_marked, columns, row)) for row in read]
    marks = ", ".join("?" * len(columns))
    made = _copies(columns, rows, copies)
    while some := list(islice(made, _AT_ONCE)):
        database.executemany(f"INSERT INTO {table} VALUES ({marks})", some)  # noqa: S608 - as above


def _copies(columns: list[str], rows: list[tuple[Any, ...]], copies: int) -> Iterator[list[Any]]:
    """The rows again and again, each time with ids of their own, a little earlier each time."""
    for copy in range(1, copies):
        suffix = f"{copy:06d}"
        earlier_us = copy * _HOURS_US // copies
        for row in rows:
            yield [
                _moved(column, value, copy * len(rows), copy * LIVED, earlier_us)
                if isinstance(value, int)
                else value.replace(_MARK, suffix)
                if isinstance(value, str)
                else value
                for column, value in zip(columns, row, strict=True)
            ]


def _marked(column: str, value: object) -> object:
    if not isinstance(value, str):
        return value
    return f"{value}-{_MARK}" if column == "reference" else _ID.sub(rf"\1{_MARK}", value)


def _moved(column: str, value: int, rows: int, payments: int, earlier_us: int) -> int:
    if column in ("row", "number"):
        return value + rows
    if column == "payment_row":
        return value + payments
    return value - earlier_us if column.endswith("_us") else value


def _count_lines(database: sqlite3.Connection) -> None:
    """A batch knows the number of its last line."""
    database.execute(
        "UPDATE settlements SET last_number ="
        " (SELECT max(number) FROM settlement_lines WHERE settlement_row = settlements.row)"
    )
