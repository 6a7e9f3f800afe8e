"""Keeps apart the processes that serve one SQLite file: who writes now, and which idempotency keys are in use.

Both are locks of the operating system on single bytes of a file beside the database, so whoever dies holds none.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# The first byte is for the one that is next, the second for the one that writes; all behind them are for keys.
_NEXT, _WRITING, _KEYS = 0, 1, 2
_KEY_BITS = (1 << 62) - 1


class Turns:
    """One for each process: locks of this kind tell processes apart, not threads."""

    def __init__(self, database: Path) -> None:
        path = database.with_name(database.name + ".turns")
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Wait for this process's turn to write, and have it for as long as the block runs. For one thread at a time.

        Who has just written cannot be next before whoever waited for that: waiting on SQLITE_BUSY is not so fair.
        """
        self._lock(_NEXT)
        try:
            self._lock(_WRITING)
        finally:
            self._unlock(_NEXT)
        try:
            yield
        finally:
            self._unlock(_WRITING)

    def take_key(self, number: int) -> bool:
        """Mark a key as in use by this process; False if it is in use by another."""
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _KEYS + (number & _KEY_BITS))
        except OSError:
            return False
        return True

    def give_key_back(self, number: int) -> None:
        self._unlock(_KEYS + (number & _KEY_BITS))

    def close(self) -> None:
        os.close(self._file)

    def _lock(self, byte: int) -> None:
        fcntl.lockf(self._file, fcntl.LOCK_EX, 1, byte)

    def _unlock(self, byte: int) -> None:
        fcntl.lockf(self._file, fcntl.LOCK_UN, 1, byte)
