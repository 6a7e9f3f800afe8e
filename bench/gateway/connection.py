"""One kept-alive HTTP/1.1 connection that costs the client as little as Python lets it, so that it measures others."""

from __future__ import annotations

import asyncio
import json
from typing import Any

HOST = "127.0.0.1"
Json = dict[str, Any]


class WrongAnswer(Exception):
    """An answer that is not what it should be, or none at all."""


class Connection(asyncio.Protocol):
    """Asks one thing at a time; knows bodies with a length and chunked ones."""

    def __init__(self, port: int, headers: str = "") -> None:
        self._port = port
        self._headers = f"Host: {HOST}:{port}\r\n{headers}"
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._received = b""

    async def ask(self, method: str, path: str, body: bytes = b"", headers: str = "") -> tuple[int, bytes]:
        """Status and body. WrongAnswer if the connection ends before the answer does."""
        loop = asyncio.get_running_loop()
        if self._transport is None or self._transport.is_closing():
            await loop.create_connection(lambda: self, HOST, self._port)
        assert self._transport is not None
        self._answer = loop.create_future()
        self._received = b""
        length = f"Content-Length: {len(body)}\r\n" if body or method != "GET" else ""
        head = f"{method} {path} HTTP/1.1\r\n{self._headers}{headers}{length}\r\n"
        self._transport.write(head.encode("ascii") + body)
        return await self._answer

    async def call(self, method: str, path: str, status: int, body: Json | None = None, headers: str = "") -> Json:
        """The JSON object of an answer with this status; WrongAnswer if it has another."""
        sent = b"" if body is None else json.dumps(body).encode()
        answered, text = await self.ask(method, path, sent, f"Content-Type: application/json\r\n{headers}")
        return checked(answered, text, status)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._fail("the connection ended before the answer did")

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, blank, body = self._received.partition(b"\r\n\r\n")
        if not blank:
            return
        lowered = head.lower()
        if b"transfer-encoding: chunked" in lowered:
            if body.endswith(b"0\r\n\r\n"):
                self._give(head, _unchunked(body))
            return
        _, named, rest = lowered.partition(b"content-length:")
        length = int(rest.partition(b"\r\n")[0]) if named else 0
        if len(body) >= length:
            self._give(head, body)

    def _give(self, head: bytes, body: bytes) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result((int(head[9:12]), body))

    def _fail(self, reason: str) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(WrongAnswer(reason))


def checked(answered: int, text: bytes, status: int) -> Json:
    """The JSON object that `text` is. WrongAnswer unless it was answered with this status."""
    if answered != status:
        raise WrongAnswer(f"{answered} instead of {status}: {text[:300]!r}")
    found = json.loads(text)
    if not isinstance(found, dict):
        raise WrongAnswer(f"no object: {text[:300]!r}")
    return found


def _unchunked(body: bytes) -> bytes:
    found = []
    while body:
        size, _, body = body.partition(b"\r\n")
        length = int(size, 16)
        if length == 0:
            break
        found.append(body[:length])
        body = body[length + 2 :]
    return b"".join(found)
