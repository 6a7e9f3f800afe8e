"""What each kind of break means: what was expected, what came, its likely cause, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass

from app.settlements.states import Outcome, Side


@dataclass(frozen=True)
class Explained:
    """A break in words."""

    meaning: str
    cause: str
    todo: str


_O, _R, _B = Outcome, Side.REPORT, Side.BANK

_EXPLAINED: dict[tuple[Side, Outcome], Explained] = {
    (_R, _O.MISSING_HERE): Explained(
        "The report has a movement that we know nothing of. Nothing of it is booked.",
        "An event that was lost, a payment that another system made with our key, or a line of somebody else.",
        "The gateway was asked about it already. If its payment turns up, this ends by itself; else ask the gateway"
        " whose it is, or book it as unmatched until that is known.",
    ),
    (_R, _O.MISSING_THERE): Explained(
        "It moved here, and the report lacks it. The books keep it as it was agreed.",
        "The gateway forgot the line, or tells of it on a later day.",
        "Wait for the next day's report: if the line is there, this becomes “late”. Else claim it from the gateway.",
    ),
    (_R, _O.AMOUNT): Explained(
        "The report has another sum than our books. Nothing of the line is booked.",
        "A capture or refund whose answer was lost and was then done with another sum, or an error of the gateway.",
        "Compare the payment with the gateway's own page of it. Book the difference as unmatched, or claim it.",
    ),
    (_R, _O.CURRENCY): Explained(
        "The report has another currency than our books. Nothing of the line is booked.",
        "The gateway settled in a currency of its own choice, or put the line into the wrong batch.",
        "Ask the gateway to settle it in the payment's currency.",
    ),
    (_R, _O.DUPLICATE): Explained(
        "The report tells of one movement twice. The second time is not booked.",
        "The gateway wrote the line twice; the money usually moved once.",
        "Compare the payout with its list. If it was paid once, this is only the list's fault: note it.",
    ),
    (_R, _O.LATE): Explained(
        "It stands in a later report than that of its day. The books have it since it happened.",
        "The gateway's own processing took longer than the day.",
        "Nothing has to be booked. Note it, so that somebody sees if it becomes a habit.",
    ),
    (_R, _O.FEE): Explained(
        "The fee is not the one that was agreed. The agreed one is booked.",
        "Another price than the plan's: a card from abroad, a wrong tier, or a rounding of its own.",
        "Claim the difference from the gateway; or accept it, and it is booked beside the agreed fee.",
    ),
    (_R, _O.PAYOUT): Explained(
        "The payout is not what its settlements come to by our books. The rest stands on the desk's account.",
        "What its reports lack, or tell twice, or price in another way: see the breaks of its days.",
        "Resolve those breaks first. What is left is claimed, or written off by two people.",
    ),
    (_B, _O.MISSING_HERE): Explained(
        "The bank has an entry that is no payout of the gateway's and none of ours. Nothing of it is booked.",
        "A transfer of somebody else, the bank's own fee, or a payout that the gateway has not told of yet.",
        "If the payout turns up, this ends by itself. Else book it as unmatched until somebody knows whose it is.",
    ),
    (_B, _O.MISSING_THERE): Explained(
        "By the gateway's word and our books it was paid; no statement of those days has it.",
        "The transfer was lost or stopped on its way, or it went to another account.",
        "Ask the gateway for the transfer's trace. If it comes later, this becomes “late” by itself.",
    ),
    (_B, _O.AMOUNT): Explained(
        "The bank has another sum than the payout. The books have the payout's.",
        "A bank on the way took a fee of its own, or the payout was changed after it was told of.",
        "Ask the bank for its fee. Book the difference, claim it, or have it written off by two people.",
    ),
    (_B, _O.CURRENCY): Explained(
        "The payout was in one currency and arrived in another.",
        "The bank converted it, for the account is kept in its own currency.",
        "Ask for an account in the payout's currency, or have the gateway pay out in the account's.",
    ),
    (_B, _O.DUPLICATE): Explained(
        "The same payout, or the bank's same reference, stands there twice. The second one is not booked.",
        "The transfer was made twice, or two statements tell of one entry.",
        "Ask the bank. If the money is there twice, book the second as unmatched: it will be asked back.",
    ),
    (_B, _O.LATE): Explained(
        "It arrived later than the gateway said. The books have it since the gateway said so.",
        "A bank holiday, a weekend, or a bank on the way that took its time.",
        "Nothing has to be booked. Note it.",
    ),
}


def explained(side: Side, kind: Outcome) -> Explained:
    """The words for a break."""
    return _EXPLAINED[side, kind]
