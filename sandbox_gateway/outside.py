"""Driving an object: what the outside world (banks, cardholders, time) could do to it now, and doing one of these.

A room registers its kind of object; another may add moves to it. A move does what would have happened by itself, by the
same code: the same events, the same settlement lines. It takes away the jobs that it forestalls.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field
from sqlalchemy import Connection
from typing_extensions import TypedDict

from sandbox_gateway.accounts import Account
from sandbox_gateway.fields import Body, text_field
from sandbox_gateway.problems import Problem
from sandbox_gateway.routes import Answer, Route

Kind = Literal["payments", "refunds", "disputes", "payouts"]

# Where a chosen move stands in place of a card, fault or setting in an object's `why`.
CHOSEN = "next"


@dataclass(frozen=True, slots=True)
class Move:
    """One thing that could happen now: its name on the wire, what it is in words, and doing it to the object."""

    name: str
    what: str
    do: Callable[[Connection, Account, str], None]


# The moves that are legal now. The first finder of a kind raises `not_found` for an unknown id.
Finder = Callable[[Connection, Account, str], list[Move]]
Shower = Callable[[Connection, Account, str], Mapping[str, Any]]


class MoveBody(TypedDict):
    action: str
    description: str


class MoveList(TypedDict):
    data: list[MoveBody]


class MoveChosen(Body):
    action: Annotated[str, text_field(80, least=1), Field(description="One of those that GET lists just now.")]


_FINDERS: dict[Kind, list[Finder]] = {}


def register(kind: Kind, find: Finder, show: Shower, answer: Any) -> list[Route]:
    """The routes of `/_sandbox/{kind}/{id}/next`. `show` gives the object whole, `answer` is its model."""
    assert kind not in _FINDERS, kind
    _FINDERS[kind] = [find]

    def list_moves(tx: Connection, account: Account, object_id: str) -> Answer:
        moves = _moves(kind, tx, account, object_id)
        return Answer({"data": [{"action": move.name, "description": move.what} for move in moves]})

    def do_move(tx: Connection, account: Account, object_id: str, body: MoveChosen) -> Answer:
        moves = {move.name: move for move in _moves(kind, tx, account, object_id)}
        chosen = moves.get(body.action)
        if chosen is None:
            raise Problem(
                "invalid_transition",
                "Nothing of this kind can happen to the object now; allowed_actions lists what can.",
                current_status=show(tx, account, object_id)["status"],
                allowed_actions=list(moves),
            )
        chosen.do(tx, account, object_id)
        return Answer(show(tx, account, object_id))

    singular = kind.removesuffix("s")
    list_moves.__name__, do_move.__name__ = f"list_moves_of_{singular}", f"move_{singular}"
    path = f"/_sandbox/{kind}/<object_id>/next"
    return [
        Route(
            "GET",
            path,
            list_moves,
            f"What the outside world could do to this {singular} now",
            tag="Simulation",
            answer=MoveList,
        ),
        Route(
            "POST",
            path,
            do_move,
            f"Let one such thing happen to this {singular}",
            tag="Simulation",
            description="Events, settlement lines and times are as if it had happened by itself.",
            body=MoveChosen,
            answer=answer,
            problems=("invalid_transition",),
        ),
    ]


def add_moves(kind: Kind, find: Finder) -> None:
    """Let a room add what can happen to objects of another, as a cardholder's dispute does to a payment.

    Import the room that registers `kind` first.
    """
    _FINDERS[kind].append(find)


def _moves(kind: Kind, tx: Connection, account: Account, object_id: str) -> list[Move]:
    return [move for find in _FINDERS[kind] for move in find(tx, account, object_id)]
