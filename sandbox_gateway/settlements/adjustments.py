"""Money that the gateway books by hand, for or against the merchant: a correction, a bonus, a debt."""

from typing import Annotated, Literal

from pydantic import Field
from sqlalchemy import Connection
from typing_extensions import TypedDict

from sandbox_gateway.accounts import Account
from sandbox_gateway.fields import MOST_AMOUNT, Body, CurrencyCode
from sandbox_gateway.problems import invalid
from sandbox_gateway.routes import Answer, Route
from sandbox_gateway.settlements import movements
from sandbox_gateway.times import to_wire


class AdjustmentCreate(Body):
    amount: Annotated[
        int, Field(ge=-MOST_AMOUNT, le=MOST_AMOUNT, description="In minor units; below zero it is taken. Not 0.")
    ]
    currency: CurrencyCode


class AdjustmentBody(TypedDict):
    """The `source` of a settlement line of type adjustment."""

    id: str
    object: Literal["adjustment"]
    amount: int
    currency: str
    created_at: str


def create_adjustment(tx: Connection, account: Account, body: AdjustmentCreate) -> Answer:
    if body.amount == 0:
        raise invalid("/amount", "must not be 0")
    made: AdjustmentBody = {
        "id": account.new_id("adj"),
        "object": "adjustment",
        "amount": body.amount,
        "currency": body.currency,
        "created_at": to_wire(account.now_us),
    }
    movements.book(
        tx, account, "adjustment", source_id=made["id"], payment=None, amount=body.amount, currency=body.currency
    )
    return Answer(made)


ROUTES = [
    Route(
        "POST",
        "/_sandbox/adjustments",
        create_adjustment,
        "Let the gateway book money by hand",
        tag="Simulation",
        description="A line of today's settlement; with a negative amount the balance can go below zero.",
        body=AdjustmentCreate,
        answer=AdjustmentBody,
        status=201,
    )
]
