"""The audit log's chain: whoever holds the database can change a row, and not without `audit verify` finding it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from app.audit.chain import seal
from app.audit.models import AuditEntry, AuditSeal
from app.audit.write import digest_of
from app.cli.database import opened
from app.config import load_settings
from tests import stack as stacks
from tests.app.people.rows import by_hand
from tests.app.screens.visitor import Visitor
from tests.stack import Stack, until

ACTS = 12
ANCHOR = "audit-head.json"
Rows = list[dict[str, Any]]


@dataclass
class Log:
    """An installation that nothing runs on, its log sealed; somebody with the database's password is at it."""

    stack: Stack
    entries: Rows = field(default_factory=list)
    seals: Rows = field(default_factory=list)

    def __post_init__(self) -> None:
        self.stack.cli_here("db", "upgrade")
        self.act(ACTS)
        with by_hand(self.stack) as connection:
            self.entries = [dict(row) for row in connection.execute(select(AuditEntry.__table__)).mappings()]
            found = select(AuditSeal.__table__).order_by(AuditSeal.number)
            self.seals = [dict(row) for row in connection.execute(found).mappings()]
        self.anchor = (self.stack.data_dir / ANCHOR).read_text()

    def act(self, times: int) -> None:
        """Do something that is written down, and seal it as the worker does."""
        for _ in range(times):
            self.stack.api_token()
        settings = load_settings({name: str(value) for name, value in self.stack.environment().items()}, {})
        with opened(settings):
            seal(self.stack.data_dir)

    def faults(self) -> str:
        """What `counterfoil audit verify` finds, by which it ends with 1."""
        return self.stack.cli_here("audit", "verify", code=1)

    def holds(self) -> bool:
        """Whether it finds nothing, and ends with 0."""
        return f"{ACTS} acts sealed, 0 not yet." in self.stack.cli_here("audit", "verify")

    def restore(self) -> None:
        """Every row and the newest link as they were."""
        with unguarded(self.stack) as connection:
            connection.execute(delete(AuditEntry))
            connection.execute(delete(AuditSeal))
            connection.execute(insert(AuditEntry), self.entries)
            connection.execute(insert(AuditSeal), self.seals)
        (self.stack.data_dir / ANCHOR).write_text(self.anchor)

    def entry_of(self, number: int) -> str:
        """The id of the entry under that link."""
        return str(next(row["entry_id"] for row in self.seals if row["number"] == number))


@contextmanager
def unguarded(stack: Stack) -> Iterator[Connection]:
    """A connection past the triggers, which takes the rights of the tables' owner."""
    with by_hand(stack) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            yield connection
            return
        triggers = text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE 'audit%'")
        found = connection.execute(triggers).all()
        for name, _ in found:
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        yield connection
        for _, sql in found:
            connection.exec_driver_sql(sql)


@pytest.fixture(scope="module")
def sealed(engine: stacks.Engine, databases: stacks.Databases, tmp_path_factory: pytest.TempPathFactory) -> Log:
    """A log of some acts."""
    folder: Path = tmp_path_factory.mktemp("audit")
    (folder / "var").mkdir()
    return Log(Stack(engine, folder / "var", databases.fresh(engine, "app"), databases.fresh(engine, "gateway")))


@pytest.fixture
def log(sealed: Log) -> Iterator[Log]:
    """The log, whole again after the test."""
    yield sealed
    sealed.restore()


def _change(**values: Any) -> Callable[[Log, Connection], None]:
    def do(log: Log, connection: Connection) -> None:
        mine = update(AuditEntry).where(AuditEntry.id == log.entry_of(5))
        assert connection.execute(mine.values(values)).rowcount == 1

    return do


def _change_with_its_digest(log: Log, connection: Connection) -> None:
    row = next(row for row in log.entries if row["id"] == log.entry_of(5)) | {"actor_name": "somebody else"}
    told = AuditEntry(**row)
    _change(actor_name="somebody else", digest=digest_of(told))(log, connection)


def _take_an_entry(log: Log, connection: Connection) -> None:
    connection.execute(delete(AuditEntry).where(AuditEntry.id == log.entry_of(5)))


def _take_an_entry_and_its_link(log: Log, connection: Connection) -> None:
    _take_an_entry(log, connection)
    connection.execute(delete(AuditSeal).where(AuditSeal.number == 5))


def _swap(log: Log, connection: Connection) -> None:
    for number, entry in ((5, "for a moment"), (6, log.entry_of(5)), (5, log.entry_of(6))):
        connection.execute(update(AuditSeal).where(AuditSeal.number == number).values(entry_id=entry))


def _cut_the_end_off(log: Log, connection: Connection) -> None:
    for number in range(ACTS - 2, ACTS + 1):
        connection.execute(delete(AuditEntry).where(AuditEntry.id == log.entry_of(number)))
        connection.execute(delete(AuditSeal).where(AuditSeal.number == number))


@pytest.mark.parametrize(
    ("tamper", "told"),
    [
        (_change(summary="API token test made "), "link 5: entry"),
        (_change(actor_name="counterfoil api-tokeN"), "link 5: entry"),
        (_change(after='{"role": "operatoR"}'), "link 5: entry"),
        (_change(reason=""), "link 5: entry"),
        (_change(role="admin"), "link 5: entry"),
        (_change(digest="0" * 64), "link 5: entry"),
        (_change_with_its_digest, "link 5: the hash does not follow"),
        (_take_an_entry, "link 5: entry"),
        (_take_an_entry_and_its_link, "links 5 to 5 are missing"),
        (_swap, "link 5: the hash does not follow"),
        (_cut_the_end_off, f"the end was cut off: link {ACTS} was sealed, the newest is {ACTS - 3}"),
    ],
    ids=lambda told: getattr(told, "__name__", None),
)
def test_what_was_changed_by_hand_is_found(log: Log, tamper: Callable[[Log, Connection], None], told: str) -> None:
    with unguarded(log.stack) as connection:
        tamper(log, connection)
    assert told in log.faults()


def test_what_nobody_touched_holds(log: Log) -> None:
    assert log.holds()


def test_a_cut_end_stays_found_when_acts_go_on(log: Log) -> None:
    with unguarded(log.stack) as connection:
        _cut_the_end_off(log, connection)
    log.act(6)  # the newest link is further on than the one that was kept
    assert f"link {ACTS} is not the one that was kept outside the database" in log.faults()


def test_a_chain_that_was_made_anew_is_not_the_one_that_was_kept(log: Log) -> None:
    with unguarded(log.stack) as connection:
        connection.execute(delete(AuditSeal))
        _change_with_its_digest(log, connection)
    log.act(1)
    assert f"link {ACTS} is not the one that was kept outside the database" in log.faults()


@pytest.mark.parametrize("table", ["audit_entries", "audit_seals"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET {} = {}", "DELETE FROM {}"])
def test_the_database_only_adds(log: Log, table: str, statement: str) -> None:
    column = "summary" if table == "audit_entries" else "hash"
    with pytest.raises(DBAPIError, match="only ever added to"), by_hand(log.stack) as connection:
        connection.execute(text(statement.format(table, column, column)))
    assert log.holds()


def test_the_worker_seals_what_is_done(stack: Stack) -> None:
    visitor = Visitor(stack)
    visitor.read("/audit?format=csv")
    entry = visitor.read("/audit?status=list.exported").html.partition("/audit/aud_")[2].partition('"')[0]

    def sealed() -> bool:
        return "Link " in visitor.read(f"/audit/aud_{entry}").text

    until(sealed, what="the act to be sealed")
    assert json.loads(stack.cli_here("audit", "verify", "--json"))["faults"] == []
