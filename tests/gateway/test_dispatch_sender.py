"""One sending over real sockets: deadlines, redirects, lost connections, addresses that change their mind."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from sandbox_gateway.webhooks.sender import Sender
from tests.gateway.receiver import Received, Receiver, Reply
from tests.stack import free_port

SOON = 0.4


@contextlib.contextmanager
def raw_server(behave: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server that hands each connection, its request head read, to `behave`; yields the port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    threading.Thread(target=serve, args=(connection,), daemon=True).start()

        def serve(connection: socket.socket) -> None:
            with connection, contextlib.suppress(OSError):
                connection.recv(65536)
                behave(connection)

        threading.Thread(target=accept, daemon=True).start()
        yield server.getsockname()[1]


def test_a_delivery_is_one_post_with_its_headers_and_body(receiver: Receiver) -> None:
    receiver.rule = lambda _request: Reply(200, {"X-Seen": "yes"}, b"thanks")
    outcome = Sender().send(f"{receiver.url}?a=1", b'{"a":1}', {"webhook-id": "evt_1"}, allow_private=True)

    assert (outcome.status, outcome.body, outcome.error) == (200, "thanks", None)
    assert outcome.acknowledged
    assert outcome.headers["X-Seen"] == "yes"
    [request] = receiver.requests
    assert request.path == "/hook?a=1"
    assert request.body == b'{"a":1}'
    assert request.id == "evt_1"
    assert request.headers["host"] == f"127.0.0.1:{receiver.port}"


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308, 400, 404, 409, 429, 500, 503])
def test_only_2xx_acknowledges_and_redirects_are_not_followed(receiver: Receiver, status: int) -> None:
    receiver.rule = lambda _request: Reply(status, {"Location": "/elsewhere"})
    outcome = Sender().send(receiver.url, b"{}", {}, allow_private=True)

    assert outcome.status == status
    assert not outcome.acknowledged
    assert [request.path for request in receiver.requests] == ["/hook"]


def is_cut_off(connection: socket.socket) -> bool:
    """Whether the sender hangs up within a moment."""
    readable, _, _ = select.select([connection], [], [], 0.02)
    return bool(readable) and not connection.recv(65536)


def trickle_head(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    number = 0
    while not is_cut_off(connection):
        connection.sendall(f"X-{number}: y\r\n".encode())
        number += 1


def say_nothing(connection: socket.socket) -> None:
    while connection.recv(65536):
        pass


@pytest.mark.parametrize("behave", [say_nothing, trickle_head])
def test_a_receiver_that_takes_too_long_is_cut_off(behave: Callable[[socket.socket], None]) -> None:
    with raw_server(behave) as port:
        outcome = Sender(total_seconds=SOON).send(f"http://127.0.0.1:{port}/", b"{}", {}, allow_private=True)

    assert outcome.error == "no answer within 0.4 seconds"
    assert outcome.status is None


def test_an_answer_counts_though_its_body_never_ends() -> None:
    def trickle_body(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 202 Accepted\r\nConnection: close\r\nContent-Length: 100000\r\n\r\n")
        while not is_cut_off(connection):
            connection.sendall(b"word ")

    with raw_server(trickle_body) as port:
        outcome = Sender(total_seconds=SOON).send(f"http://127.0.0.1:{port}/", b"{}", {}, allow_private=True)

    assert outcome.acknowledged
    assert outcome.body.startswith("word word")


def test_of_a_long_answer_the_beginning_is_kept(receiver: Receiver) -> None:
    receiver.rule = lambda _request: Reply(200, body=b"\x00\xff" + b"x" * 1_000_000)
    outcome = Sender().send(receiver.url, b"{}", {}, allow_private=True)

    assert outcome.body == "\ufffd\ufffd" + "x" * 4094


def test_a_refused_connection_is_told_as_such() -> None:
    outcome = Sender().send(f"http://127.0.0.1:{free_port()}/", b"{}", {}, allow_private=True)

    assert outcome.error == "no connection: Connection refused"


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1", b"SSH-2.0-OpenSSH_9.2\r\n", b"\x00" * 500])
def test_what_is_not_an_http_answer_is_an_error(said: bytes) -> None:
    with raw_server(lambda connection: connection.sendall(said)) as port:
        outcome = Sender(total_seconds=5).send(f"http://127.0.0.1:{port}/", b"{}", {}, allow_private=True)

    assert outcome.status is None
    assert outcome.error == "the connection ended without a whole answer"


def test_a_connection_that_idled_away_is_no_failed_try(receiver: Receiver) -> None:
    closed = threading.Event()

    def answer_once(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
        # The next request on this connection gets no answer, as when both sides act at the same moment.
        connection.recv(65536)
        closed.set()

    sender = Sender()
    with raw_server(answer_once) as port:
        url = f"http://127.0.0.1:{port}/"
        assert sender.send(url, b"{}", {}, allow_private=True).status == 204
        assert sender.send(url, b"{}", {}, allow_private=True).status == 204
    assert closed.is_set()


def test_a_name_with_a_dead_address_is_tried_at_the_next(receiver: Receiver) -> None:
    sender = Sender(lookup=lambda _host, _port: ["127.0.0.2", "127.0.0.1"])
    outcome = sender.send(f"http://shop.example:{receiver.port}/hook", b"{}", {}, allow_private=True)

    assert outcome.status == 204
    assert receiver.requests[0].headers["host"] == f"shop.example:{receiver.port}"


def test_a_name_that_turns_forbidden_after_it_was_saved_is_not_connected_to(receiver: Receiver) -> None:
    sender = Sender(lookup=lambda _host, _port: ["127.0.0.1"])
    outcome = sender.send(f"http://shop.example:{receiver.port}/hook", b"{}", {}, allow_private=False)

    assert outcome.error is not None
    assert "not a public address" in outcome.error
    assert receiver.requests == []


def test_a_name_without_addresses_is_told_as_such() -> None:
    def nothing(_host: str, _port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    outcome = Sender(lookup=nothing).send("http://shop.example/", b"{}", {}, allow_private=True)

    assert outcome.error == "the host name cannot be resolved"


@pytest.mark.parametrize(
    ("value", "least", "most"),
    [
        ("120", 120, 120),
        ("0", 0, 0),
        ("999999999999", 604_800, 604_800),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0, 0),
        ("Fri, 31 Dec 2100 23:59:59 GMT", 604_800, 604_800),
        ("soon", 0, 0),
        ("-5", 0, 0),
        ("1.5", 0, 0),
        ("\u0661", 0, 0),
    ],
)
def test_retry_after_is_understood_in_both_forms(receiver: Receiver, value: str, least: int, most: int) -> None:
    def busy(_request: Received) -> Reply:
        return Reply(503, {"Retry-After": value.encode().decode("latin-1")})

    receiver.rule = busy
    outcome = Sender().send(receiver.url, b"{}", {}, allow_private=True)

    assert least <= outcome.retry_after <= most
