"""Why an issuer said no, in plain words: what kind of no it is, and what may be done next."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any


class DeclineClass(enum.StrEnum):
    """What a decline means for the next try."""

    LATER = "later"
    CUSTOMER = "customer"
    NEVER = "never"


CLASS_WORDS = {
    DeclineClass.LATER: "Try again later",
    DeclineClass.CUSTOMER: "Ask the customer",
    DeclineClass.NEVER: "Never again with this card",
}


@dataclass(frozen=True)
class Explanation:
    """A decline for people: its class, what happened, and what may be done."""

    kind: DeclineClass
    words: str
    next_step: str

    @property
    def kind_words(self) -> str:
        return CLASS_WORDS[self.kind]


_LATER, _CUSTOMER, _NEVER = DeclineClass.LATER, DeclineClass.CUSTOMER, DeclineClass.NEVER
_OTHER_CARD = "Ask for another card. Do not try this one again."
_ASKED_TO_STOP = "Do not try again: speak with the customer first."
_ASK_BANK = "The customer may call their bank, then try again, or pay with another card."

DECLINES = {
    "generic_decline": Explanation(_CUSTOMER, "The bank said no and gave no reason.", _ASK_BANK),
    "do_not_honor": Explanation(_CUSTOMER, "The bank said no and gave no reason.", _ASK_BANK),
    "insufficient_funds": Explanation(
        _LATER, "There is not enough money in the account.", "Try again in a few days, or ask for another card."
    ),
    "card_velocity_exceeded": Explanation(
        _LATER, "The card was used too often or for too much lately.", "Try again tomorrow, or ask for another card."
    ),
    "withdrawal_limit_exceeded": Explanation(
        _LATER, "The sum is above what the card may spend.", "Try again tomorrow, or ask for another card."
    ),
    "issuer_unavailable": Explanation(
        _LATER, "The customer's bank could not be reached.", "Try again in a few minutes; the card itself may be fine."
    ),
    "processing_error": Explanation(
        _LATER, "The bank's system failed.", "Try again in a few minutes; the card itself may be fine."
    ),
    "try_again_later": Explanation(
        _LATER, "The bank asked to be asked again.", "Try again in a few minutes; the card itself may be fine."
    ),
    "suspected_fraud": Explanation(
        _CUSTOMER, "The bank suspects fraud.", "Do not try again silently: the customer has to speak to their bank."
    ),
    "expired_card": Explanation(_NEVER, "The card has expired.", "Ask for another card."),
    "incorrect_cvc": Explanation(
        _CUSTOMER, "The security code was wrong.", "Ask the customer to enter the card again with the right code."
    ),
    "incorrect_number": Explanation(
        _CUSTOMER, "The card number was wrong.", "Ask the customer to enter the card again."
    ),
    "incorrect_pin": Explanation(_CUSTOMER, "The PIN was wrong.", "Ask the customer to enter the card again."),
    "lost_card": Explanation(_NEVER, "The card was reported lost.", _OTHER_CARD),
    "stolen_card": Explanation(_NEVER, "The card was reported stolen.", _OTHER_CARD),
    "pickup_card": Explanation(_NEVER, "The bank wants the card back.", _OTHER_CARD),
    "restricted_card": Explanation(_NEVER, "The card may not be used for such a payment.", _OTHER_CARD),
    "transaction_not_allowed": Explanation(_NEVER, "The card may not be used for such a payment.", _OTHER_CARD),
    "invalid_transaction": Explanation(_NEVER, "The bank does not take such a payment.", _OTHER_CARD),
    "no_such_issuer": Explanation(_NEVER, "No bank answers for this card.", _OTHER_CARD),
    "closed_account": Explanation(_NEVER, "The account behind the card is closed.", _OTHER_CARD),
    "stop_payment": Explanation(_NEVER, "The customer told the bank to stop this payment.", _ASKED_TO_STOP),
    "revocation": Explanation(_NEVER, "The customer told the bank to let us take nothing more.", _ASKED_TO_STOP),
    "revocation_of_all": Explanation(
        _NEVER, "The customer ended every standing permission at the bank.", _ASKED_TO_STOP
    ),
    "authentication_required": Explanation(
        _CUSTOMER, "The bank wants the customer to confirm the payment.", "Pay again with 3-D Secure."
    ),
    "authentication_failed": Explanation(
        _CUSTOMER, "The customer could not prove who they are.", "The customer may try again, or pay with another card."
    ),
    "authentication_canceled": Explanation(
        _CUSTOMER, "The customer turned the confirmation away.", "Ask the customer; they may simply pay again."
    ),
    "authentication_rejected": Explanation(_NEVER, "The bank refused to let the customer confirm.", _OTHER_CARD),
}


def explain(decline: dict[str, Any]) -> Explanation:
    """The explanation of a payment's `decline`; a code that we do not know is told in the gateway's own words."""
    known = DECLINES.get(str(decline.get("code")))
    if known is not None:
        return known
    words = str(decline.get("message") or "The bank said no.")
    if decline.get("kind") == "hard":
        return Explanation(_NEVER, words, _OTHER_CARD)
    return Explanation(_CUSTOMER, words, _ASK_BANK)
