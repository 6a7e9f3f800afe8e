"""The app's database: one engine per process, and the two ways in: `transaction()` and `reading()`."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import UTC, date, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    Date,
    DateTime,
    Dialect,
    Engine,
    FromClause,
    FunctionElement,
    Integer,
    MetaData,
    String,
    Table,
    TypeDecorator,
    create_engine,
    event,
    insert,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.sql.compiler import SQLCompiler

NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class UTCDateTime(TypeDecorator[datetime]):
    """An instant: aware in Python, UTC in the database; naive values are refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs its time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any] | None:
        return _as_sqlite_keeps_it if dialect.name == "sqlite" else super().bind_processor(dialect)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _as_sqlite_keeps_it(value: datetime | None) -> str | None:
    """As SQLAlchemy writes it, in a third of the time: a report of a million lines has a million of them."""
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError("an instant needs its time zone")
    return value.astimezone(UTC).isoformat(" ", "microseconds")[:26]


class utc_day(FunctionElement[date]):  # noqa: N801 - reads as a function of SQL
    """The UTC day of an instant."""

    type = Date()
    inherit_cache = True


@compiles(utc_day, "sqlite")
def _day_in_sqlite(element: utc_day, compiler: SQLCompiler, **options: Any) -> str:
    return f"substr({compiler.process(element.clauses, **options)}, 1, 10)"


@compiles(utc_day, "postgresql")
def _day_in_postgresql(element: utc_day, compiler: SQLCompiler, **options: Any) -> str:
    return f"CAST({compiler.process(element.clauses, **options)} AT TIME ZONE 'UTC' AS date)"


BigId = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by itself only in an INTEGER


def where_known(column: str) -> dict[str, Any]:
    """For an index that leaves out rows without a value in `column`."""
    known = text(f"{column} IS NOT NULL")
    return {"sqlite_where": known, "postgresql_where": known}


def in_byte_order(length: int) -> String:
    """Text whose index finds what begins with something, on both databases."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


Json = JSON().with_variant(JSONB(), "postgresql")


class Base(DeclarativeBase):
    """The base of every table of the app."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: UTCDateTime(), dict[str, Any]: Json, list[Any]: Json}


_LAST = "last"


class _Database:
    engine: Engine | None = None
    write_lock = threading.Lock()


def make_engine(url: str, *, pool_size: int = 20) -> Engine:
    """An engine whose writing transactions never upgrade from a read lock (`BEGIN IMMEDIATE` on SQLite)."""
    if not url.startswith("sqlite"):
        return create_engine(url, pool_size=pool_size, max_overflow=pool_size, pool_pre_ping=True)
    engine = create_engine(url, connect_args={"timeout": 20, "check_same_thread": False}, pool_size=pool_size)

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # SQLAlchemy's begin event below says BEGIN, not the driver
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=20000"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def connect(url: str, *, pool_size: int = 20) -> Engine:
    """Make `url` this process's database."""
    if _Database.engine is not None:
        _Database.engine.dispose()
    _Database.engine = make_engine(url, pool_size=pool_size)
    return _Database.engine


def engine() -> Engine:
    """This process's engine; `connect` comes first."""
    assert _Database.engine is not None, "app.db.connect(url) has not been called"
    return _Database.engine


@contextmanager
def transaction() -> Iterator[Session]:
    """A writing transaction: all or nothing. What was loaded stays readable after it ends.

    No call on the gateway belongs inside. On SQLite writers of this process queue here, fairly.
    """
    bound = engine()
    queue = _Database.write_lock if bound.dialect.name == "sqlite" else nullcontext()
    with queue, Session(bound.execution_options(writes=True), expire_on_commit=False) as session, session.begin():
        yield session
        for act in session.info.pop(_LAST, {}).values():
            act()


def at_the_end(session: Session, key: Hashable, act: Callable[[], None]) -> None:
    """Do this last in the transaction, once for each `key`: what describes a change is written when it is whole."""
    session.info.setdefault(_LAST, {})[key] = act


def one_at_a_time(session: Session, key: int) -> None:
    """Nobody else gets past this `key` before this transaction has ended. SQLite has one writer anyway."""
    if session.connection().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})


@contextmanager
def reading() -> Iterator[Session]:
    """A session for reading; nothing of it is ever written. All of it is of one moment, on either database."""
    bound = engine()
    if bound.dialect.name == "postgresql":  # as SQLite's BEGIN does
        bound = bound.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    with Session(bound, expire_on_commit=False, autoflush=False) as session:
        yield session


def answers() -> bool:
    """Whether the database answers at all."""
    with engine().connect() as connection:
        return connection.execute(text("SELECT 1")).scalar() == 1


def insert_many(session: Session, table: Table, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Rows as tuples in the order of `columns`, handed to the driver as they are: for thousands at a time.

    An `insert` with a dict for each row costs as much again in putting their values into order.
    """
    if not rows:
        return
    connection = session.connection()
    dialect = connection.dialect
    statement = insert(table).compile(dialect=dialect, column_keys=list(columns))
    binds = [table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in columns]
    if any(binds):
        by_column = list(zip(*rows, strict=True))
        for place, bind in enumerate(binds):
            if bind is not None:
                by_column[place] = tuple(map(bind, by_column[place]))
        rows = list(zip(*by_column, strict=True))
    if dialect.positional:
        assert statement.positiontup == list(columns), "placeholders stand in the order of the columns"
        connection.exec_driver_sql(str(statement), list(rows))
    else:
        connection.exec_driver_sql(str(statement), [dict(zip(columns, row, strict=True)) for row in rows])


def insert_if_absent(session: Session, table: FromClause, values: dict[str, Any]) -> bool:
    """Insert the row unless a unique one stands already; True if it was new. Waits for a rival's commit."""
    assert isinstance(table, Table)
    dialect = session.get_bind().dialect.name
    insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    statement = insert(table).values(values).on_conflict_do_nothing().returning(*table.primary_key.columns)
    return session.execute(statement).first() is not None
