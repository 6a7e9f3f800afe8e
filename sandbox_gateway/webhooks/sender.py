"""One delivery over HTTP: to a checked address only, within a deadline, no redirect followed, answers read in part."""

from __future__ import annotations

import contextlib
import email.utils
import socket
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import urllib3
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ProtocolError, ReadTimeoutError

from sandbox_gateway.webhooks import targets

TOTAL_SECONDS = 15.0
CONNECT_SECONDS = 5.0
_KEPT_BODY = 4096
_READ_BODY = 64 * 1024
_KEPT_HEADERS = 50
_KEPT_HEADER = 1000
_CONNECTIONS_PER_POOL = 8
_POOLS = 64
_TICK_SECONDS = 0.1
_LONGEST_RETRY_AFTER = 7 * 24 * 3600

_current = threading.local()


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one sending went. `error` says why there is no response; `retry_after` is in seconds."""

    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    error: str | None = None
    retry_after: int = 0
    duration_us: int = 0

    @property
    def acknowledged(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


class _Overdue(Exception):
    """The time of the sending is over."""


class _Deadlines:
    """Cuts the connections of sendings that took too long; a time-out of each single read would never end a trickle."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._sendings: set[_Sending] = set()
        self._watching = False

    def watch(self, sending: _Sending) -> None:
        with self._mutex:
            self._sendings.add(sending)
            if not self._watching:
                self._watching = True
                threading.Thread(target=self._watch, daemon=True, name="webhook-deadlines").start()

    def forget(self, sending: _Sending) -> None:
        with self._mutex:
            self._sendings.discard(sending)

    def cut_all(self) -> None:
        with self._mutex:
            left = list(self._sendings)
        for sending in left:
            sending.cut()

    def _watch(self) -> None:
        while True:
            time.sleep(_TICK_SECONDS)
            now = time.monotonic()
            with self._mutex:
                if not self._sendings:
                    self._watching = False
                    return
                late = [sending for sending in self._sendings if now > sending.deadline]
            for sending in late:
                sending.cut()


class _Sending:
    """One sending under way, and the connection that it uses."""

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self.was_cut = False
        self.is_fresh = False
        self._connection: HTTPConnection | None = None
        self._socket: socket.socket | None = None

    @property
    def left(self) -> float:
        """Seconds until the deadline. _Overdue if that has passed."""
        left = self.deadline - time.monotonic()
        if left <= 0 or self.was_cut:
            raise _Overdue
        return left

    def connecting(self, connection: HTTPConnection) -> None:
        self.is_fresh = True
        self._connection = connection
        self._socket = None

    def connected(self, connection: HTTPConnection) -> None:
        # Kept apart from the connection, which gives its socket up as soon as the answer's head is read.
        self._connection = connection
        self._socket = connection.sock

    def cut(self) -> None:
        """End the sending, whichever thread waits in it."""
        self.was_cut = True
        used = self._socket or (self._connection.sock if self._connection is not None else None)
        if used is not None:
            with contextlib.suppress(OSError):
                used.shutdown(socket.SHUT_RDWR)


class _Watched(HTTPConnection):
    """Tells the sending of this thread which connection it is on."""

    def connect(self) -> None:
        sending: _Sending = _current.sending
        sending.connecting(self)
        super().connect()
        sending.connected(self)

    def request(self, *args: Any, **kwargs: Any) -> None:
        if self.sock is not None:
            _current.sending.connected(self)
        super().request(*args, **kwargs)


class _WatchedHTTPS(_Watched, HTTPSConnection):
    """The same over TLS."""


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _Watched


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _WatchedHTTPS


class Sender:
    """Keeps connections open between deliveries. Thread-safe."""

    def __init__(
        self,
        *,
        total_seconds: float = TOTAL_SECONDS,
        connect_seconds: float = CONNECT_SECONDS,
        lookup: targets.Lookup | None = None,
    ) -> None:
        self._total_seconds = total_seconds
        self._connect_seconds = connect_seconds
        self._lookup = lookup
        self._deadlines = _Deadlines()
        self._pools = urllib3.PoolManager(num_pools=_POOLS, maxsize=_CONNECTIONS_PER_POOL)
        self._pools.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}

    def send(
        self,
        url: str,
        body: bytes,
        headers: Mapping[str, str],
        *,
        allow_private: bool,
        listed: Sequence[str] | None = None,
    ) -> Outcome:
        """POST the body and tell how it went; never raises. `listed`: the only places to send to, None for any."""
        started = time.monotonic()
        sending = _Sending(started + self._total_seconds)
        _current.sending = sending
        self._deadlines.watch(sending)
        try:
            target = targets.parse_target(url)
            targets.check_listed(target, listed)
            outcome = self._send(sending, target, body, headers, allow_private)
        except Exception as error:  # noqa: BLE001 - whatever a receiver does wrong is the outcome of the sending
            outcome = Outcome(error=self._explain(error, sending))
        finally:
            self._deadlines.forget(sending)
        return replace(outcome, duration_us=int((time.monotonic() - started) * 1_000_000))

    def close(self) -> None:
        """End whatever is under way, unfinished."""
        self._deadlines.cut_all()
        self._pools.clear()

    def _send(
        self,
        sending: _Sending,
        target: targets.Target,
        body: bytes,
        headers: Mapping[str, str],
        allow_private: bool,
    ) -> Outcome:
        found = targets.checked_addresses(target, allow_private=allow_private, lookup=self._lookup)
        everything = {**headers, "Host": target.authority}
        for address in found[:-1]:
            # A name may have addresses that nobody listens on: localhost is often ::1 as well as 127.0.0.1.
            with contextlib.suppress(ConnectTimeoutError):
                return self._post(sending, target, address, body, everything)
        return self._post(sending, target, found[-1], body, everything)

    def _post(
        self, sending: _Sending, target: targets.Target, address: str, body: bytes, headers: Mapping[str, str]
    ) -> Outcome:
        name = target.host.rstrip(".")  # certificates name hosts without the dot at the end
        names = {"server_hostname": name, "assert_hostname": name} if target.scheme == "https" else {}
        pool = self._pools.connection_from_host(address, target.port, target.scheme, pool_kwargs=names)
        for _ in range(_CONNECTIONS_PER_POOL):
            sending.is_fresh = False
            try:
                return self._exchange(sending, pool, target.path, body, headers)
            except ProtocolError:
                # A kept-alive connection may have been closed by the other side just now; that is no failed try.
                if sending.is_fresh:
                    raise
        return self._exchange(sending, pool, target.path, body, headers)

    def _exchange(
        self,
        sending: _Sending,
        pool: HTTPConnectionPool,
        path: str,
        body: bytes,
        headers: Mapping[str, str],
    ) -> Outcome:
        left = sending.left
        response = pool.urlopen(
            "POST",
            path,
            body=body,
            headers=headers,
            redirect=False,
            retries=False,
            assert_same_host=False,
            timeout=urllib3.Timeout(connect=min(self._connect_seconds, left), read=left),
            preload_content=False,
            decode_content=False,
        )
        if sending.was_cut:
            # A head that was cut off reads as one that ended there.
            raise _Overdue
        text = _beginning_of(response, sending)
        return Outcome(
            status=response.status,
            headers={
                _plain(name, _KEPT_HEADER): _plain(value, _KEPT_HEADER)
                for name, value in list(response.headers.items())[:_KEPT_HEADERS]
            },
            body=text,
            retry_after=_seconds_of(response.headers.get("Retry-After")),
        )

    def _explain(self, error: Exception, sending: _Sending) -> str:
        if sending.was_cut or isinstance(error, _Overdue | ReadTimeoutError):
            return f"no answer within {self._total_seconds:g} seconds"
        match error:
            case targets.TargetRefusedError():
                return f"the URL {error}" if str(error).startswith("must") else f"not sent: {error}"
            case socket.gaierror():
                return "the host name cannot be resolved"
            case NewConnectionError():
                return f"no connection: {_reason(error)}"
            case ConnectTimeoutError():  # the parent of the one above
                return f"no connection within {self._connect_seconds:g} seconds"
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
    return _plain(text, _KEPT_HEADER)


def _beginning_of(response: urllib3.BaseHTTPResponse, sending: _Sending) -> str:
    """What is kept of the answer's body. The status stands, however the body ends; a long one is left unread."""
    read = bytearray()
    with contextlib.suppress(HTTPError, OSError, _Overdue):
        while len(read) <= _READ_BODY and sending.left:
            piece = response.read1(_READ_BODY)
            if not piece:
                response.release_conn()
                return _plain(read[:_KEPT_BODY].decode(errors="replace"), _KEPT_BODY)
            read += piece
    response.close()
    return _plain(read[:_KEPT_BODY].decode(errors="replace"), _KEPT_BODY)


def _plain(text: str, most: int) -> str:
    """Text that every database can keep."""
    return text[:most].replace("\x00", "\ufffd").encode(errors="replace").decode()


def _seconds_of(retry_after: str | None) -> int:
    """What a Retry-After header asks for, in seconds from now; 0 for nothing that can be understood."""
    if retry_after is None:
        return 0
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return min(int(text[:9]), _LONGEST_RETRY_AFTER)
    try:
        at = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return 0
    at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    wait = (at - datetime.now(UTC)).total_seconds()
    return min(max(0, int(wait)), _LONGEST_RETRY_AFTER)
