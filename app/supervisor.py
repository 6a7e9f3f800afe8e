"""Runs programs side by side as one: starts, watches, restarts and ends them together.

Children share the process group but leave Ctrl-C to this process, and each holds the read end of a pipe whose only
writing end is here: when this process dies, however it dies, they read end-of-file and end themselves. What this
process has imported already need not be imported again: such a program is first started as a copy of this process.
"""

from __future__ import annotations

import contextlib
import gc
import http.client
import os
import select
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn, Self
from urllib.parse import urlsplit

from app.ending import leave

ENDING_SECONDS = 3.5
READY_SECONDS = 60.0
RESTART_PAUSES = (0.5, 1.0, 2.0, 4.0)
STEADY_SECONDS = 60.0
LOG_CAP_BYTES = 20_000_000
PARENT_FD = "{parent_fd}"
_ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class DidNotStart(Exception):
    """A program ended before it was ready, or took too long (`exit_code` is None then). The text is what it printed."""

    def __init__(self, program: str, exit_code: int | None, printed: str) -> None:
        super().__init__(printed)
        self.program = program
        self.exit_code = exit_code


@dataclass(frozen=True)
class Program:
    """What to run. "{parent_fd}" in `argv` becomes the descriptor to watch.

    It is ready when `ready_url` answers 200, or when it has printed `ready_line`, whichever is given. `run` does in a
    copy of this process what `argv` does in a new one; it takes the descriptor to watch.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    log: Path
    ready_url: str | None = None
    ready_line: str | None = None
    run: Callable[[int], object] | None = None


class _Copy:
    """A copy of this process; asked as a Popen is."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        return self._look(os.WNOHANG)

    def wait(self) -> int | None:
        return self._look(0)

    def terminate(self) -> None:
        if self.poll() is None:
            os.kill(self.pid, signal.SIGTERM)

    def _look(self, options: int) -> int | None:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, options)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode


@dataclass
class _Child:
    program: Program
    process: subprocess.Popen[bytes] | _Copy
    log_start: int
    started: float = field(default_factory=time.monotonic)
    deaths: int = 0
    restart_at: float | None = None
    ready: bool = False

    def is_ready(self) -> bool:
        if self.program.ready_url is not None:
            return answers(self.program.ready_url)
        return self.program.ready_line is None or self.program.ready_line in self.printed()

    def printed(self) -> str:
        """What it has printed since it was first started; on a busy machine it has not come so far as to have a log."""
        try:
            with self.program.log.open("rb") as log:
                log.seek(self.log_start)
                return log.read().decode("utf-8", errors="replace").strip()
        except FileNotFoundError:
            return ""


class Supervisor:
    """Holds the children. Use as `with Supervisor(...) as supervisor`: leaving the block ends them all.

    It ends on SIGINT, SIGTERM and SIGHUP, when `parent_fd` reads end-of-file, and, with `end_with_parent`, when the
    process that started this one is gone. `keep_fds` stay open in the children.
    """

    def __init__(
        self,
        tell: Callable[[str], None],
        *,
        parent_fd: int | None = None,
        end_with_parent: bool = False,
        keep_fds: Sequence[int] = (),
    ) -> None:
        self._tell = tell
        self._parent_fd = parent_fd
        self._parent = os.getppid() if end_with_parent else None
        self._keep_fds = tuple(keep_fds)
        self._children: list[_Child] = []
        self._alive_read, self._alive_write = os.pipe()
        self._wake_read, self._wake_write = os.pipe()
        self._told_to_end = False
        self._logs_looked_at = time.monotonic()
        for end in (self._wake_read, self._wake_write):
            os.set_blocking(end, False)

    def __enter__(self) -> Self:
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        for signum in _ENDS:
            signal.signal(signum, self._on_signal)
        signal.signal(signal.SIGCHLD, lambda _signum, _frame: None)
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    def _on_signal(self, _signum: int, _frame: object) -> None:
        self._told_to_end = True

    def start(self, program: Program) -> None:
        """Start a program; it is watched from now on. It is a copy only while no other thread runs here."""
        trim_log(program.log)
        program.log.touch()
        log_start = program.log.stat().st_size
        process = self._copy(program, program.run) if program.run and _is_alone() else self._spawn(program)
        self._children.append(_Child(program, process, log_start))

    def _copy(self, program: Program, run: Callable[[int], object]) -> _Copy:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        gc.freeze()  # memory that the collector leaves alone stays shared
        signal.pthread_sigmask(signal.SIG_BLOCK, _ENDS)
        pid = os.fork()
        if pid == 0:
            self._be(program, run)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDS)
        return _Copy(pid)

    def _be(self, program: Program, run: Callable[[int], object]) -> NoReturn:
        """What the copy does instead of going on here: nothing of this process's outlives it there."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            for signum in (*_ENDS, signal.SIGCHLD):
                signal.signal(signum, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDS)
            for descriptor in (self._alive_write, self._wake_read, self._wake_write, self._parent_fd):
                if descriptor is not None:
                    os.close(descriptor)
            with program.log.open("ab") as log, Path(os.devnull).open("rb") as nothing:
                os.dup2(nothing.fileno(), 0)
                os.dup2(log.fileno(), 1)
                os.dup2(log.fileno(), 2)
            os.environ.clear()
            os.environ.update(program.env)
            run(self._alive_read)
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        except BaseException:  # noqa: BLE001  # whatever it is, it must not go on as the original does
            traceback.print_exc()
        finally:
            leave(code)

    def _spawn(self, program: Program) -> subprocess.Popen[bytes]:
        with program.log.open("ab") as log:
            return subprocess.Popen(  # noqa: S603  # our own programs, arguments from this package
                [part.replace(PARENT_FD, str(self._alive_read)) for part in program.argv],
                env=dict(program.env),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(self._alive_read, *self._keep_fds),
            )

    def wait_ready(self, progress: Callable[[str, float], None]) -> bool:
        """Wait until all answer; False if told to end meanwhile. Raises DidNotStart.

        `progress(name, seconds)` is called as each one becomes ready.
        """
        while waiting := [child for child in self._children if not child.ready]:
            for child in waiting:
                if child.process.poll() is not None:
                    raise DidNotStart(child.program.name, child.process.returncode, child.printed())
                took = time.monotonic() - child.started
                if child.is_ready():
                    child.ready = True
                    progress(child.program.name, took)
                elif took > READY_SECONDS:
                    raise DidNotStart(child.program.name, None, child.printed())
            self._sleep(0.03)
            if self._told_to_end:
                return False
        return True

    @property
    def told_to_end(self) -> bool:
        """Whether somebody has asked for the end."""
        return self._told_to_end

    def run(self, going: Callable[[], bool] | None = None) -> bool:
        """Watch until told to end (True), or until a program has died too often (False).

        With `going` also until that says no (True); it is asked ten times a second.
        """
        longest = 30.0 if going is None else 0.1
        while not self._told_to_end and (going is None or going()):
            now = time.monotonic()
            for child in self._children:
                if child.restart_at is not None:
                    if now >= child.restart_at:
                        child.restart_at = None
                        child.started = now
                        child.process = self._spawn(child.program)
                elif child.process.poll() is not None and not self._mourn(child, now):
                    return False
            if now - self._logs_looked_at > 60:
                self._logs_looked_at = now
                for child in self._children:
                    trim_log(child.program.log)
            due = [child.restart_at for child in self._children if child.restart_at is not None]
            self._sleep(max(0.0, min([*due, now + longest]) - now))
        return True

    def _mourn(self, child: _Child, now: float) -> bool:
        """Say that a child died and plan its restart; False when it dies again and again."""
        child.deaths = 1 if now - child.started > STEADY_SECONDS else child.deaths + 1
        what = f"{child.program.name} ended unexpectedly with {_ending(child.process)}"
        if child.deaths > len(RESTART_PAUSES):
            self._tell(f"{what}, {child.deaths} times in a row: ending. Its last lines:\n{log_tail(child.program.log)}")
            return False
        pause = RESTART_PAUSES[child.deaths - 1]
        self._tell(f"{what}; starting it again in {pause:g} s (log: {child.program.log})")
        child.restart_at = now + pause
        return True

    def _sleep(self, seconds: float) -> None:
        """Sleep, but wake for a signal, a child's end or the parent's death."""
        if self._parent is not None:
            seconds = min(seconds, 0.5)
        watched = [self._wake_read, *([] if self._parent_fd is None else [self._parent_fd])]
        ready, _, _ = select.select(watched, [], [], seconds)
        if self._wake_read in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(self._wake_read, 4096)
        if self._parent_fd is not None and self._parent_fd in ready:
            self._told_to_end = True
        if self._parent is not None and os.getppid() != self._parent:
            self._told_to_end = True

    def stop(self) -> None:
        """End every child: SIGTERM, and SIGKILL for what is left after ENDING_SECONDS. Nothing survives this."""
        deadline = time.monotonic() + ENDING_SECONDS
        self._parent_fd = None
        for child in self._children:
            if child.process.poll() is None:
                child.process.terminate()
        while any(child.process.poll() is None for child in self._children) and time.monotonic() < deadline:
            self._sleep(0.1)
        for child in self._children:
            if child.process.poll() is None:
                for pid in [child.process.pid, *_children_of(child.process.pid)]:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                child.process.wait()
        self._children.clear()


def _children_of(parent: int) -> list[int]:
    """Process ids of a server's own workers; none where the system has no /proc, and then they end by the pipe."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            _state, ppid, *_ = stat.read_text().rpartition(")")[2].split()
            if int(ppid) == parent:
                found.append(int(stat.parent.name))
    return found


def _is_alone() -> bool:
    """Whether no other thread runs here, once one that is about to end has done so."""
    for thread in threading.enumerate():
        if thread is not threading.current_thread():
            thread.join(0.2)
    return threading.active_count() == 1


def _ending(process: subprocess.Popen[bytes] | _Copy) -> str:
    code = process.returncode
    if code is not None and code < 0:
        with contextlib.suppress(ValueError):
            return f"signal {signal.Signals(-code).name}"
    return f"exit code {code}"


def answers(url: str, timeout_seconds: float = 2.0) -> bool:
    """Whether a GET of the URL (http only, no proxy) is answered with 200."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout_seconds)
    with contextlib.closing(connection):
        try:
            connection.request("GET", parts.path or "/")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False


def log_tail(log: Path, lines: int = 20) -> str:
    """The last lines of a log."""
    return "\n".join(_last_lines(log, lines))


def _last_lines(log: Path, lines: int) -> Iterator[str]:
    with contextlib.suppress(FileNotFoundError), log.open("rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(0, file.tell() - 16_384))
        yield from file.read().decode("utf-8", errors="replace").splitlines()[-lines:]


def trim_log(log: Path, cap: int = LOG_CAP_BYTES) -> None:
    """Move what a log holds to `<log>.1` once it is larger than `cap` bytes; its writers append, so they go on."""
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > cap:
            log.with_name(f"{log.name}.1").write_bytes(log.read_bytes())
            os.truncate(log, 0)
