"""What steers the simulation beside clock and faults: the catalogue of test cards, and starting afresh."""

from typing import Annotated, Literal

from pydantic import Field
from sqlalchemy import Connection, bindparam, delete, update
from typing_extensions import TypedDict

from sandbox_gateway.accounts import LIVE, Account, accounts
from sandbox_gateway.routes import Answer, Route
from sandbox_gateway.schema import metadata
from sandbox_gateway.test_cards import CARDS, DECLINES, Outcome, TestCard

_CLEAR = (
    update(accounts)
    .where(accounts.c.id == bindparam("account_id"))
    .values(clock_mode=LIVE, clock_offset_us=0, clock_frozen_us=None, faults=0, drawn=0)
)


class TestCardBody(TypedDict):
    """A published test card, and what its bank does."""

    name: str
    number: str
    network: str
    funding: str
    country: str
    cvc_length: int
    outcome: Outcome
    decline_code: str | None
    network_code: Annotated[str | None, Field(description="ISO 8583 field 39 of the decline.")]
    decline_kind: Literal["soft", "hard"] | None
    authentication: Literal["none", "frictionless", "challenge", "rejected", "unavailable"]
    story: str


class TestCardList(TypedDict):
    data: list[TestCardBody]


def list_cards(_tx: Connection, _account: Account) -> Answer:
    return Answer({"data": [_show(card) for card in CARDS.values()]})


def reset(tx: Connection, account: Account) -> Answer:
    """Take away the account's objects, faults and moved clock, and begin its seeded row anew."""
    for table in reversed(metadata.sorted_tables):
        if "account_id" in table.c and not table.info.get("kept_on_reset"):
            tx.execute(delete(table).where(table.c.account_id == account.id))
    tx.execute(_CLEAR, {"account_id": account.id})
    return Answer(None)


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
        "authentication": card.authentication,
        "story": card.story,
    }


ROUTES = [
    Route("GET", "/_sandbox/cards", list_cards, "The catalogue of test cards", tag="Simulation", answer=TestCardList),
    Route(
        "POST",
        "/_sandbox/reset",
        reset,
        "Start afresh",
        tag="Simulation",
        description="Objects, faults and the moved clock go, the seeded row begins anew; endpoints and settings stay.",
        status=204,
    ),
]
