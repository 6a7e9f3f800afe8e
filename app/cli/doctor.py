"""`counterfoil doctor`: looks at everything an installation stands on; says what is wrong and the mend."""

from __future__ import annotations

import contextlib
import http.client
import json
import platform
import shutil
import sqlite3
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import click
from sqlalchemy.exc import SQLAlchemyError

from app import __version__
from app.cli.database import reason, shown
from app.cli.options import Place, json_option, place_options
from app.cli.ports import is_free
from app.clock import ClockReading, wall_now
from app.config import Settings, secret_path
from app.db import connect, reading
from app.errors import SettingError
from app.schema import revision
from app.supervisor import answers

FREE_BYTES = 200_000_000
SKEW = timedelta(seconds=5)
WORKER_SILENT = timedelta(seconds=60)
OK, NOTE, WRONG = "ok", "note", "wrong"


@dataclass(frozen=True)
class Finding:
    """What was looked at; `state` is ok, note (worth knowing) or wrong, and then `mend` says what to do."""

    name: str
    state: str
    found: str
    mend: str | None = None


@click.command()
@place_options
@json_option
def doctor(place: Place, as_json: bool) -> None:
    """Look at versions, data folder, settings, disk, database, ports, gateway, clock and worker.

    Says what is wrong and the mend, changes nothing, and exits with 1 if something is wrong.

    \b
    Examples
      counterfoil doctor
      counterfoil doctor --json | jq '.checks[] | select(.state == "wrong")'
    """
    findings = list(_examine(place))
    healthy = all(finding.state != WRONG for finding in findings)
    if as_json:
        click.echo(json.dumps({"healthy": healthy, "checks": [asdict(finding) for finding in findings]}))
    else:
        for finding in findings:
            colour = {OK: "green", NOTE: "yellow", WRONG: "red"}[finding.state]
            click.echo(f"{click.style(f'{finding.state:<6}', fg=colour)}{finding.name:<10}{finding.found}")
            if finding.mend:
                click.echo(f"{'':<16}mend: {finding.mend}")
        click.echo("Nothing is wrong." if healthy else "Something is wrong: see above.")
    sys.exit(0 if healthy else 1)


def _examine(place: Place) -> Iterator[Finding]:
    yield _versions()
    runs = place.home.runs()
    yield from _data_folder(place)
    try:
        settings = place.settings()
    except SettingError as error:
        if not place.home.data.is_dir():
            yield Finding("settings", NOTE, "not looked at: the first start makes the secrets")
            return
        yield Finding("settings", WRONG, str(error), "set it as the message says; the rest cannot be looked at before")
        return
    yield Finding("settings", OK, f"dashboard {settings.public_url}, gateway {settings.gateway_url}")
    yield _disk(settings)
    database = _database(settings)
    yield database
    yield from _dashboard(settings, runs=runs)
    yield from _gateway(settings, runs=runs)
    if runs and database.state == OK:
        yield _worker()


def _versions() -> Finding:
    found = f"counterfoil {__version__}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    if sqlite3.sqlite_version_info < (3, 35):
        return Finding("versions", WRONG, found, "SQLite 3.35 or newer is needed: take a newer Python")
    return Finding("versions", OK, found)


def _data_folder(place: Place) -> Iterator[Finding]:
    data = place.home.data
    if not data.is_dir():
        yield Finding("data", NOTE, f"{data} does not exist yet", "run `counterfoil up`, which makes it")
        return
    mode = stat.S_IMODE(data.stat().st_mode)
    if mode & 0o077:
        yield Finding("data", WRONG, f"{data} is open to other users (mode {mode:o})", f"chmod 700 {data}")
    else:
        yield Finding("data", OK, str(data))
    for name in ("secret_key", "gateway_secret_key", "order_service_secret"):
        path = secret_path(data, name)
        with contextlib.suppress(FileNotFoundError):
            mode = stat.S_IMODE(path.stat().st_mode)
            if mode & 0o077:
                yield Finding("secrets", WRONG, f"{path} is open to other users (mode {mode:o})", f"chmod 600 {path}")


def _disk(settings: Settings) -> Finding:
    if not settings.data.is_dir():
        return Finding("disk", NOTE, "not looked at: there is no data folder")
    free = shutil.disk_usage(settings.data).free
    found = f"{free / 1e9:.1f} GB free"
    if free < FREE_BYTES:
        return Finding("disk", WRONG, found, f"make room: below {FREE_BYTES // 1_000_000} MB writes may fail")
    return Finding("disk", OK, found)


def _database(settings: Settings) -> Finding:
    where = shown(settings.database_url)
    if settings.database_url == f"sqlite:///{settings.data}/counterfoil.db" and not settings.data.is_dir():
        return Finding("database", NOTE, "there is none yet", "run `counterfoil up`, which makes it")
    try:
        at = revision(connect(settings.database_url))
    except SQLAlchemyError as error:
        return Finding(
            "database", WRONG, f"{where} does not answer: {reason(error)}", "start it, or mend --database-url"
        )
    if not at.is_newest:
        found = f"{where} is at revision {at.current or 'none (empty)'}, this version needs {at.newest}"
        return Finding("database", WRONG, found, "counterfoil db upgrade")
    return Finding("database", OK, f"{where}, revision {at.current}")


def _dashboard(settings: Settings, *, runs: bool) -> Iterator[Finding]:
    if answers(f"{settings.public_url}/readyz") if settings.public_url.startswith("http://") else False:
        yield Finding("dashboard", OK, f"answers at {settings.public_url}")
    elif runs:
        mend = f"see {settings.data / 'logs' / 'dashboard.log'}, then stop and start `counterfoil up`"
        yield Finding("dashboard", WRONG, f"`up` runs, but nothing answers at {settings.public_url}", mend)
    elif is_free(settings.host, settings.port):
        yield Finding("dashboard", NOTE, f"does not run; port {settings.port} is free")
    else:
        found = f"does not run, and port {settings.port} is taken by another program"
        yield Finding("dashboard", NOTE, found, "nothing: `counterfoil up` takes the next free one; or give --port")


def _gateway(settings: Settings, *, runs: bool) -> Iterator[Finding]:
    try:
        answer = _ask(settings, "/_sandbox/clock")
    except (OSError, http.client.HTTPException, ValueError) as error:
        if runs:
            found = f"`up` runs, but the gateway at {settings.gateway_url} does not answer ({error})"
            yield Finding("gateway", WRONG, found, f"see {settings.data / 'logs' / 'gateway.log'}")
        else:
            yield Finding("gateway", NOTE, f"does not run at {settings.gateway_url}", "run `counterfoil up`")
        return
    if answer.status in {401, 403}:
        mend = "give the key of a sandbox account as COUNTERFOIL_GATEWAY_SECRET_KEY"
        yield Finding("gateway", WRONG, f"{settings.gateway_url} refuses our key ({answer.status})", mend)
    elif answer.status != 200:
        mend = "is another program there? give the gateway's address as COUNTERFOIL_GATEWAY_URL"
        yield Finding("gateway", WRONG, f"{settings.gateway_url} answers {answer.status}", mend)
    else:
        yield Finding("gateway", OK, f"answers at {settings.gateway_url} and takes our key")
    yield _clock(answer)


@dataclass(frozen=True)
class _Answer:
    status: int
    date: datetime | None
    body: Any


def _ask(settings: Settings, path: str) -> _Answer:
    parts = urlsplit(settings.gateway_url)
    make: Callable[..., http.client.HTTPConnection] = (
        http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    )
    connection = make(parts.hostname, parts.port, timeout=5)
    with contextlib.closing(connection):
        connection.request("GET", parts.path + path, headers={"Authorization": f"Bearer {settings.gateway_secret_key}"})
        answer = connection.getresponse()
        date = answer.getheader("Date")
        text = answer.read(1_000_000)
        body = json.loads(text) if answer.status == 200 else None
        return _Answer(answer.status, parsedate_to_datetime(date) if date else None, body)


def _clock(answer: _Answer) -> Finding:
    now = wall_now()
    if answer.date is not None and abs(answer.date.astimezone(UTC) - now) > SKEW:
        skew = (answer.date.astimezone(UTC) - now).total_seconds()
        mend = "set both machines' clocks by NTP: signatures are refused when they differ by minutes"
        return Finding("clock", WRONG, f"the gateway's wall clock differs from ours by {skew:+.0f} s", mend)
    account = answer.body.get("now") if isinstance(answer.body, dict) else None
    mode = answer.body.get("mode") if isinstance(answer.body, dict) else None
    return Finding("clock", OK, f"wall {now:%Y-%m-%d %H:%M:%S}Z; the account's {account or 'unknown'} ({mode})")


def _worker() -> Finding:
    with reading() as session:
        last = session.get(ClockReading, 1)
    if last is None or wall_now() - last.read_at > WORKER_SILENT:
        since = "never" if last is None else f"{last.read_at:%Y-%m-%d %H:%M:%S}Z"
        return Finding("worker", WRONG, f"last read the account's clock: {since}", "see worker.log in the logs folder")
    return Finding("worker", OK, "at work")
