"""What each kind of discrepancy means in plain words, and what settles it."""

from __future__ import annotations

from dataclasses import dataclass

from app.drift.models import DiscrepancyKind, Resolution

_K = DiscrepancyKind


@dataclass(frozen=True)
class KindWords:
    """What it is called, what happened, and what to do."""

    label: str
    meaning: str
    todo: str


KINDS = {
    _K.MISSED_EVENT: KindWords(
        "Missed event",
        "The gateway has gone on, and nothing told us: its webhook was lost, or is still to come.",
        "Pull: the gateway is asked, and its answer recorded.",
    ),
    _K.OUT_OF_ORDER: KindWords(
        "Out of order",
        "The event that tells of it is here and is not in the payment: it was overtaken, or could not be applied.",
        "Replay the stored events, or pull the gateway's word.",
    ),
    _K.UNKNOWN_OUTCOME: KindWords(
        "Unknown outcome",
        "Something was asked of the gateway and no answer came: whether it was done is not known here.",
        "Pull: it is asked again under the same idempotency key, so nothing happens twice.",
    ),
    _K.CHANGED_BY_HAND: KindWords(
        "Changed by hand",
        "No answer and no event explains it: rows were changed past this desk, or one side was set back.",
        "Repair: our rows are set right by the gateway's word. What will change is shown first.",
    ),
    _K.AMOUNT: KindWords(
        "Amount or reference",
        "The sum, the currency or the reference is not the same everywhere: this may not be the order's money.",
        "Find out which one is right. Only a row of ours on which the two others agree can be repaired.",
    ),
    _K.MISSING_HERE: KindWords(
        "Missing here",
        "The gateway has a payment that this desk did not begin: somebody else uses its key, or our database was set"
        " back. It is not taken in, for nobody here knows which order it would pay.",
        "Void or refund it at the gateway if it is a mistake; leave it with a reason if it is known.",
    ),
    _K.MISSING_THERE: KindWords(
        "Missing there",
        "The gateway knows no such payment: its account was emptied, or another key than before is used.",
        "Check the key and the gateway's address in the settings. There is nothing to pull.",
    ),
}

RESOLUTIONS = {
    Resolution.BY_ITSELF: "Agreed again by itself",
    Resolution.PULLED: "Pulled",
    Resolution.REPLAYED: "Replayed",
    Resolution.REPAIRED: "Repaired",
    Resolution.ACCEPTED: "Left as it is",
}
