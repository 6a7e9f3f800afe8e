"""What the databases themselves can do: four statements to a transaction, each commit as durable as the gateway's."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import time
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from tests.stack import postgres_program

_TABLES = """
CREATE TABLE accounts (id INTEGER PRIMARY KEY, payments BIGINT NOT NULL);
CREATE TABLE payments (id BIGINT PRIMARY KEY, account_id BIGINT NOT NULL, amount BIGINT NOT NULL,
  currency VARCHAR(3) NOT NULL, status VARCHAR(20) NOT NULL, created_us BIGINT NOT NULL);
CREATE TABLE events (id BIGINT PRIMARY KEY, payment_id BIGINT NOT NULL, body TEXT NOT NULL);
CREATE TABLE answers (id BIGINT PRIMARY KEY, body TEXT NOT NULL);
"""
# About as long as a payment in an event or a kept answer is.
_BODY = "x" * 1400

_PGBENCH = """\\set account :client_id + 1
\\set id :client_id * 100000000 + random(1, 99999999)
BEGIN;
INSERT INTO payments VALUES (nextval('ids'), :account, 2599, 'USD', 'authorized', 1700000000000000);
INSERT INTO events VALUES (nextval('ids'), :id, repeat('x', 1400));
INSERT INTO answers VALUES (nextval('ids'), repeat('x', 1400));
UPDATE accounts SET payments = payments + 1 WHERE id = :account;
COMMIT;
"""


def sqlite_commits(path: str, seconds: float) -> float:
    """Commits a second of one connection, one transaction after the other, WAL and FULL as in the gateway."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA wal_autocheckpoint=4000")
    connection.executescript(_TABLES)
    connection.execute("INSERT INTO accounts VALUES (1, 0)")
    done = 0
    begun = time.perf_counter()
    while time.perf_counter() - begun < seconds:
        done += 1
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(
            "INSERT INTO payments VALUES (?, 1, 2599, 'USD', 'authorized', ?)", (done, 1_700_000_000_000_000)
        )
        connection.execute("INSERT INTO events VALUES (?, ?, ?)", (done, done, _BODY))
        connection.execute("INSERT INTO answers VALUES (?, ?)", (done, _BODY))
        connection.execute("UPDATE accounts SET payments = payments + 1 WHERE id = 1")
        connection.execute("COMMIT")
    took = time.perf_counter() - begun
    connection.close()
    return done / took


def postgresql_commits(database_url: str, folder: Path, clients: int, seconds: float) -> float:
    """Transactions a second that pgbench gets from this empty database, an account of its own for each client."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        for statement in filter(str.strip, _TABLES.split(";")):
            connection.execute(statement.encode())
        connection.execute("CREATE SEQUENCE ids CACHE 50")
        connection.execute("INSERT INTO accounts SELECT number, 0 FROM generate_series(1, %s) AS number", [clients])
    script = folder / "payment.pgbench"
    script.write_text(_PGBENCH)
    url = make_url(database_url)
    done = subprocess.run(
        [
            str(postgres_program("pgbench")),
            "--no-vacuum",
            "--protocol=prepared",
            f"--client={clients}",
            f"--jobs={min(2, clients)}",
            f"--time={max(1, round(seconds))}",
            f"--file={script}",
            f"--host={url.query['host']}",
            "--username=postgres",
            str(url.database),
        ],
        capture_output=True,
        text=True,
        timeout=seconds + 60,
        check=True,
    )
    found = re.search(r"^tps = ([\d.]+)", done.stdout, re.MULTILINE)
    assert found, done.stdout
    return float(found[1])
