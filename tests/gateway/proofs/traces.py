"""Looking for card numbers and security codes in all that a gateway wrote down."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import psycopg
from psycopg import sql

from tests.stack import Gateway

_DIGITS = re.compile(r"\d(?:[ .+-]?\d){9,}", re.ASCII)
_NO_DIGIT = re.compile(r"\D", re.ASCII)
_ESCAPED = re.compile(r"(?:\\u00|%)(2[0bdeBDE]|3\d)")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{14,}")
_HEX = re.compile(r"[0-9a-fA-F]{20,}")


def traces_of(secrets: Iterable[str], places: dict[str, str]) -> list[tuple[str, str]]:
    """Name of the place and secret, for each that stands there: plain or in groups, and that as it is, escaped for
    JSON or URLs, in hex, or in base64 with whatever else. Secrets are runs of 10 digits and more."""
    wanted = list(secrets)
    return [
        (name, secret)
        for name, text in places.items()
        for run in {_NO_DIGIT.sub("", run) for reading in _readings(text) for run in _DIGITS.findall(reading)}
        for secret in wanted
        if secret in run
    ]


def _readings(text: str) -> Iterator[str]:
    yield text
    if _ESCAPED.search(text):
        yield _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    for run in _BASE64.findall(text):
        standard = run.replace("-", "+").replace("_", "/")
        for shift in range(4):
            rest = standard[shift:]
            yield base64.b64decode(rest + "A" * (-len(rest) % 4)).decode("latin-1")
    for run in _HEX.findall(text):
        for shift in range(2):
            yield bytes.fromhex(run[shift : shift + (len(run) - shift) // 2 * 2]).decode("latin-1")


def written_by(gateway: Gateway) -> dict[str, str]:
    """What it printed, its folder's files, and its database: every file of it, or every row of every table."""
    places = {str(path): path for path in gateway.data_dir.rglob("*") if path.is_file()}
    if gateway.engine == "sqlite":
        database = Path(gateway.database_url.removeprefix("sqlite:///"))
        places |= {path.name: path for path in database.parent.glob(f"{database.name}*")}
    found = {name: path.read_bytes().decode("latin-1") for name, path in places.items()}
    if gateway.engine == "postgresql":
        found |= _rows(gateway.database_url)
    return found


def _rows(url: str) -> dict[str, str]:
    with psycopg.connect(url) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        found: dict[str, str] = {}
        for (table,) in tables:
            query = sql.SQL("SELECT t::text FROM {} t").format(sql.Identifier(table))
            found[f"table {table}"] = "\n".join(str(row[0]) for row in connection.execute(query))
    return found
