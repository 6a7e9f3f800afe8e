"""A webhook receiver: a real HTTP server on loopback that keeps what it gets and answers as a test tells it to."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.stack import until


@dataclass(frozen=True)
class Received:
    """One request as it came in; header names in lower case."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        event: dict[str, Any] = json.loads(self.body)
        return event

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


@dataclass(frozen=True)
class Reply:
    """What to answer."""

    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


Rule = Callable[[Received], Reply | None]
"""The answer to a request; None closes the connection without one."""


class Receiver:
    """Collects requests. Set `rule` to answer otherwise than 204."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.requests: list[Received] = []
        self.rule: Rule = lambda _request: Reply()
        self._changed = threading.Condition()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def take(self, request: Received) -> Reply | None:
        with self._changed:
            self.requests.append(request)
        return self.rule(request)

    def wait_for(self, count: int, within: float = 20) -> list[Received]:
        """The requests so far, once there are at least `count`."""
        until(lambda: len(self.requests) >= count, what=f"{count} webhooks, got {len(self.requests)}", within=within)
        return list(self.requests)

    def of_type(self, type_: str) -> list[Received]:
        return [request for request in self.requests if request.event["type"] == type_]


@contextmanager
def receiving(port: int = 0, tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """A receiver for as long as the block runs; `port` 0 takes a free one, `tls` makes it one of https."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            reply = receiver.take(Received(self.path, headers, body))
            if reply is None:
                self.close_connection = True
                return
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if reply.status != 204:
                self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            if reply.status != 204:
                self.wfile.write(reply.body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        server.daemon_threads = True
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        receiver = Receiver(server.server_port)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()
