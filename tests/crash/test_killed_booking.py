"""Killed again and again while a settlement's lines are booked, or those of an uploaded report compared, at whatever
moment: books, breaks and what is told of them are those of one that was not."""

from __future__ import annotations

import io
import multiprocessing
import random
from collections.abc import Callable, Sequence
from typing import Any
from unittest.mock import patch

import pytest
from sqlalchemy import create_engine, text

from app import db
from app.config import database_url_of
from app.reconciliation import report
from app.reconciliation.bring import bring
from app.schema import upgrade
from app.settlements import book
from app.timeline import Actor, ActorKind
from bench.settlement import Memory, furnish, lay_out
from tests import stack as stacks
from tests.app.reconciliation.files import written
from tests.stack import until

SETTLEMENT, LINES, AT_ONCE = "st_0", 120, 3
KILLS, SOAKED_KILLS = 5, 50
BOOKS = (
    "SELECT code, a.currency, SUM(amount_minor), COUNT(*) > 0 FROM ledger_postings p"
    " JOIN ledger_accounts a ON a.id = p.account_id GROUP BY code, a.currency ORDER BY code",
    "SELECT number, line_id, source_id, gross_minor, fee_minor, net_minor, outcome FROM settlement_lines"
    " ORDER BY number",
    "SELECT status, lines_read, net_read_minor, breaks FROM settlements",
    "SELECT kind, source_id FROM breaks ORDER BY source_id",
)
COMPARED = (
    "SELECT status, rows, rows_read, matched, differing FROM imported_files",
    "SELECT number, line_id, source_id, fee_minor, outcome, expected_minor FROM report_lines ORDER BY number",
    "SELECT kind, source_id, expected_minor, said_minor FROM breaks ORDER BY source_id",
)
LINES_BOOKED, LINES_COMPARED = "SELECT SUM(lines_read) FROM settlements", "SELECT SUM(rows_read) FROM imported_files"


def _book(url: str) -> None:
    """A few lines in each transaction; goes on where it was cut off."""
    db.connect(url)
    memory = Memory(0, LINES)
    with patch.object(book, "gateway", lambda: memory), patch.object(book, "CHUNK", AT_ONCE):
        book.book_settlement(SETTLEMENT)
    db.engine().dispose()


def _bring(url: str) -> None:
    """A report in which one line is missing, and each tenth tells of another fee; as it is brought again and again."""
    db.connect(url)
    lines = [one.model_dump(mode="json", exclude_none=True) for one in Memory(0, LINES).settlement_lines(SETTLEMENT)]
    del lines[5]
    for line in lines[::10]:
        line.update(fee=line["fee"] + 1, net=line["net"] - 1)
    content = written([{"settlement": SETTLEMENT, **line} for line in lines])
    with patch.object(report, "CHUNK", AT_ONCE):
        bring(io.BytesIO(content.encode()), "report.csv", Actor(ActorKind.TERMINAL, "test"))
    db.engine().dispose()


def _laid_out(url: str) -> None:
    """A database with the payments and the head of a report that was not read yet."""
    upgrade(db.connect(url))
    furnish(LINES, 1)
    lay_out(0, LINES)


def _told(url: str, statements: Sequence[str]) -> list[list[Any]]:
    engine = create_engine(url)
    with engine.connect() as connection:
        found = [list(map(tuple, connection.execute(text(statement)))) for statement in statements]
    engine.dispose()
    return found


def _count(url: str, statement: str) -> int:
    (rows,) = _told(url, [statement])
    return int(rows[0][0] or 0)


def _kill_at(goal: int, work: Callable[[str], None], url: str, done: str) -> None:
    """Have it done by a process that is killed when it is so far, wherever in the next lines it is."""
    worker = multiprocessing.get_context("fork").Process(target=work, args=(url,))
    worker.start()
    try:
        until(lambda: _count(url, done) >= goal or not worker.is_alive(), what="some lines to be done", within=60)
    finally:
        worker.kill()
        worker.join()


@pytest.mark.parametrize(
    ("work", "done", "told"),
    [(_book, LINES_BOOKED, BOOKS), (_bring, LINES_COMPARED, COMPARED)],
    ids=["the gateway's lines booked", "an uploaded report compared"],
)
def test_what_is_killed_at_any_moment_is_gone_on_with(
    engine: stacks.Engine,
    databases: stacks.Databases,
    request: pytest.FixtureRequest,
    work: Callable[[str], None],
    done: str,
    told: Sequence[str],
) -> None:
    killed, whole = (database_url_of(databases.fresh(engine, "booking")) for _ in range(2))
    _laid_out(killed)
    _laid_out(whole)
    work(whole)

    kills = SOAKED_KILLS if request.config.getoption("--soak") else KILLS
    for number in range(1, kills + 1):
        before = _count(killed, done)
        _kill_at(min(before + random.randint(1, max(1, LINES // kills)), LINES - 2), work, killed, done)
        assert _count(killed, done) >= before, f"kill {number} took lines away"

    work(killed)
    assert _told(killed, told) == _told(whole, told)
