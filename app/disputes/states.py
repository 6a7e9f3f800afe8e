"""The dispute's statuses, drawn, and what may be done in each."""

from __future__ import annotations

import enum

from app.drawing import Drawing


class DisputeStatus(enum.StrEnum):
    NEEDS_RESPONSE = "needs_response"
    UNDER_REVIEW = "under_review"
    WON = "won"
    LOST = "lost"
    ACCEPTED = "accepted"
    EXPIRED = "expired"
    CLOSED = "closed"


class DisputeKind(enum.StrEnum):
    """An inquiry only asks and holds no money; a chargeback has taken it."""

    INQUIRY = "inquiry"
    CHARGEBACK = "chargeback"


_S = DisputeStatus

DISPUTE = Drawing[DisputeStatus](
    {
        _S.NEEDS_RESPONSE: {_S.UNDER_REVIEW, _S.WON, _S.ACCEPTED, _S.EXPIRED, _S.CLOSED},
        _S.UNDER_REVIEW: {_S.WON, _S.LOST, _S.CLOSED, _S.NEEDS_RESPONSE},  # back where an inquiry becomes a chargeback
        _S.WON: set(),
        _S.LOST: set(),
        _S.ACCEPTED: set(),
        _S.EXPIRED: set(),
        _S.CLOSED: set(),
    }
)

OPEN = frozenset({_S.NEEDS_RESPONSE, _S.UNDER_REVIEW})
"""Not decided: the order is disputed."""
LOST = frozenset({_S.LOST, _S.ACCEPTED, _S.EXPIRED})
"""The money stays with the cardholder."""


class Response(enum.StrEnum):
    """What the app asks of the gateway about a dispute."""

    SUBMIT = "submit"
    ACCEPT = "accept"

    @property
    def noun(self) -> str:
        """What it is called in a sentence."""
        return {Response.SUBMIT: "submission of the evidence", Response.ACCEPT: "acceptance of the dispute"}[self]


def responses_of(kind: DisputeKind, status: DisputeStatus) -> list[Response]:
    """What may be done now. Only a chargeback can be accepted: an inquiry holds nothing to give up."""
    if status != DisputeStatus.NEEDS_RESPONSE:
        return []
    return [Response.SUBMIT, Response.ACCEPT] if kind == DisputeKind.CHARGEBACK else [Response.SUBMIT]
