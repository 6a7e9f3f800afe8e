"""The gateway's settings, read once from `COUNTERFOIL_GATEWAY_*` and the command line into a frozen object."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

PREFIX = "COUNTERFOIL_GATEWAY_"
CRASH_POINTS = frozenset(
    f"{operation}.{moment}_commit"
    for operation in ("token", "payment", "capture", "void", "refund")
    for moment in ("before", "after")
)
_PEPPER_MINIMUM = 32


class SettingError(ValueError):
    """A setting that cannot be used; its text names the setting and what would be right."""

    def __init__(self, name: str, wanted: str) -> None:
        super().__init__(f"{name}: {wanted}")


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that the gateway may be told from outside. `port` 0 takes any free port."""

    data: Path
    database_url: str
    host: str
    port: int
    threads: int
    workers: int
    pepper: bytes
    crash_at: str | None

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is a file, which one program alone may use."""
        return self.database_url.startswith("sqlite")


def load_config(options: Mapping[str, str | None] | None = None, environ: Mapping[str, str] | None = None) -> Config:
    """Settings from the environment; options named like fields (`data`, `port`, …) win where they are not None.

    Makes the data folder (0700) and the pepper file (0600) when they are missing. Raises SettingError.
    """
    given = _Given({} if options is None else options, os.environ if environ is None else environ)

    data = _data_folder(given)
    database_url = _database_url(given, data)
    crash_at = given.text("crash_at")
    if crash_at is not None and crash_at not in CRASH_POINTS:
        raise SettingError(given.name("crash_at"), f"must be one of {', '.join(sorted(CRASH_POINTS))}")
    return Config(
        data=data,
        database_url=database_url,
        host=given.text("host") or "127.0.0.1",
        port=given.whole_number("port", default=8001, least=0, most=65_535),
        threads=given.whole_number("threads", default=32, least=1, most=1_000),
        workers=given.whole_number("workers", default=1, least=1, most=64),
        pepper=_pepper(given, data),
        crash_at=crash_at,
    )


class _Given:
    """What the command line and the environment say, and what to call it in a message."""

    def __init__(self, options: Mapping[str, str | None], environ: Mapping[str, str]) -> None:
        self.environ = environ
        self._options = options

    def text(self, field: str) -> str | None:
        option = self._options.get(field)
        if option is not None:
            return option
        return self.environ.get(PREFIX + field.upper()) or None

    def name(self, field: str) -> str:
        if self._options.get(field) is not None:
            return f"--{field.replace('_', '-')}"
        return PREFIX + field.upper()

    def whole_number(self, field: str, *, default: int, least: int, most: int) -> int:
        text = self.text(field)
        if text is None:
            return default
        if text.isascii() and text.isdigit() and least <= int(text[:9]) <= most and len(text) <= 9:
            return int(text)
        raise SettingError(self.name(field), f"must be a whole number from {least} to {most}, not {text!r}")


def _data_folder(given: _Given) -> Path:
    folder = Path(given.text("data") or given.environ.get("COUNTERFOIL_DATA") or "var").expanduser().absolute()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingError(given.name("data"), f"cannot make the folder {folder}: {error.strerror}") from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise SettingError(given.name("data"), f"cannot write in the folder {folder}")
    return folder


def _database_url(given: _Given, data: Path) -> str:
    text = given.text("database_url")
    if text is None:
        return f"sqlite:///{data / 'gateway.db'}"
    wanted = "must be sqlite:///path/to/file.db or postgresql://user@host/database"
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise SettingError(given.name("database_url"), wanted) from None
    if url.drivername in {"postgresql", "postgres", "postgresql+psycopg"}:
        return _shown(url.set(drivername="postgresql+psycopg"))
    if url.drivername in {"sqlite", "sqlite+pysqlite"}:
        if not url.database or url.database == ":memory:":
            raise SettingError(given.name("database_url"), "must name a file: sqlite:///path/to/file.db")
        return _shown(url.set(drivername="sqlite", database=str(Path(url.database).absolute())))
    raise SettingError(given.name("database_url"), wanted)


def _shown(url: URL) -> str:
    return url.render_as_string(hide_password=False)


def _pepper(given: _Given, data: Path) -> bytes:
    """The key material behind fingerprints and sealed secrets: from the environment, else from a file made once."""
    text = given.environ.get(PREFIX + "PEPPER")
    if text:
        if len(text) < _PEPPER_MINIMUM:
            raise SettingError(PREFIX + "PEPPER", f"must have at least {_PEPPER_MINIMUM} characters")
        return text.encode()
    path = data / "gateway_pepper"
    try:
        if not path.exists():
            _write_once(path, secrets.token_hex(32))
        pepper = path.read_bytes().strip()
    except OSError as error:
        raise SettingError(given.name("data"), f"cannot use {path}: {error.strerror}") from None
    if len(pepper) < _PEPPER_MINIMUM:
        raise SettingError(
            given.name("data"), f"{path} is damaged: put back the {_PEPPER_MINIMUM} or more bytes it had"
        )
    return pepper


def _write_once(path: Path, text: str) -> None:
    """Write a file of mode 0600 whole or not at all; if another process was first, its text stands."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    try:
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
