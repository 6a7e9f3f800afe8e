"""Transactions. On SQLite many writes share one commit; on PostgreSQL each has its own.

`write` and `read` take a function of the connection. It may run on another thread than the caller's and may run again
after a lost connection, so it must take all that it needs with it and do nothing outside the transaction.
"""

import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, TypeVar

import structlog
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool

from sandbox_gateway.turns import Turns

T = TypeVar("T")
Callback = Callable[[], None]

log = structlog.get_logger()

_CALLBACKS = "counterfoil_on_commit"
_MOST_PER_COMMIT = 64
_TRIES = 3
# PostgreSQL asks for these two to be tried again: the transaction was undone as a whole.
_TRY_AGAIN = {"40001", "40P01"}


class Store:
    """The gateway's database."""

    def __init__(self, url: str, *, connections: int = 32, turns: Turns | None = None) -> None:
        """`url` as SQLAlchemy takes it: `sqlite:///…` or `postgresql+psycopg://…`.

        `turns` where several processes write one SQLite file.
        """
        self.turns = turns
        self._work: _Sqlite | _Postgresql
        if make_url(url).get_backend_name() == "sqlite":
            self._work = _Sqlite(url, connections, turns)
        else:
            self._work = _Postgresql(url, connections)

    @property
    def is_postgresql(self) -> bool:
        return isinstance(self._work, _Postgresql)

    @property
    def has_one_process(self) -> bool:
        """Whether nobody but this process uses the database."""
        return not self.is_postgresql and self.turns is None

    @property
    def engine(self) -> Engine:
        """For connections that outlive a transaction, on PostgreSQL; everything else goes through the two below."""
        return self._work.engine

    def write(self, fn: Callable[[Connection], T]) -> T:
        """Run `fn` in a transaction and, once that is committed, return its result. What it raises undoes it all."""
        return self._work.write(fn)

    def read(self, fn: Callable[[Connection], T]) -> T:
        """Run `fn` on one consistent view of the database, which it cannot change."""
        return self._work.read(fn)

    def answers(self) -> bool:
        """Whether the database can be asked at all."""
        try:
            self.read(lambda tx: tx.execute(text("SELECT 1")).scalar_one())
        except DBAPIError:
            return False
        return True

    def dispose(self) -> None:
        self._work.dispose()
        if self.turns is not None:
            self.turns.close()


def on_commit(tx: Connection, callback: Callback) -> None:
    """Call `callback` after this transaction is committed, and not at all if it is undone. It must be quick."""
    tx.info.setdefault(_CALLBACKS, []).append(callback)


def _take_callbacks(tx: Connection) -> list[Callback]:
    found: list[Callback] = tx.info.pop(_CALLBACKS, [])
    return found


def _call(callbacks: list[Callback]) -> None:
    for callback in callbacks:
        try:
            callback()
        except Exception:
            log.exception("callback_failed")


class _Pending:
    """One write that waits for its turn, and then for its commit."""

    __slots__ = ("_wakeup", "callbacks", "done", "error", "fn", "result")

    def __init__(self, fn: Callable[[Connection], Any]) -> None:
        self.fn = fn
        self.result: Any = None
        self.error: BaseException | None = None
        self.callbacks: list[Callback] = []
        self.done = False
        self._wakeup = threading.Lock()
        self._wakeup.acquire()

    def wait(self) -> None:
        self._wakeup.acquire()

    def wake(self) -> None:
        self._wakeup.release()


class _Sqlite:
    """One writer at a time. Who finds no leader leads: runs all that wait, each in a savepoint, under one COMMIT.

    Waiting on a lock of the process is fair; waiting on SQLITE_BUSY is not, and would show in the slowest answers.
    """

    def __init__(self, url: str, connections: int, turns: Turns | None) -> None:
        self._turns = turns
        self.engine = create_engine(url, poolclass=QueuePool, pool_size=1, max_overflow=4)
        # Kept at hand: to take one from the pool and give it back for each batch costs as much as three statements.
        self._writer: Connection | None = None
        self._readers = create_engine(url, poolclass=QueuePool, pool_size=connections, max_overflow=-1)
        event.listen(self.engine, "connect", _prepare_writer)
        event.listen(self._readers, "connect", _prepare_reader)
        self._mutex = threading.Lock()
        self._waiting: deque[_Pending] = deque()
        self._led = False

    def write(self, fn: Callable[[Connection], T]) -> T:
        own = _Pending(fn)
        with self._mutex:
            self._waiting.append(own)
            leads = not self._led
            self._led = True
        if not leads:
            own.wait()
        if not own.done:
            self._lead()
        if own.error is not None:
            raise own.error
        result: T = own.result
        return result

    def _lead(self) -> None:
        with self._mutex:
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), _MOST_PER_COMMIT))]
        try:
            with nullcontext() if self._turns is None else self._turns.writing():
                self._run(batch)
        except BaseException as error:  # noqa: BLE001 - handed to each waiting caller, whatever it is
            # Nothing of the batch is stored, so nobody in it may answer as if it were.
            for one in batch:
                one.error = error
                one.callbacks = []
        for one in batch:
            one.done = True
        with self._mutex:
            heir = self._waiting[0] if self._waiting else None
            self._led = heir is not None
        if heir is not None:
            heir.wake()
        # Waking the leader itself is harmless: nobody waits for that lock any more.
        for one in batch:
            one.wake()
        for one in batch:
            _call(one.callbacks)

    def _run(self, batch: list[_Pending]) -> None:
        if self._writer is None:
            self._writer = self.engine.connect()
        tx = self._writer
        try:
            tx.info.pop(_CALLBACKS, None)
            with tx.begin():
                driver = _begin(tx, "BEGIN IMMEDIATE")
                for one in batch:
                    self._run_one(tx, driver, one)
        except BaseException:
            # Whatever state it is in now, the next batch begins on another.
            self._writer = None
            tx.close()
            raise

    def _run_one(self, tx: Connection, driver: Any, one: _Pending) -> None:
        # Past SQLAlchemy, where each of these would cost as much as one of the write's own statements.
        driver.execute("SAVEPOINT one")
        try:
            one.result = one.fn(tx)
        except Exception as error:  # noqa: BLE001 - raised again in the caller that it belongs to
            driver.execute("ROLLBACK TO one")
            _take_callbacks(tx)
            one.error = error
        else:
            one.callbacks = _take_callbacks(tx)
        driver.execute("RELEASE one")

    def read(self, fn: Callable[[Connection], T]) -> T:
        with self._readers.connect() as tx:
            _begin(tx, "BEGIN")
            return fn(tx)

    def dispose(self) -> None:
        with self._mutex:
            if self._writer is not None and not self._led:
                self._writer.close()
                self._writer = None
        self.engine.dispose()
        self._readers.dispose()


class _Postgresql:
    def __init__(self, url: str, connections: int) -> None:
        self.engine = create_engine(url, pool_size=connections, max_overflow=8)
        self._readers = self.engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    def write(self, fn: Callable[[Connection], T]) -> T:
        for _ in range(_TRIES - 1):
            try:
                return self._write_once(fn)
            except DBAPIError as error:
                if not _may_run_again(error):
                    raise
        return self._write_once(fn)

    def _write_once(self, fn: Callable[[Connection], T]) -> T:
        with self.engine.connect() as tx:
            tx.info.pop(_CALLBACKS, None)
            with tx.begin():
                result = fn(tx)
            callbacks = _take_callbacks(tx)
        _call(callbacks)
        return result

    def read(self, fn: Callable[[Connection], T]) -> T:
        for _ in range(_TRIES - 1):
            try:
                return self._read_once(fn)
            except DBAPIError as error:
                if not error.connection_invalidated:
                    raise
        return self._read_once(fn)

    def _read_once(self, fn: Callable[[Connection], T]) -> T:
        with self._readers.connect() as tx:
            return fn(tx)

    def dispose(self) -> None:
        self.engine.dispose()


def _begin(tx: Connection, statement: str) -> Any:
    """Begin past SQLAlchemy, as with savepoints. Returns the driver's connection."""
    driver: Any = tx.connection.driver_connection
    try:
        driver.execute(statement)
    except sqlite3.Error as error:
        raise DBAPIError(statement, None, error) from error
    return driver


def _may_run_again(error: DBAPIError) -> bool:
    """Whether the transaction surely left nothing behind: undone by the server, or lost before its COMMIT was sent."""
    if getattr(error.orig, "sqlstate", None) in _TRY_AGAIN:
        return True
    return error.connection_invalidated and error.statement is not None


def _prepare_writer(connection: Any, _record: object) -> None:
    # The transactions are opened by hand: by SQLAlchemy's "begin" event every statement would look for listeners.
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "busy_timeout=10000",
        "wal_autocheckpoint=4000",
        "temp_store=MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _prepare_reader(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    for pragma in ("query_only=ON", "busy_timeout=10000", "temp_store=MEMORY"):
        connection.execute(f"PRAGMA {pragma}")
