"""Settings: read once from `COUNTERFOIL_*` and the command line into one frozen object."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.errors import SettingError

_GATEWAY_KEY = re.compile(r"^sk_test_[A-Za-z0-9]{8,64}$")


@dataclass(frozen=True)
class Settings:
    """What a process of the app is told. Paths are absolute; durations are seconds."""

    data: Path
    database_url: str
    host: str
    port: int
    public_url: str
    gateway_url: str
    gateway_secret_key: str
    secret_key: str
    gateway_timeout_seconds: float
    gateway_tries: int
    workers: int
    threads: int
    trusted_proxies: int
    api_calls: int
    """Of one API token in a minute; 0 for no limit."""
    webhook_secrets: tuple[str, ...]
    order_service_url: str | None
    order_service_secrets: tuple[str, ...]
    order_service_private: bool
    smtp_url: str | None
    mail_from: str
    report_lines: int
    report_days: int
    random_reviews: int
    """Of a thousand payments, until a policy is saved."""
    crash_at: str | None

    @property
    def webhook_url(self) -> str:
        """Where the gateway is asked to send its events."""
        return f"{self.public_url}/webhooks/gateway"


def _number(name: str, text: str, low: float, high: float) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        raise SettingError(f"{name} is {text!r}: it must be a number from {low:g} to {high:g}")
    return value


def _whole(name: str, text: str, low: int, high: int) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text) or not low <= int(text) <= high:
        raise SettingError(f"{name} is {text!r}: it must be a whole number from {low} to {high}")
    return int(text)


def _yes(name: str, text: str) -> bool:
    if text not in ("yes", "no"):
        raise SettingError(f"{name} is {text!r}: it must be yes or no")
    return text == "yes"


def _url(name: str, text: str) -> str:
    if not re.fullmatch(r"https?://[^/\s]+(/[^\s]*)?", text):
        raise SettingError(f"{name} is {text!r}: it must be an http or https address, like http://127.0.0.1:8001")
    return text.rstrip("/")


def database_url_of(text: str, name: str = "COUNTERFOIL_DATABASE_URL") -> str:
    """The URL as SQLAlchemy wants it; PostgreSQL always goes through psycopg 3."""
    for prefix in ("postgresql://", "postgres://"):
        if text.startswith(prefix):
            return "postgresql+psycopg://" + text.removeprefix(prefix)
    if not text.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise SettingError(f"{name} is {text!r}: it must begin with sqlite:/// or postgresql://")
    return text


def load_settings(overrides: Mapping[str, str] | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from the environment; `overrides` (by the setting's full name) win, as options of a command do.

    Raises SettingError for a value that cannot be used, and where a secret is neither set nor in the data folder.
    """
    env = {**(os.environ if environ is None else environ), **(overrides or {})}

    def get(name: str, default: str) -> str:
        return env.get(name) or default

    data = Path(get("COUNTERFOIL_DATA", "var")).expanduser().absolute()
    host = get("COUNTERFOIL_HOST", "127.0.0.1")
    port = _whole("COUNTERFOIL_PORT", get("COUNTERFOIL_PORT", "8000"), 1, 65535)
    gateway_key = get("COUNTERFOIL_GATEWAY_SECRET_KEY", "") or read_secret(data, "gateway_secret_key")
    if not _GATEWAY_KEY.match(gateway_key):
        raise SettingError(
            "COUNTERFOIL_GATEWAY_SECRET_KEY must be a test key: sk_test_ and 8 to 64 letters or digits"
            " (it is not repeated here)"
        )
    secret_key = get("COUNTERFOIL_SECRET_KEY", "") or read_secret(data, "secret_key")
    if len(secret_key) < 32:
        raise SettingError("COUNTERFOIL_SECRET_KEY must have at least 32 characters")
    return Settings(
        data=data,
        database_url=database_url_of(get("COUNTERFOIL_DATABASE_URL", f"sqlite:///{data}/counterfoil.db")),
        host=host,
        port=port,
        public_url=_url("COUNTERFOIL_PUBLIC_URL", get("COUNTERFOIL_PUBLIC_URL", f"http://{host}:{port}")),
        gateway_url=_url("COUNTERFOIL_GATEWAY_URL", get("COUNTERFOIL_GATEWAY_URL", "http://127.0.0.1:8001")),
        gateway_secret_key=gateway_key,
        secret_key=secret_key,
        gateway_timeout_seconds=_number(
            "COUNTERFOIL_GATEWAY_TIMEOUT_SECONDS", get("COUNTERFOIL_GATEWAY_TIMEOUT_SECONDS", "10"), 0.1, 120
        ),
        gateway_tries=_whole("COUNTERFOIL_GATEWAY_TRIES", get("COUNTERFOIL_GATEWAY_TRIES", "3"), 1, 10),
        workers=_whole("COUNTERFOIL_WORKERS", get("COUNTERFOIL_WORKERS", "1"), 1, 64),
        threads=_whole("COUNTERFOIL_THREADS", get("COUNTERFOIL_THREADS", "32"), 1, 512),
        trusted_proxies=_whole("COUNTERFOIL_TRUSTED_PROXIES", get("COUNTERFOIL_TRUSTED_PROXIES", "0"), 0, 9),
        api_calls=_whole("COUNTERFOIL_API_CALLS", get("COUNTERFOIL_API_CALLS", "12000"), 0, 10_000_000),
        webhook_secrets=tuple(get("COUNTERFOIL_WEBHOOK_SECRET", "").split()),
        order_service_url=get("COUNTERFOIL_ORDER_SERVICE_URL", "") or None,
        order_service_secrets=tuple(get("COUNTERFOIL_ORDER_SERVICE_SECRET", "").split()),
        order_service_private=_yes(
            "COUNTERFOIL_ORDER_SERVICE_PRIVATE", get("COUNTERFOIL_ORDER_SERVICE_PRIVATE", "yes")
        ),
        smtp_url=get("COUNTERFOIL_SMTP_URL", "") or None,
        mail_from=get("COUNTERFOIL_MAIL_FROM", "Counterfoil <payments@localhost>"),
        report_lines=_whole("COUNTERFOIL_REPORT_LINES", get("COUNTERFOIL_REPORT_LINES", "10000"), 0, 1_000_000),
        report_days=_whole("COUNTERFOIL_REPORT_DAYS", get("COUNTERFOIL_REPORT_DAYS", "7"), 1, 365),
        random_reviews=_whole("COUNTERFOIL_RANDOM_REVIEWS", get("COUNTERFOIL_RANDOM_REVIEWS", "10"), 0, 1000),
        crash_at=get("COUNTERFOIL_CRASH_AT", "") or None,
    )


def secret_path(data: Path, name: str) -> Path:
    """Where a secret of this installation lies."""
    return data / "secrets" / name


def read_secret(data: Path, name: str) -> str:
    """A secret from the data folder; SettingError says how to get one."""
    path = secret_path(data, name)
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        setting = f"COUNTERFOIL_{name.upper()}"
        raise SettingError(f"{setting} is not set and {path} does not exist: run `counterfoil up` once") from None


def write_secret_once(data: Path, name: str, value: str) -> str:
    """The secret that stands, or `value` written now with mode 0600; the first writer wins."""
    path = secret_path(data, name)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent)  # mkstemp makes it 0600
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(value)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)  # whole or not at all, and never over a standing one
    except FileExistsError:
        return read_secret(data, name)
    finally:
        Path(draft).unlink()
    return value


def replace_secret(data: Path, name: str, value: str) -> None:
    """Write a secret over the one that stands, whole or not at all, with mode 0600."""
    path = secret_path(data, name)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent)  # mkstemp makes it 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(value)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).replace(path)
    except OSError:
        Path(draft).unlink()
        raise
