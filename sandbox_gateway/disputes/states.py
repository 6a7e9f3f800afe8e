"""What a dispute's status can be, where it can go from there, and which of the merchant's actions that allows."""

from enum import StrEnum


class Kind(StrEnum):
    """An inquiry only asks and holds no money; a chargeback has taken it already."""

    INQUIRY = "inquiry"
    CHARGEBACK = "chargeback"


class Status(StrEnum):
    NEEDS_RESPONSE = "needs_response"
    UNDER_REVIEW = "under_review"
    WON = "won"
    LOST = "lost"
    ACCEPTED = "accepted"
    EXPIRED = "expired"
    CLOSED = "closed"


class Action(StrEnum):
    SUBMIT = "submit"
    ACCEPT = "accept"


# An inquiry that escalates becomes a chargeback, which needs a response of its own. A withdrawn chargeback is won.
MOVES: dict[Kind, dict[Status, set[Status]]] = {
    Kind.INQUIRY: {
        Status.NEEDS_RESPONSE: {Status.UNDER_REVIEW, Status.CLOSED},
        Status.UNDER_REVIEW: {Status.CLOSED},
    },
    Kind.CHARGEBACK: {
        Status.NEEDS_RESPONSE: {Status.UNDER_REVIEW, Status.ACCEPTED, Status.EXPIRED, Status.WON},
        Status.UNDER_REVIEW: {Status.WON, Status.LOST},
    },
}

OPEN = (Status.NEEDS_RESPONSE, Status.UNDER_REVIEW)

_ACTIONS: dict[tuple[Kind, Status], tuple[Action, ...]] = {
    (Kind.INQUIRY, Status.NEEDS_RESPONSE): (Action.SUBMIT,),
    (Kind.CHARGEBACK, Status.NEEDS_RESPONSE): (Action.SUBMIT, Action.ACCEPT),
}


def actions_of(kind: Kind, status: Status) -> tuple[Action, ...]:
    """What the merchant may do. Accepting is for chargebacks: an inquiry is ended by a refund."""
    return _ACTIONS.get((kind, status), ())
