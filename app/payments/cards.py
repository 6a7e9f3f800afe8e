"""The sandbox's own catalogue of cards, in groups by what each does, for the screens on which one is chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from app.errors import GatewayRefused, GatewayUnavailable
from app.gateway import TestCard, gateway
from app.words import NETWORKS

log = structlog.get_logger("payments")

Choices = dict[str, list[tuple[str, str]]]
GROUPS = {
    "approved": "Approved",
    "challenge": "Asks the customer to confirm (3-D Secure)",
    "processing": "Answers later",
    "declined": "Declined",
}


def _name(card: TestCard) -> str:
    story = card.name.removeprefix(f"{card.network}_").replace("_", " ")
    network = NETWORKS.get(card.network, card.network)
    last4 = f" ···· {card.number[-4:]}" if card.number else ""
    return f"{network}{last4}: {story}"


def grouped(cards: Sequence[TestCard]) -> Choices:
    """What a select offers: the group's words, then each card's name and its words."""
    groups: Choices = {words: [] for words in GROUPS.values()}
    for card in cards:
        words = GROUPS.get(card.outcome, card.outcome.replace("_", " ").capitalize())
        groups.setdefault(words, []).append((card.name, _name(card)))
    return {words: choices for words, choices in groups.items() if choices}


@dataclass(frozen=True)
class Catalogue:
    """What a select offers, and what each card does, by its name."""

    choices: Choices
    stories: dict[str, str]


def catalogue() -> Catalogue | None:
    """The catalogue, asked of the gateway now; None where it does not answer."""
    try:
        cards = gateway().test_cards()
    except (GatewayUnavailable, GatewayRefused) as trouble:
        log.warning("no catalogue of cards", reason=str(trouble))
        return None
    return Catalogue(grouped(cards), {card.name: card.story for card in cards if card.story})
