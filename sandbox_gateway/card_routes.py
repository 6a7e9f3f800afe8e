"""The catalogue of test cards, as it is shown."""

from typing import Annotated, Literal

from pydantic import Field
from sqlalchemy import Connection
from typing_extensions import TypedDict

from sandbox_gateway.accounts import Account
from sandbox_gateway.declines import DECLINES, AdviceBody, advice_of
from sandbox_gateway.disputes.reasons import DisputeKind, DisputeOutcome, DisputeReason
from sandbox_gateway.routes import Answer, Route
from sandbox_gateway.stories import Authentication, Check, DisputeStory, Processing, Refunding
from sandbox_gateway.test_cards import CARDS, Outcome, TestCard


class CardDispute(TypedDict):
    """The dispute that the cardholder opens an hour after the capture."""

    kind: DisputeKind
    reason: DisputeReason
    outcome: Annotated[
        DisputeOutcome, Field(description="How it ends if it is answered; `evidence`: won if that is complete.")
    ]
    shares: Annotated[list[int], Field(description="How much of the captured money, in percent, by dispute.")]
    comes_back: Annotated[bool, Field(description="Whether a second round follows the first that is won.")]


class TestCardBody(TypedDict):
    """A published test card, and what its bank does."""

    name: str
    number: str
    network: str
    funding: Literal["credit", "debit", "prepaid"]
    country: str
    cvc_length: int
    outcome: Annotated[Outcome, Field(description="What a plain payment comes to at first.")]
    decline_code: Annotated[str | None, Field(description="With which reason a payment is declined in the end.")]
    network_code: Annotated[str | None, Field(description="ISO 8583 field 39 of the decline.")]
    decline_kind: Literal["soft", "hard"] | None
    decline_advice: AdviceBody | None
    authentication: Authentication
    processing: Annotated[Processing, Field(description="Whether the outcome follows ten minutes later.")]
    cvc_check: Check
    avs_line1: Check
    avs_postal_code: Check
    capture_fails: bool
    refund: Annotated[Refunding, Field(description="What becomes of a refund.")]
    dispute: CardDispute | None
    story: str


class TestCardList(TypedDict):
    data: list[TestCardBody]


def list_cards(_tx: Connection, _account: Account) -> Answer:
    return Answer({"data": [_show(card) for card in CARDS.values()]})


def _show(card: TestCard) -> TestCardBody:
    decline = DECLINES[card.decline_code] if card.decline_code else None
    return {
        "name": card.name,
        "number": card.number,
        "network": card.network,
        "funding": card.funding,
        "country": card.country,
        "cvc_length": card.cvc_length,
        "outcome": card.outcome,
        "decline_code": card.decline_code,
        "network_code": decline.network_code if decline else None,
        "decline_kind": decline.kind if decline else None,
        "decline_advice": advice_of(decline, card.network) if decline else None,
        "authentication": card.authentication,
        "processing": card.processing,
        "cvc_check": card.cvc_check,
        "avs_line1": card.avs_line1,
        "avs_postal_code": card.avs_postal_code,
        "capture_fails": card.capture_fails,
        "refund": card.refund,
        "dispute": _show_dispute(card.dispute) if card.dispute else None,
        "story": card.words,
    }


def _show_dispute(story: DisputeStory) -> CardDispute:
    return {
        "kind": story.kind,
        "reason": story.reason,
        "outcome": story.outcome,
        "shares": list(story.shares),
        "comes_back": story.comes_back,
    }


ROUTES = [
    Route("GET", "/_sandbox/cards", list_cards, "The catalogue of test cards", tag="Simulation", answer=TestCardList),
]
