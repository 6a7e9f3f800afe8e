"""One POST to a checked address: within a deadline, no redirect followed, the answer read in part."""

from __future__ import annotations

import contextlib
import email.utils
import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ProtocolError, ReadTimeoutError

from app.notifications import targets

TOTAL_SECONDS = 15.0
CONNECT_SECONDS = 5.0
KEPT_BODY = 2000
_READ_BODY = 16 * 1024
_KEPT_HEADERS = 30
_KEPT_HEADER = 500
_LONGEST_RETRY_AFTER = timedelta(days=1)


@dataclass(frozen=True)
class Outcome:
    """How one try went. `error` says why there is no answer."""

    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    error: str | None = None
    retry_after: timedelta = timedelta(0)
    duration_ms: int = 0

    @property
    def is_taken(self) -> bool:
        """Only 2xx is: a redirect is a failure and is not followed."""
        return self.status is not None and 200 <= self.status < 300


class _Overdue(Exception):
    """The time of the sending is over."""


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    allow_private: bool,
    lookup: targets.Lookup | None = None,
    total_seconds: float = TOTAL_SECONDS,
) -> Outcome:
    """Send the body and tell how it went; never raises."""
    started = time.monotonic()
    watch = _Watch(total_seconds)
    try:
        target = targets.parse_target(url)
        found = targets.checked_addresses(target, allow_private=allow_private, lookup=lookup)
        outcome = _send_to_one(found, target, body, {**headers, "Host": target.authority}, watch)
    except Exception as error:  # noqa: BLE001 - whatever a receiver does wrong is the outcome of the sending
        outcome = Outcome(error=_explain(error, watch))
    finally:
        watch.end()
    return replace(outcome, duration_ms=int((time.monotonic() - started) * 1000))


class _Watch:
    """Cuts the connection when the time is over: a time-out of each single read would never end a trickle."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.deadline = time.monotonic() + seconds
        self.was_cut = False
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True
        self._timer.start()

    @property
    def left(self) -> float:
        """Seconds until the deadline. _Overdue if that has passed."""
        left = self.deadline - time.monotonic()
        if left <= 0 or self.was_cut:
            raise _Overdue
        return left

    def on(self, connection: HTTPConnection) -> None:
        """Watch this connection, once it stands."""
        self._socket = connection.sock

    def _cut(self) -> None:
        self.was_cut = True
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def end(self) -> None:
        """Nothing is to be cut any more."""
        self._timer.cancel()


def _send_to_one(
    addresses: list[str], target: targets.Target, body: bytes, headers: Mapping[str, str], watch: _Watch
) -> Outcome:
    for address in addresses[:-1]:
        # A name may have addresses that nobody listens on: localhost is often ::1 as well as 127.0.0.1.
        with contextlib.suppress(ConnectTimeoutError):
            return _exchange(address, target, body, headers, watch)
    return _exchange(addresses[-1], target, body, headers, watch)


def _exchange(address: str, target: targets.Target, body: bytes, headers: Mapping[str, str], watch: _Watch) -> Outcome:
    with _pool(address, target, watch) as pool:
        response = pool.urlopen(
            "POST",
            target.path,
            body=body,
            headers=headers,
            redirect=False,
            retries=False,
            assert_same_host=False,
            timeout=urllib3.Timeout(connect=min(CONNECT_SECONDS, watch.left), read=watch.left),
            preload_content=False,
            decode_content=False,
        )
        if watch.was_cut:  # a head that was cut off reads as one that ended there
            raise _Overdue
        text = _beginning_of(response, watch)
        kept = list(response.headers.items())[:_KEPT_HEADERS]
        return Outcome(
            status=response.status,
            headers={plain(name, _KEPT_HEADER): plain(value, _KEPT_HEADER) for name, value in kept},
            body=text,
            retry_after=wait_of(response.headers.get("Retry-After")),
        )


def _pool(address: str, target: targets.Target, watch: _Watch) -> urllib3.HTTPConnectionPool:
    if target.scheme == "https":

        class WatchedHTTPS(HTTPSConnection):
            def connect(self) -> None:
                super().connect()
                watch.on(self)

        name = target.host.rstrip(".")  # certificates name hosts without the dot at the end
        secure = urllib3.HTTPSConnectionPool(address, target.port, server_hostname=name, assert_hostname=name)
        secure.ConnectionCls = WatchedHTTPS
        return secure

    class Watched(HTTPConnection):
        def connect(self) -> None:
            super().connect()
            watch.on(self)

    pool = urllib3.HTTPConnectionPool(address, target.port)
    pool.ConnectionCls = Watched
    return pool


def _explain(error: Exception, watch: _Watch) -> str:
    if watch.was_cut or isinstance(error, _Overdue | ReadTimeoutError):
        return f"no answer within {watch.seconds:g} seconds"
    match error:
        case targets.TargetRefused():
            return f"the URL {error}" if str(error).startswith("must") else f"not sent: {error}"
        case socket.gaierror():
            return "the host name cannot be resolved"
        case NewConnectionError():
            return f"no connection: {_reason(error)}"
        case ConnectTimeoutError():  # the parent of the one above
            return f"no connection within {CONNECT_SECONDS:g} seconds"
        case urllib3.exceptions.SSLError():
            return f"no TLS connection: {_reason(error)}"
        case ProtocolError():
            return "the connection ended without a whole answer"
        case HTTPError():
            return f"no answer that is HTTP: {type(error).__name__}"
    return f"not sent: {type(error).__name__}"


def _reason(error: BaseException) -> str:
    cause = error.__cause__ or error.__context__
    text = (cause.strerror if isinstance(cause, OSError) else None) or str(cause or type(error).__name__)
    return plain(text, 300)


def _beginning_of(response: urllib3.BaseHTTPResponse, watch: _Watch) -> str:
    """What is kept of the answer's body. The status stands, however the body ends; a long one is left unread."""
    read = bytearray()
    with contextlib.suppress(HTTPError, OSError, _Overdue):
        while len(read) <= _READ_BODY and watch.left:
            piece: Any = response.read1(_READ_BODY)
            if not piece:
                break
            read += piece
    response.close()
    return plain(read[:KEPT_BODY].decode(errors="replace"), KEPT_BODY)


def plain(text: str, most: int) -> str:
    """Text that every database can keep."""
    return text[:most].replace("\x00", "\ufffd").encode(errors="replace").decode()


def wait_of(retry_after: str | None) -> timedelta:
    """What a Retry-After header asks for, counted from now; nothing for what cannot be understood."""
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit():
        return min(timedelta(seconds=int(text[:9])), _LONGEST_RETRY_AFTER)
    try:
        at = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return timedelta(0)
    at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return min(max(timedelta(0), at - datetime.now(UTC)), _LONGEST_RETRY_AFTER)
