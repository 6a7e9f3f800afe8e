"""What an account can set about itself: each setting is seen to do what it says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.gateway.client import Account
from tests.gateway.hooked import Hooked
from tests.gateway.receiver import Receiver
from tests.stack import Gateway


@pytest.fixture
def hooked(gateway: Gateway, secret_key: str) -> Iterator[Hooked]:
    made = Hooked(gateway, secret_key)
    yield made
    made.close()


def change(account: Account, **settings: object) -> None:
    changed = account.call("PATCH", "/_sandbox/settings", settings)
    assert {name: changed[name] for name in settings} == settings
    assert account.call("GET", "/_sandbox/settings") == changed


def test_holds_end_after_the_days_that_the_account_sets(account: Account) -> None:
    account.freeze("2026-03-02T12:00:00Z")
    usual = account.pay()
    change(account, hold_days=2)
    short = account.pay()
    assert (usual["expires_at"][:10], short["expires_at"][:10]) == ("2026-03-09", "2026-03-04")
    account.clock(advance="P2D")
    ended = account.payment(short["id"])
    assert (ended["status"], ended["why"]) == ("expired", "clock: the hold ended after 2 days")
    assert account.payment(usual["id"])["status"] == "authorized"


@pytest.mark.parametrize(
    ("listed", "taken"),
    [
        (None, True),
        ([], False),
        (["127.0.0.1"], True),
        (["http://127.0.0.1"], False),
        (["127.0.0.1:{port}"], True),
        (["127.0.0.1:1"], False),
        (["http://127.0.0.1:{port}"], True),
        (["https://127.0.0.1:{port}"], False),
        (["hooks.example", "127.0.0.1"], True),
        (["localhost"], False),
    ],
)
def test_webhooks_may_go_only_where_the_account_lets_them(
    hooked: Hooked, receiver: Receiver, listed: list[str] | None, taken: bool
) -> None:
    change(hooked, webhook_targets=listed and [entry.format(port=receiver.port) for entry in listed])
    if taken:
        hooked.endpoint(receiver)
    else:
        problem = hooked.problem("POST", "/v1/webhook_endpoints", {"url": receiver.url})
        assert problem["param"] == "/url"
        assert "webhook_targets" in problem["detail"]


def test_an_endpoint_saved_before_the_list_is_not_sent_to_any_more(hooked: Hooked, receiver: Receiver) -> None:
    hooked.endpoint(receiver, events=["payment.authorized"])
    change(hooked, webhook_targets=["hooks.example"])
    hooked.pay()
    hooked.drain()
    assert receiver.requests == []
    [delivery] = hooked.deliveries(status="failed")
    assert "webhook_targets" in delivery["error"]


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("hold_days", 0),
        ("hold_days", 31),
        ("hold_days", "7"),
        ("hold_days", None),
        ("webhook_targets", "127.0.0.1"),
        ("webhook_targets", [""]),
        ("webhook_targets", ["http://hooks.example/path"]),
        ("webhook_targets", ["hooks.example/"]),
        ("webhook_targets", ["ftp://hooks.example"]),
        ("webhook_targets", ["user@hooks.example"]),
        ("webhook_targets", ["0x7f000001"]),
        ("webhook_targets", ["a.example"] * 51),
        ("unheard_of", True),
    ],
)
def test_a_setting_that_cannot_be_is_refused_by_name(account: Account, setting: str, value: object) -> None:
    before = account.call("GET", "/_sandbox/settings")
    problem = account.refused(422, "validation_failed", "PATCH", "/_sandbox/settings", {setting: value})
    assert problem["param"].startswith(f"/{setting}")
    assert account.call("GET", "/_sandbox/settings") == before
