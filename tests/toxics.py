"""A proxy between two programs that spoils what passes it, by the names that Toxiproxy gave to what spoils.

It passes bytes on as they come; only requests are read to their end first, so that a rule can choose which to strike.
"""

from __future__ import annotations

import re
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import Literal, Self
from urllib.parse import urlsplit

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
_DATE = re.compile(rb"(?<=\r\nDate: )[^\r]+")
_CHUNK = 64 * 1024


class Cut(Exception):
    """The connection ends here."""


class Reset(Cut):
    """It ends by an RST: what was on its way is thrown away."""


class Toxic:
    """Passes everything on. `gone` is set once it is taken away; what it holds back goes on then."""

    def __init__(self) -> None:
        self.gone = threading.Event()

    def pass_on(self, data: bytes, passed: int) -> Iterator[bytes]:
        """What goes on of `data`, piece by piece, after so many bytes of the same message. Raises Cut."""
        yield data

    def end(self) -> None:
        """The sender has closed; the receiver sees it when this returns."""


class Latency(Toxic):
    """Everything comes later."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds

    def pass_on(self, data: bytes, passed: int) -> Iterator[bytes]:
        if passed == 0:
            self.gone.wait(self.seconds)
        yield data


class Bandwidth(Toxic):
    """So many bytes in a second."""

    def __init__(self, bytes_per_second: int) -> None:
        super().__init__()
        self.piece = max(1, bytes_per_second // 20)

    def pass_on(self, data: bytes, passed: int) -> Iterator[bytes]:
        for start in range(0, len(data), self.piece):
            yield data[start : start + self.piece]
            self.gone.wait(0.05)


class Timeout(Toxic):
    """Nothing comes through and nobody says so; taken away, the connection is closed."""

    def pass_on(self, data: bytes, passed: int) -> Iterator[bytes]:
        self.gone.wait()
        raise Cut


class ResetPeer(Toxic):
    """The connection is torn down."""

    def pass_on(self, data: bytes, passed: int) -> Iterator[bytes]:
        raise Reset


class Slicer(Toxic):
    """Small slices, one at a time."""

    def __init__(self, size: int, pause_seconds: float = 0.001) -> None:
        super().__init__()
        self.size, self.pause_seconds = size, pause_seconds

    def pass_on(self, data: bytes, passed: int) -> Iterator[bytes]:
        for start in range(0, len(data), self.size):
            yield data[start : start + self.size]
            self.gone.wait(self.pause_seconds)


class LimitData(Toxic):
    """The connection is closed after so many bytes."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def pass_on(self, data: bytes, passed: int) -> Iterator[bytes]:
        yield data[: max(0, self.size - passed)]
        if passed + len(data) >= self.size:
            raise Cut


class SlowClose(Toxic):
    """All comes through, but the end of the connection is told late."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds

    def end(self) -> None:
        self.gone.wait(self.seconds)


class Down(Toxic):
    """The whole proxy goes down: every connection ends, and new ones are refused until `Proxy.up`."""


@dataclass
class Rule:
    """Strikes the requests in which all these texts are found, or the answers to them."""

    about: tuple[bytes, ...]
    toxic: Toxic
    stream: Literal["upstream", "downstream"]
    struck: int = 0
    met: threading.Event = field(default_factory=threading.Event)
    """Set when it strikes: for a rule of answers, when the first bytes of one are here, and its work is done."""

    def heal(self) -> None:
        """Take the toxic away; the rule strikes nothing any more."""
        self.about = (b"\x00",)
        self.toxic.gone.set()


class Proxy:
    """Listens on a port of its own for as long as the block runs, and passes all on to the host of `target`."""

    def __init__(self, target: str) -> None:
        parts = urlsplit(target)
        assert parts.hostname is not None
        assert parts.port is not None
        self._target = parts.hostname, parts.port
        self._rules: list[Rule] = []
        self._lock = threading.Lock()
        self._sockets: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._port: int = self._listener.getsockname()[1]
        self.clock_ahead = timedelta(0)
        """How far the Date of each answer is set forward."""
        self._listen()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.heal()
        self.down()

    def strike(self, *about: str, toxic: Toxic, stream: Literal["upstream", "downstream"] = "downstream") -> Rule:
        """From now on, spoil the requests with all these texts in them (`upstream`), or the answers to them."""
        rule = Rule(tuple(text.encode() for text in about), toxic, stream)
        with self._lock:
            self._rules.append(rule)
        return rule

    def heal(self) -> None:
        """Take every toxic away."""
        with self._lock:
            rules, self._rules = self._rules, []
        for rule in rules:
            rule.heal()

    def down(self) -> None:
        """End every connection and refuse new ones."""
        with self._lock:
            ending = [self._listener, *self._sockets]
            self._sockets.clear()
        for one in ending:
            _close(one)

    def up(self) -> None:
        """Listen again."""
        self._listener = socket.create_server(("127.0.0.1", self._port))
        self._listen()

    def _listen(self) -> None:
        threading.Thread(target=self._accept, args=(self._listener,), name="proxy", daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                threading.Thread(target=self._serve, args=(client,), name="proxied", daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(self._target, timeout=10)
        except OSError:
            _close(client)
            return
        server.settimeout(None)
        with self._lock:
            self._sockets |= {client, server}
        line = _Line(self, client, server)
        answers = threading.Thread(target=line.pass_answers, name="answers", daemon=True)
        answers.start()
        line.pass_requests()
        answers.join()
        with self._lock:
            self._sockets -= {client, server}

    def rule_for(self, request: bytes) -> Rule | None:
        """The first rule that strikes the request."""
        with self._lock:
            rules = list(self._rules)
        return next((rule for rule in rules if all(text in request for text in rule.about)), None)


class _Line:
    """One connection through the proxy."""

    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket) -> None:
        self.proxy, self.client, self.server = proxy, client, server
        self.rule: Rule | None = None
        self.passed = 0

    def pass_requests(self) -> None:
        """Pass requests on until the client closes."""
        try:
            while request := _request(self.client):
                self.rule, self.passed = self.proxy.rule_for(request), 0
                self._pass_on(self.server, request, "upstream")
        except (OSError, Cut) as end:
            self._end(end)
        _close(self.server)

    def pass_answers(self) -> None:
        """Pass answers on until the server closes."""
        try:
            while data := self.server.recv(_CHUNK):
                self._pass_on(self.client, self._dated(data), "downstream")
            if self.rule is not None:
                self.rule.toxic.end()
        except (OSError, Cut) as end:
            self._end(end)
        _close(self.client)

    def _pass_on(self, to: socket.socket, data: bytes, stream: str) -> None:
        rule = self.rule
        if rule is None or rule.stream != stream:
            to.sendall(data)
            return
        if self.passed == 0:
            rule.struck += 1
            rule.met.set()
        if isinstance(rule.toxic, Down):
            self.proxy.down()
            raise Cut
        for piece in rule.toxic.pass_on(data, self.passed):
            to.sendall(piece)
        self.passed += len(data)

    def _dated(self, data: bytes) -> bytes:
        if not self.proxy.clock_ahead:
            return data
        return _DATE.sub(
            lambda found: format_datetime(
                parsedate_to_datetime(found[0].decode()) + self.proxy.clock_ahead, usegmt=True
            ).encode(),
            data,
            count=1,
        )

    def _end(self, end: Exception) -> None:
        for one in (self.client, self.server):
            _close(one, by_reset=isinstance(end, Reset))


def _request(client: socket.socket) -> bytes:
    """One request whole; empty once the client has closed."""
    received = b""
    while b"\r\n\r\n" not in received:
        data = client.recv(_CHUNK)
        if not data:
            return b""
        received += data
    head, _, body = received.partition(b"\r\n\r\n")
    length = _LENGTH.search(head + b"\r\n")
    missing = int(length[1]) - len(body) if length else 0
    while missing > 0:
        data = client.recv(_CHUNK)
        if not data:
            return b""
        received += data
        missing -= len(data)
    return received


def _close(one: socket.socket, *, by_reset: bool = False) -> None:
    with suppress(OSError):
        if by_reset:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        one.shutdown(socket.SHUT_RD if by_reset else socket.SHUT_RDWR)  # wakes who reads, who keeps it open else
    one.close()
