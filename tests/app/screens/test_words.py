"""Whatever may stand on a screen has words and a tone."""

from __future__ import annotations

from pathlib import Path

import pytest

from app import words
from app.folders import folder
from app.orders.place import CAPTURE_POLICIES
from app.orders.states import OrderStatus
from app.payments.declines import DECLINES, explain
from app.payments.refund import REASONS
from app.payments.states import PaymentStatus, RefundStatus
from tests.clients import GatewayAccount


@pytest.mark.parametrize(
    ("kind", "statuses"),
    [("order", list(OrderStatus)), ("payment", list(PaymentStatus)), ("refund", list(RefundStatus))],
)
def test_every_status_has_a_word_of_its_own(kind: str, statuses: list[str]) -> None:
    assert set(words.KINDS[kind]) == set(statuses)
    labels = [word.label for word in words.KINDS[kind].values()]
    assert len(set(labels)) == len(labels)


def test_every_tone_has_its_colors() -> None:
    styles = (Path(folder("static")) / "desk.css").read_text(encoding="utf-8")
    tones = {word.tone for kind in words.KINDS.values() for word in kind.values()}
    assert all(f".tone-{tone} {{" in styles for tone in tones)


def test_every_choice_has_words() -> None:
    assert set(words.REFUND_REASONS) == set(REASONS)
    assert set(words.CAPTURE_POLICIES) == set(CAPTURE_POLICIES)


def test_a_status_that_a_gateway_added_since_is_shown_as_it_is_spelled() -> None:
    assert words.word_for("payment", "held_by_bank").label == "Held by bank"


def test_every_decline_of_the_catalogue_is_explained(account: GatewayAccount) -> None:
    cards = account.call("GET", "/_sandbox/cards")["data"]
    codes = {card["decline_code"] for card in cards if card["decline_code"]}
    assert codes <= set(DECLINES)


@pytest.mark.parametrize(
    ("decline", "kind", "shown"),
    [
        (
            {"code": "new_code", "kind": "soft", "message": "The bank is on holiday."},
            "customer",
            "The bank is on holiday.",
        ),
        ({"code": "new_code", "kind": "hard", "message": ""}, "never", "The bank said no."),
    ],
)
def test_a_decline_that_nobody_knows_is_told_in_the_gateways_words(
    decline: dict[str, str], kind: str, shown: str
) -> None:
    told = explain(decline)
    assert (told.kind, told.words) == (kind, shown)
