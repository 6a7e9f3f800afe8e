"""Takes in whatever is sent and answers at once: the receiver of webhooks, and what the load client is measured with.

`python -m bench.gateway.sink PORT`. `GET /count` says how many POSTs there were; all else gets a few words.
"""

from __future__ import annotations

import asyncio
import sys

from bench.gateway.connection import HOST

_BODY = b'{"hello": "world"}'


def _answer(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


_USUAL = _answer(_BODY)


class _Sink(asyncio.Protocol):
    taken = 0

    def __init__(self) -> None:
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while True:
            head, blank, rest = self._received.partition(b"\r\n\r\n")
            _, named, length = head.lower().partition(b"content-length:")
            size = int(length.partition(b"\r\n")[0]) if named else 0
            if not blank or len(rest) < size:
                return
            self._received = rest[size:]
            if head.startswith(b"POST"):
                _Sink.taken += 1
            counts = head.startswith(b"GET /count ")
            self._transport.write(_answer(b'{"count": %d}' % _Sink.taken) if counts else _USUAL)


async def main(port: int) -> None:
    """Serve until ended."""
    server = await asyncio.get_running_loop().create_server(_Sink, HOST, port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
