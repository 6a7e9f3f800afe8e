"""Stories: what the bank behind a card does. A token takes its card's story along, and the payment keeps it to its end.

So what is still to come follows the story of that time, whatever has become of the catalogue since.
"""

from dataclasses import dataclass
from typing import Literal

from pydantic import TypeAdapter

from sandbox_gateway.declines import Decline
from sandbox_gateway.disputes.reasons import DisputeKind, DisputeOutcome, DisputeReason

Authentication = Literal[
    "none",
    "frictionless",
    "attempted",
    "challenge",
    "challenge_optional",
    "failed",
    "rejected",
    "unavailable",
]
Processing = Literal["none", "resolves", "fails"]
Refunding = Literal["succeeds", "pending", "fails", "fails_later"]
Check = Literal["pass", "fail", "unavailable", "unchecked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeStory:
    """The disputes that the cardholder opens an hour after the first capture: one for each of `shares`, in percent of
    what was captured.

    `outcome` is how the issuer decides a chargeback that is answered (`evidence`: for the merchant if all evidence that
    the reason requires was given), or how an inquiry ends, answered or not. If it `comes_back`, a second round follows
    days after a first that was won.
    """

    reason: DisputeReason
    kind: DisputeKind = "chargeback"
    outcome: DisputeOutcome = "evidence"
    shares: tuple[int, ...] = (100,)
    comes_back: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What happens to a payment with this card.

    `authentication` is what the issuer asks for before the authorization. `decline` is what it then answers (None: it
    approves). `processing`: whether that answer takes ten minutes, or the payment turns out never to have been
    submitted. `refund`: at once, after a day, never, or taken back days after it succeeded.
    """

    name: str
    network: str
    words: str
    decline: Decline | None = None
    authentication: Authentication = "none"
    processing: Processing = "none"
    cvc_check: Check = "pass"
    avs_line1: Check = "pass"
    avs_postal_code: Check = "pass"
    capture_fails: bool = False
    refund: Refunding = "succeeds"
    dispute: DisputeStory | None = None

    @property
    def why(self) -> str:
        return f"card {self.name}: {self.words}"


_KEPT = TypeAdapter(Story)


def keep(story: Story) -> str:
    """The story as text. What is as with most cards is left out; so is all that the catalogue says beside it."""
    return _KEPT.dump_json(story, exclude_defaults=True).decode()


def recall(kept: str) -> Story:
    return _KEPT.validate_json(kept)
