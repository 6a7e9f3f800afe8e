"""Deliveries over https, of the gateway's sender and of the app's: to the address that was checked, to nobody who
cannot prove the name. The authority in `certificates/` is nobody's but these tests', its key was thrown away.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from app.notifications.post import post
from sandbox_gateway.webhooks.sender import Sender
from tests.gateway.receiver import Received, receiving

CERTIFICATES = Path(__file__).parent / "certificates"
Lookup = Callable[[str, int], list[str]]


def by_gateway(url: str, lookup: Lookup) -> tuple[int | None, str | None]:
    outcome = Sender(lookup=lookup).send(url, b"{}", {"webhook-id": "evt_1"}, allow_private=True)
    return outcome.status, outcome.error


def by_app(url: str, lookup: Lookup) -> tuple[int | None, str | None]:
    outcome = post(url, b"{}", {"webhook-id": "msg_1"}, allow_private=True, lookup=lookup)
    return outcome.status, outcome.error


class Names:
    """A resolver that leads elsewhere when it is asked again."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, host: str, _port: int) -> list[str]:
        self.asked.append(host)
        return ["127.0.0.1"] if len(self.asked) == 1 else ["169.254.169.254"]


class Seen:
    """What the server was called by before anything was encrypted (SNI), and what came in."""

    def __init__(self) -> None:
        self.names: list[str | None] = []
        self.requests: list[Received] = []


def deliver(
    send: Callable[[str, Lookup], tuple[int | None, str | None]], host: str, certificate: str
) -> tuple[int | None, str | None, Seen, int]:
    """One delivery to a server that shows this certificate."""
    seen, names = Seen(), Names()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATES / f"{certificate}.pem")
    context.sni_callback = lambda _socket, name, _context: seen.names.append(name)
    with receiving(tls=context) as receiver:
        status, error = send(f"https://{host}:{receiver.port}/hook", names)
        seen.requests = list(receiver.requests)
        assert names.asked == [host], "the name is looked up once, so that it cannot lead elsewhere meanwhile"
        return status, error, seen, receiver.port


@pytest.fixture
def _is_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """As an operator makes a company's own authority known to a program."""
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATES / "authority.pem"))


SENDERS = pytest.mark.parametrize("send", [by_gateway, by_app])


@SENDERS
@pytest.mark.usefixtures("_is_trusted")
@pytest.mark.parametrize(
    ("host", "certificate", "asked_for"),
    [
        ("shop.example", "shop", "shop.example"),
        ("shop.example.", "shop", "shop.example"),
        ("a.hooks.example", "wildcard", "a.hooks.example"),
        ("127.0.0.1", "address", None),
    ],
)
def test_a_server_that_proves_its_name_is_called_by_it(
    send: Callable[[str, Lookup], tuple[int | None, str | None]], host: str, certificate: str, asked_for: str | None
) -> None:
    status, error, seen, port = deliver(send, host, certificate)
    assert (status, error) == (204, None)
    assert seen.names == [asked_for]
    (request,) = seen.requests
    assert request.headers["host"] == f"{host}:{port}"


@SENDERS
@pytest.mark.usefixtures("_is_trusted")
@pytest.mark.parametrize(
    ("host", "certificate"),
    [
        ("evil.example", "shop"),
        ("shop.example", "address"),
        ("a.b.hooks.example", "wildcard"),
        ("hooks.example", "wildcard"),
        ("127.0.0.1", "shop"),
        ("shop.example", "expired"),
    ],
)
def test_a_server_that_cannot_prove_the_name_is_told_nothing(
    send: Callable[[str, Lookup], tuple[int | None, str | None]], host: str, certificate: str
) -> None:
    status, error, seen, _ = deliver(send, host, certificate)
    assert status is None
    assert error is not None
    assert error.startswith("no TLS connection: "), error
    assert seen.requests == []


@SENDERS
def test_an_authority_that_nobody_made_known_proves_nothing(
    send: Callable[[str, Lookup], tuple[int | None, str | None]],
) -> None:
    status, error, seen, _ = deliver(send, "shop.example", "shop")
    assert status is None
    assert error is not None
    assert "certificate verify failed" in error
    assert seen.requests == []
