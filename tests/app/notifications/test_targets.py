"""Where callbacks may go: the spellings that the gateway's sender is tried with, and names that lead elsewhere."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any

import pytest

from app.config import load_settings
from app.errors import SettingError
from app.notifications import connected
from app.notifications.post import post
from app.notifications.targets import TargetRefused, check_address, parse_target
from tests.gateway.receiver import Receiver
from tests.gateway.test_targets import NEVER, NOT_A_TARGET, PRIVATE, PUBLIC, TAKEN

BODY, HEADERS = b'{"type":"order.paid"}', {"webhook-id": "msg_1"}
_GETADDRINFO = socket.getaddrinfo


@pytest.mark.parametrize(("url", "target"), TAKEN)
def test_a_plain_url_is_taken_apart(url: str, target: Any) -> None:
    taken = parse_target(url)
    assert (taken.scheme, taken.host, taken.port, taken.path) == (target.scheme, target.host, target.port, target.path)


@pytest.mark.parametrize("url", NOT_A_TARGET)
def test_every_other_spelling_is_refused(url: str) -> None:
    with pytest.raises(TargetRefused):
        parse_target(url)


@pytest.mark.parametrize(
    ("address", "with_private", "without"),
    [
        *((one, False, False) for one in NEVER),
        *((one, True, False) for one in PRIVATE),
        *((one, True, True) for one in PUBLIC),
    ],
)
def test_an_address_is_allowed_or_not_whatever_it_is_wrapped_in(
    address: str, with_private: bool, without: bool
) -> None:
    for allow_private, allowed in ((True, with_private), (False, without)):
        if allowed:
            check_address(address, allow_private=allow_private)
        else:
            with pytest.raises(TargetRefused):
                check_address(address, allow_private=allow_private)


@pytest.mark.parametrize("url", ["http://169.254.169.254/", "http://0x7f.1/", "ftp://shop.example/", "http://u:p@x/"])
def test_the_setting_is_refused_when_it_is_read(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connected, "_connected", [])
    given = {"COUNTERFOIL_ORDER_SERVICE_URL": url, "COUNTERFOIL_SECRET_KEY": "x" * 32}
    settings = load_settings(given, {"COUNTERFOIL_GATEWAY_SECRET_KEY": "sk_test_targets1"})
    with pytest.raises(SettingError, match="COUNTERFOIL_ORDER_SERVICE_URL"):
        connected.connect(
            settings, describe_order=lambda *_: {}, pay_link=lambda *_: None, history_link=lambda *_: None
        )


class Names:
    """The system's resolver, as far as names go: each look gives the next of its answers."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)

    def __call__(self, host: str, port: int, *args: Any, **options: Any) -> list[Any]:
        try:
            ipaddress.ip_address(host)
        except ValueError:
            found = self.answers.pop(0)
            return [entry for one in found for entry in _GETADDRINFO(one, port, *args, **options)]
        return _GETADDRINFO(host, port, *args, **options)


@pytest.mark.parametrize(
    ("leads_to", "allow_private"),
    [
        (["169.254.169.254"], True),
        (["127.0.0.1"], False),
        (["10.0.0.1"], False),
        (["::ffff:169.254.169.254"], True),
        (["8.8.8.8", "127.0.0.1"], False),
    ],
)
def test_a_name_that_leads_to_a_forbidden_address_is_not_called(
    leads_to: list[str], allow_private: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", Names(leads_to))
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("it was connected to"))
    outcome = post("http://shop.example/hook", BODY, HEADERS, allow_private=allow_private)
    assert outcome.status is None
    assert outcome.error is not None
    assert outcome.error.startswith("not sent: ")


def test_what_is_connected_to_is_what_was_checked(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    names = Names(["127.0.0.1"], ["169.254.169.254"])
    monkeypatch.setattr(socket, "getaddrinfo", names)
    before = len(receiver.requests)
    outcome = post(f"http://shop.example:{receiver.port}/hook", BODY, HEADERS, allow_private=True)
    assert outcome.status == 204
    (request,) = receiver.requests[before:]
    assert request.headers["host"] == f"shop.example:{receiver.port}"
    assert len(names.answers) == 1, "the name is looked up once"
    receiver.requests.remove(request)
