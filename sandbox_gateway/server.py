"""The gateway under gunicorn: starting, ending in time, ending with the parent, and closing a connection unanswered."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NoReturn

import structlog
from gunicorn import glogging
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine, ParseException, UnsupportedTransferCoding
from gunicorn.workers import gthread

from sandbox_gateway import ids, problems
from sandbox_gateway.balance import Balance
from sandbox_gateway.config import Config, SettingError

log = structlog.get_logger()

# A worker lets requests under way go on for this long, give or take a second; the arbiter waits for all of it to end.
_WORKER_GRACE_SECONDS = 1
_ARBITER_GRACE_SECONDS = 3
_KEEPALIVE_SECONDS = 75
_BACKLOG = 1024
_ORPHAN_SECONDS = 1.0
_EXIT_SECONDS = 0.5
_LOCK_SECONDS = 4.0
_HANGUP_SECONDS = 0.05
# So long a thread waits for its connection's next request before the main thread watches it again.
_STAY_MS = 20
# A process that has more connections than another leaves a new one to it, as often and as long as this; more often
# while one is still starting, for whoever connects meanwhile would be with the first one ever after.
_ASIDE_TIMES, _ASIDE_TIMES_AT_START, _ASIDE_SECONDS = 100, 2000, 0.001

WSGI = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
Loader = Callable[[], tuple[WSGI, Callable[[], None]]]
"""Runs in each worker process: makes the application, and says how to close down what it started."""

# A stopping worker closes idle kept-alive connections after this long; two seconds, the default, is our whole grace.
gthread.STOP_KEEPALIVE_LINGER = 0.2


def drop_connection(environ: dict[str, Any]) -> None:
    """Close the client's connection without a byte; whatever is answered afterwards is lost.

    The server finds the connection gone when it writes, takes that for an ordinary disconnect, and goes on.
    """
    connection: socket.socket = environ["gunicorn.socket"]
    with contextlib.suppress(OSError):  # the client was faster
        connection.shutdown(socket.SHUT_RDWR)


def wait_for_hangup(environ: dict[str, Any], most_seconds: float) -> None:
    """Wait until the client has closed its side of the connection, or the time is over."""
    connection: socket.socket = environ["gunicorn.socket"]
    watched = select.poll()
    watched.register(connection, select.POLLIN)
    deadline = time.monotonic() + most_seconds
    while (left := deadline - time.monotonic()) > 0:
        if not watched.poll(left * 1000) or _has_hung_up(connection):
            return
        # A request that was sent ahead is no hang-up, and stays readable.
        time.sleep(min(left, _HANGUP_SECONDS))


def _has_hung_up(connection: socket.socket) -> bool:
    try:
        return not connection.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return False
    except OSError:
        return True


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. OSError if the port is taken or the address is none of this machine's."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def lock_database_file(path: Path) -> int:
    """Keep other gateways off this SQLite file for as long as this program runs; BlockingIOError if one is on it.

    A gateway that was killed may need a moment to be gone, so this waits a little. Returns the lock's descriptor.
    """
    import fcntl  # noqa: PLC0415 - not on every system; only this function needs it

    descriptor = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + _LOCK_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(descriptor)
                raise
            time.sleep(0.05)
        else:
            return descriptor


def run(config: Config, listener: socket.socket, loader: Loader, *, child: bool, parent_fd: int | None) -> NoReturn:
    """Serve until SIGTERM, SIGINT (unless `child`) or the parent's death; then exit the process."""
    if parent_fd is not None:
        check_descriptor(parent_fd)
    _Application(config, listener, loader, child=child, parent_fd=parent_fd).run()
    sys.exit(0)


def check_descriptor(number: int) -> None:
    """SettingError unless this is an open file descriptor."""
    try:
        os.fstat(number)
    except OSError:
        raise SettingError("--parent-fd", f"{number} is not an open file descriptor") from None


class _Log(glogging.Logger):  # type: ignore[misc]  # gunicorn has no types
    """Leaves the writing to the root logger, which writes JSON lines."""

    def setup(self, cfg: Any) -> None:
        self.cfg = cfg
        self.error_log.setLevel("WARNING")
        self.error_log.propagate = True
        self._access_log_enabled = False


class _Worker(gthread.ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """A threaded worker that leaves SIGINT to the arbiter and speaks problem+json even of broken HTTP.

    A thread stays with its connection for a moment: handing it to the main thread and getting it back for each request
    costs as much as a statement of the database, and three changes of the thread that runs. A new connection is left to
    the process that has the fewest; whoever wakes first would have most of them, and keep them.
    """

    balance: Balance
    place: int
    _stood_aside = 0

    def accept(self, listener: Any) -> None:
        most = _ASIDE_TIMES_AT_START if self.balance.is_somebody_coming else _ASIDE_TIMES
        if self._stood_aside < most and self.balance.is_ahead(self.place):
            self._stood_aside += 1
            time.sleep(_ASIDE_SECONDS)
            return
        self._stood_aside = 0
        super().accept(listener)
        self.balance.has(self.place, self.nr_conns)

    def notify(self) -> None:
        super().notify()
        self.balance.has(self.place, self.nr_conns)

    def init_signals(self) -> None:
        super().init_signals()
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def handle(self, conn: Any) -> Any:
        while True:
            # True: kept alive; False: at its end; anything else is the server's own matter.
            goes_on = super().handle(conn)
            if goes_on is not True or not self._has_next(conn):
                return goes_on

    def _has_next(self, conn: Any) -> bool:
        """Whether the connection's next request begins soon; never waits while others wait for a thread."""
        if not self.alive or self.nr_conns > self.cfg.threads or conn.parser.unreader.buf.getvalue():
            return False
        watched = select.poll()
        watched.register(conn.sock, select.POLLIN)
        return bool(watched.poll(_STAY_MS))

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: BaseException) -> None:
        problem = _problem_for(exc)
        request_id = ids.make_request_id()
        if problem.status == 500:
            log.error("request_failed", request_id=request_id, exc_info=exc)
        body = problem.body(request_id).encode()
        head = (
            f"HTTP/1.1 {problem.status} {problem.kind.title}\r\n"
            f"Content-Type: application/problem+json\r\nContent-Length: {len(body)}\r\n"
            f"Request-Id: {request_id}\r\nConnection: close\r\n\r\n"
        )
        try:
            client.sendall(head.encode("ascii") + body)
        except OSError:
            log.info("client_gone", request_id=request_id)


def _exit_soon() -> None:
    time.sleep(_EXIT_SECONDS)
    os._exit(0)


def _problem_for(error: BaseException) -> problems.Problem:
    if isinstance(error, LimitRequestLine):
        return problems.Problem("uri_too_long")
    if isinstance(error, LimitRequestHeaders):
        return problems.Problem("headers_too_large")
    if isinstance(error, UnsupportedTransferCoding):
        return problems.Problem("malformed_request", "The transfer coding is not one that this gateway knows.")
    if isinstance(error, ParseException):
        return problems.Problem("malformed_request")
    return problems.Problem("internal_error")


class _Arbiter(Arbiter):  # type: ignore[misc]  # gunicorn has no types
    """Ends gracefully on every signal that asks for an end; has no use for signals that ask for anything else."""

    ignores_interrupt = False

    def init_signals(self) -> None:
        super().init_signals()
        for unwanted in (signal.SIGTTIN, signal.SIGTTOU, signal.SIGUSR1, signal.SIGUSR2, signal.SIGWINCH):
            signal.signal(unwanted, signal.SIG_IGN)
        if self.ignores_interrupt:
            signal.signal(signal.SIGINT, signal.SIG_IGN)

    handle_int = Arbiter.handle_term
    handle_hup = Arbiter.handle_term


class _Application(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    def __init__(
        self, config: Config, listener: socket.socket, loader: Loader, *, child: bool, parent_fd: int | None
    ) -> None:
        self._config = config
        self._loader = loader
        self._child = child
        self._parent_fd = parent_fd
        self._address = listener.getsockname()
        self._listener_fd = listener.detach()
        self._lifeline = os.pipe()
        self._arbiter_pid = os.getpid()
        self._close: Callable[[], None] | None = None
        self._balance = Balance(config.workers)
        super().__init__()

    def load_config(self) -> None:
        settings: dict[str, Any] = {
            "bind": f"fd://{self._listener_fd}",
            "worker_class": _Worker,
            "workers": self._config.workers,
            "threads": self._config.threads,
            "keepalive": _KEEPALIVE_SECONDS,
            "graceful_timeout": _ARBITER_GRACE_SECONDS,
            "timeout": 120,
            "limit_request_line": 8190,
            "forwarded_allow_ips": "",
            "control_socket_disable": True,
            "logger_class": _Log,
            "pre_fork": self._before_fork,
            "post_fork": self._after_fork,
            "child_exit": self._after_exit,
            "post_worker_init": self._worker_ready,
            "worker_exit": self._worker_exit,
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> WSGI:
        application, self._close = self._loader()
        return application

    def run(self) -> None:
        arbiter = _Arbiter(self)
        arbiter.ignores_interrupt = self._child
        arbiter.run()

    def _before_fork(self, _arbiter: object, worker: _Worker) -> None:
        worker.balance, worker.place = self._balance, self._balance.enter()

    def _after_exit(self, _arbiter: object, worker: _Worker) -> None:
        self._balance.leave(worker.place)

    def _after_fork(self, _arbiter: object, _worker: object) -> None:
        self.cfg.set("graceful_timeout", _WORKER_GRACE_SECONDS)
        read_end, write_end = self._lifeline
        os.close(write_end)
        threading.Thread(target=self._watch_lifelines, args=(read_end,), daemon=True, name="lifelines").start()

    def _watch_lifelines(self, arbiter_fd: int) -> None:
        """End this worker when the arbiter is gone, and the arbiter when its parent is.

        The worker watches for both, since a process that forks is better off without threads.
        """
        watched = select.poll()
        watched.register(arbiter_fd, select.POLLIN)
        if self._parent_fd is not None:
            watched.register(self._parent_fd, select.POLLIN)
        while True:
            for descriptor, _ in watched.poll():
                if os.read(descriptor, 4096):
                    continue
                watched.unregister(descriptor)
                if descriptor == arbiter_fd:
                    os.kill(os.getpid(), signal.SIGTERM)
                    time.sleep(_ORPHAN_SECONDS)
                    os._exit(1)
                if os.getppid() == self._arbiter_pid:
                    os.kill(self._arbiter_pid, signal.SIGTERM)

    def _worker_ready(self, worker: Any) -> None:
        if worker.age == 1:
            host, port = self._address[:2]
            shown = f"[{host}]" if ":" in host else host
            print(f"sandbox gateway on http://{shown}:{port}", flush=True)

    def _worker_exit(self, _arbiter: object, worker: Any) -> None:
        if worker.pid != os.getpid():
            return
        if self._close is not None:
            self._close()
        # Threads that wait for the rest of a request would keep the process, and with it the whole program, waiting.
        threading.Thread(target=_exit_soon, daemon=True, name="exit").start()
