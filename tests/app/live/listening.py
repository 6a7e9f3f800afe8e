"""An open page's stream, as a browser holds it, and a dashboard that runs alone."""

from __future__ import annotations

import contextlib
import json
import socket
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from sqlalchemy import Engine as Database
from sqlalchemy.orm import Session

from app.config import database_url_of
from app.db import make_engine
from app.timeline import Entry, Kind, add
from app.timeline.actors import GATEWAY
from tests.app.screens.visitor import Visitor
from tests.stack import CLI, Databases, Engine, Process, Stack, clean_environment, free_port, lifeline, until


@dataclass(frozen=True)
class Event:
    """One event of a stream; `position` is its id."""

    name: str
    position: int | None
    data: dict[str, Any]


class Listener:
    """One open stream, read on a thread of its own until it ends."""

    def __init__(self, visitor: Visitor, path: str = "/live", **headers: str) -> None:
        host = visitor.url.removeprefix("http://")
        cookies = "; ".join(f"{name}={value}" for name, value in visitor.session.cookies.items())
        self._connection = HTTPConnection(host, timeout=60)
        self._connection.request("GET", path, headers={"Accept": "text/event-stream", "Cookie": cookies, **headers})
        assert isinstance(self._connection.sock, socket.socket)
        self._socket = self._connection.sock
        self._answer = self._connection.getresponse()
        self.status = self._answer.status
        self.headers = self._answer.headers
        self.events: list[Event] = []
        self.comments = 0
        self.over = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        if self.status == 200:
            self._reader.start()
        else:
            self._connection.close()

    def _read(self) -> None:
        fields: dict[str, str] = {}
        with contextlib.suppress(OSError, HTTPException, ValueError):
            for line in self._answer:
                name, _, value = line.decode().rstrip("\n").partition(": ")
                if name:
                    fields[name] = value
                elif "event" in fields:
                    position = int(fields["id"]) if "id" in fields else None
                    self.events.append(Event(fields["event"], position, json.loads(fields["data"])))
                    fields = {}
                else:
                    self.comments += ":" in fields
                    fields = {}
        self.over.set()

    def close(self) -> None:
        """Leave, as a browser does when the tab is closed."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        if self.status == 200:
            self._reader.join(10)
        self._connection.close()

    def stands(self) -> Listener:
        """This listener, once all that was missed has been told."""
        until(lambda: self.named("here"), what="the stream to stand")
        return self

    def named(self, name: str) -> list[Event]:
        """The events of that name so far."""
        return [event for event in list(self.events) if event.name == name]

    def entries(self, order_id: str | None = None) -> list[int]:
        """Ids of the entries told, of one order or of all, in the order in which they came."""
        changes = self.named("change")
        return [event.data["entry"] for event in changes if order_id in (None, event.data["order"])]

    def hears(self, entry: int) -> Event:
        """The event that tells of the entry, once it has come."""
        found = until(
            lambda: [event for event in self.named("change") if event.data["entry"] == entry], what=f"entry {entry}"
        )
        return found[0]


@contextlib.contextmanager
def listening(visitor: Visitor, path: str = "/live", **headers: str) -> Iterator[Listener]:
    """A stream for as long as the block runs, which stands when it begins."""
    listener = Listener(visitor, path, **headers)
    try:
        assert listener.status == 200, listener.status
        yield listener.stands()
    finally:
        listener.close()


@contextlib.contextmanager
def another_dashboard(stack: Stack, **settings: object) -> Iterator[str]:
    """One more dashboard process on the data of a stack; its address."""
    port = free_port()
    argv = [*CLI, "dashboard", "--port", str(port), "--parent-fd", str(lifeline())]
    log = stack.data_dir.parent / f"dashboard-{port}.log"
    env = clean_environment(**stack.environment(**settings))
    process = Process("another dashboard", argv, env=env, log=log, cwd=stack.data_dir.parent, copied=True)
    try:
        process.wait_ready(f"http://127.0.0.1:{port}/readyz")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()


@contextlib.contextmanager
def dashboard_alone(engine: Engine, databases: Databases, directory: Path, **settings: object) -> Iterator[Stack]:
    """A dashboard with neither gateway nor worker, on a fresh database."""
    folder = Path(tempfile.mkdtemp(prefix="alone-", dir=directory))
    given = {"secret_key": "s" * 32, "gateway_secret_key": "sk_test_alone1234", **settings}
    stack = Stack(engine, folder / "var", databases.fresh(engine, "alone"), "sqlite:///none", given)
    stack.cli_here("db", "upgrade")
    with another_dashboard(stack) as address:
        stack.facts = {"dashboard": address}
        stack.settings["public_url"] = address  # where links lead
        yield stack


@contextlib.contextmanager
def database_of(stack: Stack) -> Iterator[Database]:
    """The app's database, as another process sees it."""
    engine = make_engine(database_url_of(stack.database_url))
    try:
        yield engine
    finally:
        engine.dispose()


def write_entry(session: Session, order_id: str = "ord_none") -> Entry:
    """An entry of the timeline with its id taken; not committed."""
    entry = add(session, Kind.WEBHOOK, "evt_none", "Something happened", GATEWAY, order_id=order_id)
    session.flush()
    return entry
