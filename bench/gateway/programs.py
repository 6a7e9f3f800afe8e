"""Starts what is measured, each with a folder of its own; it ends with the block that it was started in."""

from __future__ import annotations

import contextlib
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import requests

from bench.gateway import peers
from bench.gateway.connection import HOST
from tests import stack as stacks

_ROOT = Path(__file__).resolve().parents[2]
_SHIM = Path(__file__).with_name("slow_fsync.c")
_READY_SECONDS = 60
# The same for all, so that a database that one of them filled is known to the next.
_PEPPER = secrets.token_hex(32)
# localstripe writes what it knows to this very place after every request.
_LOCALSTRIPE_FILE = Path("/tmp/localstripe.pickle")  # noqa: S108 - its choice, not ours


@dataclass(frozen=True, slots=True)
class Running:
    """A started program. `started_in`: seconds until its first answer."""

    port: int
    process: stacks.Process
    started_in: float

    @property
    def memory_mib(self) -> float:
        """What all its processes hold, memory that several of them share counted once."""
        return sum(map(_held_kib, stacks.group_members(self.process.pid))) / 1024


class Programs:
    """The folder and the databases of one run of the bench."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.databases = stacks.Databases(folder, durable=True)

    def close(self) -> None:
        stacks.stop_everything()
        self.databases.close()

    def fresh(self, engine: stacks.Engine) -> str:
        """The URL of an empty database."""
        return self.databases.fresh(engine, "bench")

    @contextlib.contextmanager
    def gateway(self, database_url: str, *, workers: int = 1, preload: Path | None = None) -> Iterator[Running]:
        """Our gateway with its default settings but for those named."""
        port = stacks.free_port()
        environment = _settings(port) | {
            "COUNTERFOIL_GATEWAY_DATABASE_URL": database_url,
            "COUNTERFOIL_GATEWAY_WORKERS": str(workers),
            "COUNTERFOIL_GATEWAY_PEPPER": _PEPPER,
        }
        if preload is not None:
            environment["LD_PRELOAD"] = str(preload)
        argv = [sys.executable, "-m", "sandbox_gateway", "serve", "--parent-fd", str(stacks.lifeline())]
        with self._running("gateway", argv, port, "/readyz", environment) as running:
            yield running

    @contextlib.contextmanager
    def hello(self) -> Iterator[Running]:
        """A bare Flask application under the gateway's server."""
        port = stacks.free_port()
        argv = [sys.executable, "-m", "bench.gateway.hello", str(stacks.lifeline())]
        with self._running("hello", argv, port, "/", _settings(port)) as running:
            yield running

    @contextlib.contextmanager
    def sink(self) -> Iterator[Running]:
        """What takes everything in."""
        port = stacks.free_port()
        with self._running("sink", [sys.executable, "-m", "bench.gateway.sink", str(port)], port, "/") as running:
            yield running

    @contextlib.contextmanager
    def localstripe(self) -> Iterator[Running]:
        port = stacks.free_port()
        was_there = _LOCALSTRIPE_FILE.exists()
        try:
            with self._running("localstripe", peers.localstripe(port), port, "/") as running:
                yield running
        finally:
            if not was_there:
                _LOCALSTRIPE_FILE.unlink(missing_ok=True)

    @contextlib.contextmanager
    def prism(self) -> Iterator[Running]:
        port = stacks.free_port()
        with self._running("prism", peers.prism(port, self._document()), port, "/") as running:
            yield running

    def slow_fsync(self) -> Path | None:
        """The library that makes each fsync 2 ms slower; None where there is no C compiler."""
        library = self.folder / "slow_fsync.so"
        if not library.exists():
            if shutil.which("cc") is None:
                return None
            subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", str(library), str(_SHIM), "-ldl"], check=True)
        return library

    def _document(self) -> Path:
        """Our own OpenAPI document, for Prism."""
        document = self.folder / "openapi.json"
        if not document.exists():
            with self.gateway(self.fresh("sqlite")) as running:
                answer = requests.get(f"http://{HOST}:{running.port}/openapi.json", timeout=30)
            document.write_bytes(answer.content)
        return document

    @contextlib.contextmanager
    def _running(
        self, name: str, argv: Sequence[str], port: int, path: str, environment: dict[str, str] | None = None
    ) -> Iterator[Running]:
        place = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.folder))
        settings = {"COUNTERFOIL_GATEWAY_DATA": str(place), "PYTHONPATH": str(_ROOT)} | (environment or {})
        env = stacks.clean_environment() | settings
        begun = time.perf_counter()
        process = stacks.Process(name, list(argv), env=env, log=place / "log", cwd=place)
        try:
            _wait(process, port, path)
            yield Running(port, process, time.perf_counter() - begun)
        finally:
            process.kill()
            stacks.PROCESSES.remove(process)
            shutil.rmtree(place, ignore_errors=True)


def _settings(port: int) -> dict[str, str]:
    return {"COUNTERFOIL_GATEWAY_PORT": str(port)}


def _wait(process: stacks.Process, port: int, path: str) -> None:
    """Until something is answered, whatever it is."""
    deadline = time.perf_counter() + _READY_SECONDS
    request = f"GET {path} HTTP/1.1\r\nHost: {HOST}:{port}\r\nConnection: close\r\n\r\n".encode("ascii")
    while True:
        with contextlib.suppress(OSError), socket.create_connection((HOST, port), timeout=_READY_SECONDS) as connection:
            connection.sendall(request)
            if connection.recv(1):
                return
        if not process.running or time.perf_counter() > deadline:
            raise RuntimeError(f"{process.name} does not answer:\n{process.output}")
        time.sleep(0.005)


def _held_kib(pid: int) -> int:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0
