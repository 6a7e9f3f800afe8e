"""Programs of `counterfoil` as copies of a process that has imported them: imports are most of what a start takes.

Each copy is a process like any other, leader of its own group, with an environment, a log and descriptors of its own.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.reduction import DupFd
from pathlib import Path
from typing import Any

_MAKER = multiprocessing.get_context("forkserver")
_MAKER.set_forkserver_preload(["tests.imported"])


class Copy:
    """A running copy that does what `counterfoil` does with these arguments; asked as a Popen is."""

    def __init__(self, arguments: Sequence[str], *, env: Mapping[str, str], cwd: Path, log: Path) -> None:
        # A daemon: a test session that breaks off does not wait for it.
        given = (_with_descriptor(arguments), dict(env), cwd, log)
        self._process = _MAKER.Process(target=_be, args=given, daemon=True)
        log.touch()  # callers read it before the copy has come so far
        self._process.start()
        assert self._process.pid is not None
        self.pid = self._process.pid
        while self.poll() is None and not self._leads():
            time.sleep(0.002)

    def _leads(self) -> bool:
        with contextlib.suppress(ProcessLookupError):
            return os.getpgid(self.pid) == self.pid
        return False

    @property
    def returncode(self) -> int | None:
        """The exit code once it has ended, as Popen has it."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """The exit code, None while it runs."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """The exit code; subprocess.TimeoutExpired when it has not ended in time."""
        self._process.join(timeout)
        code = self._process.exitcode
        if code is None:
            assert timeout is not None
            raise subprocess.TimeoutExpired("counterfoil", timeout)
        return code

    def send_signal(self, signum: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signum)


class _Descriptor:
    """A descriptor's number as an argument; in the copy it is the number that it has there."""

    def __init__(self, number: int) -> None:
        self._number = number

    def __reduce__(self) -> tuple[Callable[..., str], tuple[object]]:
        return _number_here, (DupFd(self._number),)


def _number_here(sent: Any) -> str:  # a class that the library gives no name to
    return str(sent.detach())


def _with_descriptor(arguments: Sequence[str]) -> list[str | _Descriptor]:
    at = arguments.index("--parent-fd") + 1
    return [*arguments[:at], _Descriptor(int(arguments[at])), *arguments[at + 1 :]]


def _be(arguments: list[str], env: dict[str, str], cwd: Path, log: Path) -> None:
    os.setsid()
    os.chdir(cwd)
    with log.open("ab") as output, Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    os.environ.clear()
    os.environ.update(env)
    from app.cli import main  # noqa: PLC0415  # it is imported already, and only there

    main(arguments, prog_name="counterfoil")
