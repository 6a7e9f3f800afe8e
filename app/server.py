"""Serves the dashboard: gunicorn's threaded workers, which end in time and never outlive what started them."""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import FrameType
from typing import Any, NoReturn

import structlog
from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.workers import gthread

from app.ending import leave, stopping

# A worker gives answers under way two seconds, the arbiter gives workers one more to close down.
GRACE_SECONDS = 2
_ARBITER_GRACE_SECONDS = 3

# A stopping worker closes idle kept-alive connections after this long; two seconds, the default, is our whole grace.
gthread.STOP_KEEPALIVE_LINGER = 0.2

WSGI = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
log = structlog.get_logger("dashboard")


@dataclass(frozen=True)
class Serving:
    """How to serve. `parent_fd` reads end-of-file when the parent is gone; a child leaves Ctrl-C to its parent."""

    host: str
    port: int
    workers: int
    threads: int
    child: bool = False
    parent_fd: int | None = None


def last_resort(app: WSGI) -> WSGI:
    """Answer a plain 500 where even the page for errors fails; gunicorn would take an OSError for a lost client."""

    def guarded(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        try:
            return app(environ, start_response)
        except Exception:
            log.exception("the error page failed", path=environ.get("PATH_INFO"))
            start_response("500 Internal Server Error", [("Content-Type", "text/plain")], sys.exc_info())
            return [b"Something went wrong here; the log has the details.\n"]

    return guarded


class _Worker(gthread.ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    def init_signals(self) -> None:
        super().init_signals()
        if self.app.serving.child:
            _leave_to_parent()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        stopping.set()
        super().handle_exit(sig, frame)


class _Arbiter(Arbiter):  # type: ignore[misc]  # gunicorn has no types
    def init_signals(self) -> None:
        super().init_signals()
        if self.app.serving.child:
            _leave_to_parent()

    def wait_for_signals(self, timeout: float = 1.0) -> list[int]:
        signals: list[int] = super().wait_for_signals(min(timeout, 0.5))
        parent_fd = self.app.serving.parent_fd
        if parent_fd is not None and select.select([parent_fd], [], [], 0)[0]:
            signals.append(signal.SIGTERM)
        return signals


class _Application(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    def __init__(self, make: Callable[[], Flask], serving: Serving) -> None:
        self.make = make
        self.serving = serving
        super().__init__()

    def load_config(self) -> None:
        host = f"[{self.serving.host}]" if ":" in self.serving.host else self.serving.host
        options: dict[str, Any] = {
            "bind": f"{host}:{self.serving.port}",
            "workers": self.serving.workers,
            "threads": self.serving.threads,
            "worker_class": _Worker,
            "graceful_timeout": _ARBITER_GRACE_SECONDS,
            "timeout": 60,
            "keepalive": 20,
            "loglevel": "warning",
            "control_socket_disable": True,
            "forwarded_allow_ips": "",
            "post_fork": self._after_fork,
            "post_worker_init": self._say_ready,
            "worker_exit": self._leave,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> WSGI:
        return last_resort(self.make().wsgi_app)

    def _after_fork(self, _arbiter: _Arbiter, _worker: _Worker) -> None:
        self.cfg.set("graceful_timeout", GRACE_SECONDS)

    def _leave(self, _arbiter: _Arbiter, worker: _Worker) -> None:
        """Leave without waiting for threads whose client never lets go: without an arbiter nobody would end them."""
        if worker.booted and worker.pid == os.getpid():
            leave(0)

    def _say_ready(self, worker: _Worker) -> None:
        if worker.age == 1:
            print(f"dashboard on http://{self.cfg.bind[0]}", file=sys.stderr, flush=True)


def _leave_to_parent() -> None:
    """Ctrl-C and a closed terminal reach the whole group; the parent alone decides what follows."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


def serve(make: Callable[[], Flask], serving: Serving) -> NoReturn:
    """Serve until told to end; does not return. `make` is called once in each worker process.

    SIGTERM ends it within about GRACE_SECONDS whatever clients hold open. A taken port: a message and exit code 1.
    """
    os.environ.pop("GUNICORN_PID", None)
    starter = os.getpid()
    try:
        _Arbiter(_Application(make, serving)).run()
    except SystemExit as end:
        if os.getpid() != starter:
            raise
        leave(end.code if isinstance(end.code, int) else 1)
    raise AssertionError("the arbiter returned")
