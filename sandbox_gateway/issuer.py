"""The bank behind the card. It reads one table, `test_cards.py`: amounts and names trigger nothing."""

from dataclasses import dataclass
from typing import Literal

from typing_extensions import TypedDict

from sandbox_gateway.test_cards import DECLINES, Check, Decline, TestCard

THREE_DS_VERSION = "2.2.0"

ThreeDs = Literal["auto", "force", "skip"]
AuthenticationOutcome = Literal[
    "frictionless",
    "challenge_required",
    "challenge_passed",
    "challenge_failed",
    "challenge_canceled",
    "challenge_abandoned",
    "rejected",
    "unavailable",
]

# Electronic commerce indicators: authenticated, and not authenticated. Mastercard counts on its own.
_ECI: dict[AuthenticationOutcome, tuple[str, str]] = {
    "frictionless": ("05", "02"),
    "challenge_passed": ("05", "02"),
    "unavailable": ("07", "00"),
}


class Authentication(TypedDict):
    """What 3-D Secure brought. `eci` is null where the payment did not go on to the issuer."""

    outcome: AuthenticationOutcome
    eci: str | None
    version: str


class Checks(TypedDict):
    cvc: Check
    avs_line1: Check
    avs_postal_code: Check


@dataclass(frozen=True, slots=True)
class Authenticated:
    """The first answer: go on to the authorization (`decline` is None), perhaps after a challenge, or not at all."""

    authentication: Authentication | None
    decline: Decline | None = None

    @property
    def needs_challenge(self) -> bool:
        return self.authentication is not None and self.authentication["outcome"] == "challenge_required"


def authenticate(card: TestCard, three_ds: ThreeDs) -> Authenticated:
    """What the issuer says when it is asked to authenticate the customer, or is not asked."""
    demanded = card.authentication in ("challenge", "rejected")
    if three_ds == "skip":
        return Authenticated(None, DECLINES["authentication_required"] if demanded else None)
    if card.authentication == "challenge":
        return Authenticated(authentication(card, "challenge_required"))
    if card.authentication == "rejected":
        return Authenticated(authentication(card, "rejected"), DECLINES["authentication_rejected"])
    if card.authentication == "unavailable":
        return Authenticated(authentication(card, "unavailable"))
    if card.authentication == "frictionless" or three_ds == "force":
        return Authenticated(authentication(card, "frictionless"))
    return Authenticated(None)


def authentication(card: TestCard, outcome: AuthenticationOutcome) -> Authentication:
    eci = _ECI.get(outcome)
    return {
        "outcome": outcome,
        "eci": None if eci is None else eci[card.network == "mastercard"],
        "version": THREE_DS_VERSION,
    }


def authorize(card: TestCard) -> Decline | None:
    """Why the issuer declines; None when it approves."""
    return None if card.decline_code is None else DECLINES[card.decline_code]


def check(card: TestCard, *, line1: bool, postal_code: bool) -> Checks:
    """What the issuer says of the security code and of those parts of the address that it was given."""
    return {
        "cvc": card.cvc_check,
        "avs_line1": card.avs_check if line1 else "unchecked",
        "avs_postal_code": card.avs_check if postal_code else "unchecked",
    }
