"""What the card form needs of the gateway: the key that a browser may use, and cards for whoever tries it out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from app.errors import GatewayRefused, GatewayUnavailable
from app.gateway import TestCard, gateway
from app.languages import to_say
from app.words import NETWORKS

log = structlog.get_logger("checkout")

_PRESETS = {
    "visa_success": to_say("Pays"),
    "mastercard_success": to_say("Pays"),
    "visa_challenge": to_say("Asks for 3-D Secure"),
    "visa_insufficient_funds": to_say("Declined: not enough money"),
    "visa_lost_card": to_say("Declined for good"),
    "visa_processing_approved": to_say("Pays ten minutes later"),
}


@dataclass(frozen=True)
class Preset:
    """A published test card; `story` is to be said in the customer's language."""

    network: str
    number: str
    cvc: str
    story: str


@dataclass(frozen=True)
class CardForm:
    """Where the browser sends the card, and with which key."""

    publishable_key: str
    tokens_url: str
    presets: Sequence[Preset]


_known: dict[str, CardForm] = {}
"""By the gateway's address: neither key nor cards change while a process lives."""


def card_form() -> CardForm | None:
    """None while the gateway does not answer: then no card can be taken."""
    client = gateway()
    if client.url not in _known:
        try:
            key = str(client.get_account()["publishable_key"])
            presets = [found for card in client.test_cards() if (found := _preset(card))]
        except (GatewayUnavailable, GatewayRefused) as trouble:
            log.warning("no card form", reason=str(trouble))
            return None
        presets.sort(key=lambda preset: list(_PRESETS.values()).index(preset.story))
        _known[client.url] = CardForm(key, f"{client.url}/v1/tokens", presets)
    return _known[client.url]


def _preset(card: TestCard) -> Preset | None:
    if card.name not in _PRESETS or card.number is None:
        return None
    cvc = "1234" if card.network == "amex" else "123"
    return Preset(NETWORKS.get(card.network, card.network), card.number, cvc, _PRESETS[card.name])
