"""Killed again and again while a settlement's lines are booked, those of an uploaded report compared, or a bank's
statements taken in, at whatever moment: books, breaks and what is told of them are those of one that was not."""

from __future__ import annotations

import io
import multiprocessing
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any
from unittest.mock import patch

import pytest
from sqlalchemy import create_engine, text

from app import db
from app.banking import BankLine, Statement, write_statements
from app.config import database_url_of
from app.reconciliation import bank, report
from app.reconciliation.bring import bring
from app.schema import upgrade
from app.settlements import book
from app.settlements.models import Payout
from app.settlements.states import PayoutStatus
from app.timeline import Actor, ActorKind
from bench import settlement
from bench.settlement import Memory, furnish
from tests import stack as stacks
from tests.app.reconciliation.files import IBAN, NOW, written
from tests.stack import until

SETTLEMENT, LINES, AT_ONCE = "st_0", 120, 3
BANK_DAY = date(2026, 3, 2)
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
TAKEN_IN = (
    "SELECT status, rows, rows_read, matched, differing FROM imported_files",
    "SELECT s.reference AS statement, number, e.reference, amount_minor, payout_id, outcome, expected_minor"
    " FROM bank_entries e JOIN bank_statements s ON s.id = e.statement_id ORDER BY s.reference, number",
    "SELECT kind, source_id, expected_minor, said_minor FROM breaks ORDER BY source_id, kind",
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


def _bring_statements(url: str) -> None:
    """Two days at the bank: each tenth entry is nobody's, each seventh is there again the next day, one is missing."""
    db.connect(url)
    days = [
        [BankLine(100 + n, day, day, f"R{n}", f"po_{n:06}" if n % 10 else "") for n in range(first, first + LINES // 2)]
        for first, day in ((0, BANK_DAY), (LINES // 2, BANK_DAY.replace(day=9)))
    ]
    days[1][:9] = [replace(one, booked_on=days[1][0].booked_on) for one in days[0][::7]]
    del days[0][5]
    statements = [
        Statement(
            f"S{day.day}", IBAN, "USD", day, day.replace(day=day.day + 4), 0, sum(o.amount_minor for o in lines), lines
        )
        for lines in days
        for day in (lines[-1].booked_on,)
    ]
    content = io.BytesIO()
    write_statements([(one, one.lines) for one in statements], "M1", NOW, content)
    with patch.object(bank, "CHUNK", AT_ONCE), patch.object(bank, "PAUSE_SECONDS", 0):
        bring(content, "bank.xml", Actor(ActorKind.TERMINAL, "test"))
    db.engine().dispose()


def _paid_out(url: str) -> None:
    """A payout of the gateway's for each entry."""
    upgrade(db.connect(url))
    at = datetime.combine(BANK_DAY, time(12), UTC)
    with db.transaction() as session:
        session.add_all(
            Payout(
                id=f"po_{number:06}",
                version=1,
                status=PayoutStatus.PAID,
                amount_minor=100 + number,
                currency="USD",
                settled_minor=100 + number,
                carried_over_minor=0,
                settlements=[],
                parts={},
                destination={"last4": IBAN[-4:]},
                created_at=at,
                paid_at=at,
            )
            for number in range(LINES)
            if number % 10
        )


def _laid_out(url: str) -> None:
    """A database with the payments and the head of a report that was not read yet."""
    upgrade(db.connect(url))
    furnish(LINES, 1)
    settlement.lay_out(0, LINES)


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
    ("lay_out", "work", "done", "told"),
    [
        (_laid_out, _book, LINES_BOOKED, BOOKS),
        (_laid_out, _bring, LINES_COMPARED, COMPARED),
        (_paid_out, _bring_statements, LINES_COMPARED, TAKEN_IN),
    ],
    ids=["the gateway's lines booked", "an uploaded report compared", "a bank's statements taken in"],
)
def test_what_is_killed_at_any_moment_is_gone_on_with(
    engine: stacks.Engine,
    databases: stacks.Databases,
    request: pytest.FixtureRequest,
    lay_out: Callable[[str], None],
    work: Callable[[str], None],
    done: str,
    told: Sequence[str],
) -> None:
    killed, whole = (database_url_of(databases.fresh(engine, "booking")) for _ in range(2))
    lay_out(killed)
    lay_out(whole)
    work(whole)
    assert _told(whole, told)[1], "something was done"

    kills = SOAKED_KILLS if request.config.getoption("--soak") else KILLS
    for number in range(1, kills + 1):
        before = _count(killed, done)
        _kill_at(min(before + random.randint(1, max(1, LINES // kills)), LINES - 2), work, killed, done)
        assert _count(killed, done) >= before, f"kill {number} took lines away"

    work(killed)
    assert _told(killed, told) == _told(whole, told)
