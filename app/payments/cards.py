"""The sandbox's own catalogue of cards, in groups by what each does, for the screens on which one is chosen."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from app.errors import GatewayRefused, GatewayUnavailable
from app.gateway import TestCard, gateway
from app.words import NETWORKS

log = structlog.get_logger("payments")

Choices = dict[str, list[tuple[str, str]]]
HOME = "US"
"""Where most cards of the catalogue come from."""


class Group(enum.StrEnum):
    """What a card is chosen for, in the order in which a select offers it."""

    APPROVED = "Approved"
    AUTHENTICATED = "3-D Secure"
    LATER = "Answers later"
    DECLINED = "Declined"
    GOES_WRONG = "The capture or the refund goes wrong"
    DISPUTED = "Disputed after the capture"
    ABROAD = "Approved, from abroad"
    OTHER = "Something else"


def group_of(card: TestCard) -> Group:
    """What a person looks for who wants this card: the least usual thing about it."""
    if card.dispute is not None:
        return Group.DISPUTED
    if card.capture_fails or card.refund != "succeeds":
        return Group.GOES_WRONG
    if card.authentication != "none":
        return Group.AUTHENTICATED
    if card.outcome == "processing":
        return Group.LATER
    if card.outcome == "declined":
        return Group.DECLINED
    if card.outcome != "approved":
        return Group.OTHER
    return Group.ABROAD if card.network == "visa" and card.country not in (None, HOME) else Group.APPROVED


def _name(card: TestCard) -> str:
    story = card.name.removeprefix(f"{card.network}_").replace("_", " ")
    network = NETWORKS.get(card.network, card.network)
    last4 = f" ···· {card.number[-4:]}" if card.number else ""
    return f"{network}{last4}: {story}"


def grouped(cards: Sequence[TestCard]) -> Choices:
    """What a select offers: the group's words, then each card's name and its words."""
    groups: Choices = {group.value: [] for group in Group}
    for card in cards:
        groups[group_of(card).value].append((card.name, _name(card)))
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
