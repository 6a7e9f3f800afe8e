"""Statements of nearly every request. On SQLite they go past SQLAlchemy, whose share costs ten times the database's.

Each stays one Core statement, compiled once; PostgreSQL, where the way there and back costs more, runs it as it is.
"""

import sqlite3
from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Delete, Dialect, Insert, Select, Update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler

Core = Select[Any] | Insert | Update | Delete
Parameters = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Compiled:
    """For one dialect. `literals` are the values that the statement brings along."""

    text: str
    names: Sequence[str]
    literals: dict[str, Any]
    row: Callable[[Sequence[Any]], Any]


class Statement:
    """One fixed statement. Its parameters have the same names each time, and no lists among their values."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._compiled: _Compiled | None = None

    def run(self, tx: Connection, parameters: Parameters) -> None:
        if tx.dialect.name == "sqlite":
            self._execute(tx, parameters)
        else:
            tx.execute(self._core, parameters)

    def insert(self, tx: Connection, parameters: Parameters) -> int:
        """Insert one row; returns its key."""
        key: int | None
        if tx.dialect.name == "sqlite":
            key = self._execute(tx, parameters)[1].lastrowid
        else:
            made = tx.execute(self._core, parameters).inserted_primary_key
            key = None if made is None else made[0]
        assert key is not None
        return key

    def all(self, tx: Connection, parameters: Parameters) -> Sequence[Any]:
        """The rows, their columns attributes."""
        if tx.dialect.name == "sqlite":
            compiled, cursor = self._execute(tx, parameters)
            return [compiled.row(one) for one in cursor.fetchall()]
        return tx.execute(self._core, parameters).all()

    def first(self, tx: Connection, parameters: Parameters) -> Any:
        """The first row, None if there is none."""
        found = self.all(tx, parameters)
        return found[0] if found else None

    def _execute(self, tx: Connection, parameters: Parameters) -> tuple[_Compiled, sqlite3.Cursor]:
        compiled = self._compiled
        if compiled is None:
            compiled = self._compiled = _compile(self._core, tx.dialect, parameters)
        if compiled.literals:
            parameters = {**compiled.literals, **parameters}
        driver: Any = tx.connection.driver_connection
        try:
            return compiled, driver.execute(compiled.text, [parameters[name] for name in compiled.names])
        except sqlite3.Error as error:
            # Without the values, which no log may show.
            raise DBAPIError(compiled.text, None, error) from error


def _compile(core: Core, dialect: Dialect, parameters: Parameters) -> _Compiled:
    compiled = core.compile(dialect=dialect, column_keys=list(parameters))
    assert isinstance(compiled, SQLCompiler)
    assert compiled.positiontup is not None
    literals = {name: value for name, value in compiled.params.items() if name not in parameters}
    return _Compiled(compiled.string, compiled.positiontup, literals, _row_maker(core, dialect))


def _row_maker(core: Core, dialect: Dialect) -> Callable[[Sequence[Any]], Any]:
    """What makes a row of what the driver hands out: numbers, texts and bytes as they are, the rest by its type."""
    columns = core.exported_columns
    names = [str(name) for name, _ in columns.items()]
    kind: Any = namedtuple("Row", names)  # type: ignore[misc]  # noqa: PYI024 - its members are known only now
    make: Callable[[Sequence[Any]], Any] = kind._make
    found = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]
    readers = [(place, read) for place, read in enumerate(found) if read is not None]
    if not readers:
        return make

    def read_row(values: Sequence[Any]) -> Any:
        changed = list(values)
        for place, read in readers:
            changed[place] = read(changed[place])
        return make(changed)

    return read_row
