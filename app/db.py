"""The app's database: one engine per process, and the two ways in: `transaction()` and `reading()`."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    Engine,
    FromClause,
    Integer,
    MetaData,
    String,
    Table,
    TypeDecorator,
    create_engine,
    event,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Session

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

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


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


@contextmanager
def reading() -> Iterator[Session]:
    """A session for reading; nothing of it is ever written."""
    with Session(engine(), expire_on_commit=False, autoflush=False) as session:
        yield session


def answers() -> bool:
    """Whether the database answers at all."""
    with engine().connect() as connection:
        return connection.execute(text("SELECT 1")).scalar() == 1


def insert_if_absent(session: Session, table: FromClause, values: dict[str, Any]) -> bool:
    """Insert the row unless a unique one stands already; True if it was new. Waits for a rival's commit."""
    assert isinstance(table, Table)
    dialect = session.get_bind().dialect.name
    insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    statement = insert(table).values(values).on_conflict_do_nothing().returning(*table.primary_key.columns)
    return session.execute(statement).first() is not None
