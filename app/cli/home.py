"""The data folder: made once with its secrets, held by one `up` at a time, and where the ports are remembered."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from app.config import read_secret, write_secret_once
from app.errors import CounterfoilError, SettingError
from app.notifications.signing import ensure_secret
from app.processes import is_alive

LOCK_SECONDS = 10.0


class AlreadyRuns(CounterfoilError):
    """Another `up` holds this data folder."""


class Home:
    """One installation's data folder."""

    def __init__(self, data: Path) -> None:
        self.data = data.expanduser().absolute()

    @property
    def logs(self) -> Path:
        """The folder of the programs' logs."""
        return self.data / "logs"

    def prepare(self) -> None:
        """Make the folder (0700) and its secrets (0600) if they are missing. SettingError if that cannot be."""
        try:
            if not self.data.exists():
                self.data.mkdir(mode=0o700, parents=True)
                (self.data / ".gitignore").write_text("*\n", encoding="ascii")
            self.logs.mkdir(mode=0o700, exist_ok=True)
            write_secret_once(self.data, "secret_key", secrets.token_hex(32))
            write_secret_once(self.data, "gateway_secret_key", f"sk_test_{secrets.token_hex(16)}")
            ensure_secret(self.data)
        except OSError as error:
            raise SettingError(
                f"--data is {str(self.data)!r}: {error.strerror} ({error.filename}); give a folder that can be written"
            ) from None

    def ports(self) -> dict[str, int]:
        """The ports of the last start: {"dashboard": …, "gateway": …}; empty if there was none."""
        with contextlib.suppress(OSError, ValueError):
            kept = json.loads((self.data / "ports.json").read_text(encoding="ascii"))
            return {name: kept[name] for name in ("dashboard", "gateway") if isinstance(kept.get(name), int)}
        return {}

    def remember_ports(self, dashboard: int, gateway: int) -> None:
        """Keep the ports for the next start."""
        draft = self.data / "ports.json.new"
        draft.write_text(json.dumps({"dashboard": dashboard, "gateway": gateway}) + "\n", encoding="ascii")
        draft.replace(self.data / "ports.json")

    def gateway_secret_key(self) -> str:
        """The key of the app's account at the gateway: the setting, else the secret made here."""
        return os.environ.get("COUNTERFOIL_GATEWAY_SECRET_KEY") or read_secret(self.data, "gateway_secret_key")

    def runs(self) -> bool:
        """Whether an `up` holds this folder now."""
        try:
            with (self.data / "up.lock").open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False

    @contextlib.contextmanager
    def held(self, waiting: Callable[[], None]) -> Iterator[int]:
        """Hold the folder; yields the lock's descriptor, which children keep so that it lasts as long as any of them.

        Waits a little for the remains of a run that was killed; raises AlreadyRuns when a live one holds it.
        """
        descriptor = os.open(self.data / "up.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            deadline = time.monotonic() + LOCK_SECONDS
            told = False
            while not _locked(descriptor):
                owner = os.pread(descriptor, 20, 0).decode("ascii", errors="replace").strip()
                if (owner.isdigit() and is_alive(int(owner))) or time.monotonic() > deadline:
                    raise AlreadyRuns(
                        f"it already runs from {self.data} (process {owner}): stop that one first,"
                        " or give this one a --data folder of its own"
                    )
                if not told:
                    waiting()
                    told = True
                time.sleep(0.1)
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
            yield descriptor
        finally:
            os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def publishable_key(secret_key: str) -> str:
    """The publishable test key of a secret one, as the gateway derives it."""
    return f"pk_test_{hashlib.sha256(secret_key.encode()).hexdigest()[:24]}"
