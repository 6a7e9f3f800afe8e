"""Outcomes that come later or otherwise than asked: captures that fail, refunds that wait, fail and come back."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import sandbox_gateway
from sandbox_gateway.test_cards import CARDS
from tests.gateway.client import Account, Json
from tests.stack import Gateway


def _told(account: Account) -> list[tuple[str, int, str]]:
    return [
        (event["type"], event["data"]["version"], event["data"]["status"])
        for event in account.events()
        if event["type"].startswith(("payment.", "refund."))
    ]


def _lines(account: Account) -> list[tuple[str, int]]:
    """Type and gross of each settlement line, once the days are over."""
    account.clock(advance="P30D")
    found: list[tuple[str, int]] = []
    for settlement in reversed(account.call("GET", "/v1/settlements?limit=100")["data"]):
        lines = account.call("GET", f"/v1/settlements/{settlement['id']}/lines?limit=100")["data"]
        found.extend((line["type"], line["gross"]) for line in reversed(lines))
    return [line for line in found if line[0] in ("capture", "refund", "refund_failure")]


def test_a_failed_capture_takes_nothing_and_leaves_the_hold(account: Account) -> None:
    account.freeze()
    paid = account.pay("visa_capture_fails", amount=1000)
    assert (paid["status"], paid["capture_failure"]) == ("authorized", None)
    answer = account.act(paid["id"], "capture", {"amount": 400, "final": True}, key="once")
    tried = answer.json()
    assert (answer.status_code, tried["status"], tried["version"]) == (200, "authorized", 2)
    assert (tried["amount_captured"], tried["amount_capturable"], tried["captures"]) == (0, 1000, [])
    assert (tried["expires_at"], tried["authorization_code"]) == (paid["expires_at"], paid["authorization_code"])
    assert tried["capture_failure"] == {
        "code": "authorization_not_honored",
        "message": tried["capture_failure"]["message"],
        "amount": 400,
        "currency": "USD",
        "failed_at": "2026-03-02T12:00:00.000000Z",
    }
    assert "visa_capture_fails" in tried["why"]
    assert account.act(paid["id"], "capture", {"amount": 400, "final": True}, key="once").content == answer.content
    account.refused(409, "invalid_transition", "POST", f"/v1/payments/{paid['id']}/refunds", {})
    assert account.act(paid["id"], "void").json()["status"] == "voided"
    assert _told(account) == [
        ("payment.authorized", 1, "authorized"),
        ("payment.capture_failed", 2, "authorized"),
        ("payment.voided", 3, "voided"),
    ]
    assert _lines(account) == []


def test_an_immediate_capture_that_fails_leaves_a_hold_that_ends(account: Account) -> None:
    account.freeze()
    paid = account.pay("visa_capture_fails", capture=True)
    assert (paid["status"], paid["version"], paid["amount_captured"]) == ("authorized", 2, 0)
    account.clock(advance="P7D")
    assert account.payment(paid["id"])["status"] == "expired"
    assert [type_ for type_, _, _ in _told(account)] == [
        "payment.authorized",
        "payment.capture_failed",
        "payment.expired",
    ]


@pytest.mark.parametrize(
    ("card", "events", "lines"),
    [
        (
            "visa_refund_pending",
            [("refund.created", 1, "pending"), ("refund.succeeded", 2, "succeeded")],
            [("capture", 1000), ("refund", -400)],
        ),
        (
            "visa_refund_fails",
            [("refund.created", 1, "pending"), ("refund.failed", 2, "failed")],
            [("capture", 1000)],
        ),
        (
            "visa_refund_fails_later",
            [("refund.created", 1, "pending"), ("refund.succeeded", 2, "succeeded"), ("refund.failed", 3, "failed")],
            [("capture", 1000), ("refund", -400), ("refund_failure", 400)],
        ),
    ],
)
def test_a_refund_takes_its_cards_way_and_money_moves_as_events_tell(
    account: Account, card: str, events: list[tuple[str, int, str]], lines: list[tuple[str, int]]
) -> None:
    account.freeze()
    paid = account.pay(card, amount=1000, capture=True)
    refund = account.act(paid["id"], "refund", {"amount": 400}).json()
    held = account.payment(paid["id"])
    assert (held["amount_refunded"], held["amount_refundable"], held["refunds"]) == (400, 600, [refund])
    account.refused(422, "amount_too_large", "POST", f"/v1/payments/{paid['id']}/refunds", {"amount": 601})
    account.clock(advance="P3D")
    after = account.payment(paid["id"])
    failed = events[-1][2] == "failed"
    assert (after["amount_refunded"], after["status"]) == ((0, "captured") if failed else (400, "partially_refunded"))
    ended = account.call("GET", f"/v1/refunds/{refund['id']}")
    assert after["refunds"] == [ended]
    assert after["version"] == held["version"] + 1
    assert ((ended["failure"] or "").endswith("account behind the card is closed."), card in ended["why"]) == (
        failed,
        True,
    )
    assert [told for told in _told(account) if told[0].startswith("refund.")] == events
    if failed:
        assert account.act(paid["id"], "refund").json()["amount"] == 1000
        lines = lines[:2] if card == "visa_refund_fails" else lines
        assert _lines(account)[: len(lines)] == lines
    else:
        assert _lines(account) == lines


_TOKEN = {"test_card": "visa_processing_declined", "amount": 1999, "currency": "USD"}


def _with_another_catalogue(gateway: Gateway) -> None:
    """Go on with a copy of the program in which every story is told otherwise, and some cards are gone."""
    package = Path(sandbox_gateway.__file__).parent
    copy = gateway.data_dir / "sandbox_gateway"
    shutil.copytree(package, copy, ignore=shutil.ignore_patterns("__pycache__"))
    migrations = Path("migrations", "gateway")
    shutil.copytree(package.parent / migrations, gateway.data_dir / migrations)
    table = copy / "test_cards.py"
    edit = """
CARDS = {card.name: card for card in CARDS.values() if card.name == "visa_success"}
BY_NUMBER = {card.number: card for card in CARDS.values()}
"""
    table.write_text(table.read_text().replace("The plain case", "EDITED") + edit)
    gateway.restart()


def test_old_payments_keep_their_reasons_and_their_stories_when_the_catalogue_is_edited(
    start_gateway: Callable[..., Gateway],
) -> None:
    gateway = start_gateway()
    account = Account(gateway)
    account.freeze()
    refunded = account.pay("visa_refund_fails", capture=True)
    refund = account.act(refunded["id"], "refund", {"amount": 9}).json()
    before = {
        name: account.pay(name, capture=True)
        for name in ("visa_success", "visa_lost_card", "visa_processing_declined", "visa_challenge_insufficient_funds")
    }
    token = account.token("visa_insufficient_funds")
    _with_another_catalogue(gateway)

    listed = account.call("GET", "/_sandbox/cards")["data"]
    assert [(card["name"], "EDITED" in card["story"]) for card in listed] == [("visa_success", True)]
    account.refused(422, "validation_failed", "POST", "/_sandbox/tokens", _TOKEN)
    assert {name: account.payment(paid["id"]) for name, paid in before.items()} == before

    body = {"token": token, "amount": 1999, "currency": "USD"}
    assert account.call("POST", "/v1/payments", body)["decline"]["code"] == "insufficient_funds"
    account.move("payments", before["visa_challenge_insufficient_funds"]["id"], "approve_challenge")
    account.clock(advance="P1D")
    for name in ("visa_processing_declined", "visa_challenge_insufficient_funds"):
        after: Json = account.payment(before[name]["id"])
        assert (after["status"], after["why"]) == ("declined", f"card {name}: {CARDS[name].words}")
    failed = account.call("GET", f"/v1/refunds/{refund['id']}")
    assert (failed["status"], failed["why"]) == ("failed", refund["why"])
    account.close()
