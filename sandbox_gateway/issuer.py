"""The bank behind the card. It follows the card's story from `test_cards.py`: amounts and names trigger nothing."""

from dataclasses import dataclass
from typing import Literal

from typing_extensions import TypedDict

from sandbox_gateway.declines import DECLINES, Decline
from sandbox_gateway.stories import Check, Story

THREE_DS_VERSION = "2.2.0"

ThreeDs = Literal["auto", "force", "skip"]
AuthenticationOutcome = Literal[
    "frictionless",
    "attempted",
    "challenge_required",
    "challenge_passed",
    "challenge_failed",
    "challenge_canceled",
    "challenge_abandoned",
    "failed",
    "rejected",
    "unavailable",
]

# Electronic commerce indicators: authenticated, tried with the network standing in for the issuer, and neither.
# Mastercard counts on its own.
_ECI: dict[AuthenticationOutcome, tuple[str, str]] = {
    "frictionless": ("05", "02"),
    "challenge_passed": ("05", "02"),
    "attempted": ("06", "01"),
    "unavailable": ("07", "00"),
}


# Where the issuer will not have a payment without it.
_DEMANDED = ("challenge", "failed", "rejected")


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


def authenticate(story: Story, three_ds: ThreeDs) -> Authenticated:
    """What the issuer says when it is asked to authenticate the customer, or is not asked."""
    if three_ds == "skip":
        demanded = story.authentication in _DEMANDED
        return Authenticated(None, DECLINES["authentication_required"] if demanded else None)
    match story.authentication:
        case "challenge":
            return Authenticated(authentication(story, "challenge_required"))
        case "challenge_optional" if three_ds == "force":
            return Authenticated(authentication(story, "challenge_required"))
        case "failed" | "rejected" as refusal:
            return Authenticated(authentication(story, refusal), DECLINES[f"authentication_{refusal}"])
        case "frictionless" | "attempted" | "unavailable" as outcome:
            return Authenticated(authentication(story, outcome))
        case _ if three_ds == "force":
            return Authenticated(authentication(story, "frictionless"))
    return Authenticated(None)


def authentication(story: Story, outcome: AuthenticationOutcome) -> Authentication:
    eci = _ECI.get(outcome)
    return {
        "outcome": outcome,
        "eci": None if eci is None else eci[story.network == "mastercard"],
        "version": THREE_DS_VERSION,
    }


def check(story: Story, *, line1: bool, postal_code: bool) -> Checks:
    """What the issuer says of the security code and of those parts of the address that it was given."""
    return {
        "cvc": story.cvc_check,
        "avs_line1": story.avs_line1 if line1 else "unchecked",
        "avs_postal_code": story.avs_postal_code if postal_code else "unchecked",
    }
