"""The client against real sockets that misbehave: what is believed, what is asked again, what stays unknown."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from app.errors import GatewayRefused, GatewayUnavailable
from app.gateway import GatewayClient
from app.gateway.calls import collecting
from tests.stack import until

CLOCK = b'{"now": "2026-01-02T03:04:05Z", "mode": "live"}'
Behavior = Callable[[socket.socket], None]


def answer(
    status: str, body: bytes = b"", *, media: str = "application/json", headers: str = "", length: int | None = None
) -> Behavior:
    def send(connection: socket.socket) -> None:
        size = len(body) if length is None else length
        fixed = f"Content-Type: {media}\r\nContent-Length: {size}\r\nConnection: close\r\n"
        head = f"HTTP/1.1 {status}\r\n{fixed}{headers}\r\n"
        connection.sendall(head.encode() + body)

    return send


def close_without_a_byte(connection: socket.socket) -> None:
    connection.shutdown(socket.SHUT_RDWR)


class Server:
    """Reads one request per connection and behaves as the script says, in turn; the last line stays."""

    def __init__(self) -> None:
        self.script: list[Behavior] = []
        self.requests: list[bytes] = []
        self.done = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                with connection:
                    self.requests.append(self._read(connection))
                    behave = self.script.pop(0) if len(self.script) > 1 else self.script[0]
                    with suppress(OSError):
                        behave(connection)

    @staticmethod
    def _read(connection: socket.socket) -> bytes:
        received = b""
        while b"\r\n\r\n" not in received:
            received += connection.recv(65536)
        head, _, body = received.partition(b"\r\n\r\n")
        sizes = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        wanted = int(sizes[0].split(b":")[1]) if sizes else 0
        while len(body) < wanted:
            body += connection.recv(65536)
        return head + b"\r\n\r\n" + body

    def keys(self) -> list[bytes]:
        return [
            line.split(b": ", 1)[1]
            for request in self.requests
            for line in request.split(b"\r\n")
            if line.lower().startswith(b"idempotency-key")
        ]

    def close(self) -> None:
        self.done.set()
        self._listener.close()


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


def client(server: Server, *, timeout_seconds: float = 3, tries: int = 3) -> GatewayClient:
    return GatewayClient(server.url, "sk_test_client0000", timeout_seconds=timeout_seconds, tries=tries)


PROBLEM = b'{"code": "token_used", "detail": "used"}'
MEDIA = "application/problem+json"


@pytest.mark.parametrize(
    "misbehave",
    [
        pytest.param(close_without_a_byte, id="closed"),
        pytest.param(answer("500 Oops", b'{"code": "internal_error"}', media=MEDIA), id="500"),
        pytest.param(answer("502 Bad Gateway", b"<html>", media="text/html"), id="html-502"),
        pytest.param(answer("503 Busy", b"", headers="Retry-After: 0\r\n"), id="503"),
        pytest.param(answer("429 Slow", PROBLEM, media=MEDIA, headers="Retry-After: 0\r\n"), id="429"),
        pytest.param(answer("409 Busy", b'{"code": "idempotency_in_progress"}', media=MEDIA), id="in-progress"),
        pytest.param(answer("200 OK", CLOCK[:20]), id="truncated-json"),
        pytest.param(answer("200 OK", CLOCK[:20], length=len(CLOCK)), id="truncated-body"),
        pytest.param(answer("200 OK", b"<html>", media="text/html"), id="html-200"),
        pytest.param(answer("200 OK", CLOCK, media="text/html"), id="wrong-media-type"),
        pytest.param(answer("200 OK", b'{"now": 5}'), id="wrong-shape"),
        pytest.param(answer("302 Found", b"", headers="Location: http://127.0.0.1:1/\r\n"), id="redirect"),
        pytest.param(answer("404 Not Found", b"nothing", media="text/plain"), id="404-without-a-problem"),
    ],
)
def test_an_answer_that_cannot_be_believed_is_asked_for_again(server: Server, misbehave: Behavior) -> None:
    server.script = [misbehave, answer("200 OK", CLOCK)]
    assert client(server).clock().mode == "live"
    assert len(server.requests) == 2


def test_retries_keep_the_key_and_the_body(server: Server) -> None:
    server.script = [close_without_a_byte]
    with pytest.raises(GatewayUnavailable):
        client(server).create_payment({"amount": 1}, "the-key")
    assert server.keys() == [b"the-key"] * 3
    assert len({request.partition(b"\r\n\r\n")[2] for request in server.requests}) == 1


@pytest.mark.parametrize(("status", "code"), [("409 Conflict", "token_used"), ("422 No", "amount_mismatch")])
def test_a_refusal_is_final_and_carries_the_gateway_s_code(server: Server, status: str, code: str) -> None:
    server.script = [answer(status, b'{"code": "%s", "detail": "no"}' % code.encode(), media=MEDIA)]
    with pytest.raises(GatewayRefused) as refusal:
        client(server).create_payment({}, "k")
    assert (refusal.value.code, len(server.requests)) == (code, 1)


def test_a_stalled_answer_ends_at_the_deadline_as_unknown(server: Server) -> None:
    def stall(_connection: socket.socket) -> None:
        server.done.wait(10)

    server.script = [stall]
    with pytest.raises(GatewayUnavailable):
        client(server, timeout_seconds=0.3, tries=1).clock()


def test_a_dripping_answer_ends_at_the_deadline_as_unknown(server: Server) -> None:
    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n")
        while not server.done.wait(0.05):
            connection.sendall(b" ")

    server.script = [drip]
    with pytest.raises(GatewayUnavailable, match="in time"):
        client(server, timeout_seconds=0.4, tries=1).clock()


def test_an_endless_answer_is_cut_off(server: Server) -> None:
    def flood(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
        while not server.done.is_set():
            connection.sendall(b" " * 65536)

    server.script = [flood]
    with pytest.raises(GatewayUnavailable, match="larger than"):
        client(server, timeout_seconds=20, tries=1).clock()


def test_a_longer_pause_than_is_left_is_not_waited_for(server: Server) -> None:
    server.script = [answer("503 Busy", headers="Retry-After: 3600\r\n")]
    with pytest.raises(GatewayUnavailable):
        client(server).clock()
    assert len(server.requests) == 1


def test_nobody_listening_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(GatewayUnavailable):
        GatewayClient(f"http://127.0.0.1:{port}", "sk_test_client0000", timeout_seconds=1).clock()


def test_unknown_members_pass_by(server: Server) -> None:
    server.script = [answer("200 OK", CLOCK[:-1] + b', "moon": "full", "upcoming": []}')]
    assert client(server).clock().mode == "live"


def test_every_try_leaves_a_call_with_its_key_and_outcome(server: Server) -> None:
    server.script = [answer("503 Busy", headers="Retry-After: 0\r\n"), answer("422 No", PROBLEM, media=MEDIA)]
    with collecting() as calls, pytest.raises(GatewayRefused):
        client(server).create_payment({"token": "tok_1"}, "k1")
    until(lambda: len(calls) == 2, what="two calls")
    assert [(call.status, call.idempotency_key, call.request) for call in calls] == [
        (503, "k1", {"token": "tok_1"}),
        (422, "k1", {"token": "tok_1"}),
    ]
