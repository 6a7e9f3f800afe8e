"""The database itself, for what no door shows: all that it holds, and a hand that changes it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, MetaData, select

from app.config import database_url_of
from app.db import make_engine
from tests.stack import Stack


@contextmanager
def by_hand(stack: Stack) -> Iterator[Connection]:
    """A connection as somebody has it who can write to the database; what is done stands at the end."""
    engine = make_engine(database_url_of(stack.database_url))
    try:
        with engine.execution_options(writes=True).begin() as connection:
            yield connection
    finally:
        engine.dispose()


def all_text(stack: Stack) -> str:
    """Every value of every row, as text."""
    with by_hand(stack) as connection:
        tables = MetaData()
        tables.reflect(connection)
        return "\n".join(str(tuple(row)) for table in tables.sorted_tables for row in connection.execute(select(table)))
