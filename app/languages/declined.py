"""What a customer is told about a decline: plain words, and what they can do. Never that a card is wanted back."""

from __future__ import annotations

from dataclasses import dataclass

from app.languages.language import Language, to_say


@dataclass(frozen=True)
class Declined:
    """What happened, and what to do now; in the customer's language once `why_declined` gave it."""

    words: str
    next_step: str
    same_card: bool
    """Whether the same card may be tried again."""


_GENERAL = to_say("Your bank declined the payment and gave no reason.")
_TRY_OR_OTHER = to_say("Call your bank and try again, or pay with another card.")
_OTHER = to_say("Please pay with another card.")
_LATER = to_say("Try again in a few minutes. Your card may be fine.")
_ENTER_AGAIN = to_say("Enter the card again, and check each digit.")
_CONFIRM_AGAIN = to_say("Try again and confirm the payment with your bank, or pay with another card.")

_HARD = Declined(_GENERAL, _OTHER, same_card=False)
_SOFT = Declined(_GENERAL, _TRY_OR_OTHER, same_card=True)
_NOT_SUCH = Declined(to_say("Your card cannot be used for this payment."), _OTHER, same_card=False)
_UNCONFIRMED = Declined(to_say("The payment was not confirmed with your bank."), _CONFIRM_AGAIN, same_card=True)
_SYSTEM = Declined(to_say("Your bank could not be reached."), _LATER, same_card=True)

_BY_CODE = {
    "insufficient_funds": Declined(
        to_say("There is not enough money in the account for this payment."),
        to_say("Pay with another card, or try again when there is money in the account."),
        same_card=True,
    ),
    "card_velocity_exceeded": Declined(
        to_say("Your card has reached its limit."),
        to_say("Try again tomorrow, or pay with another card."),
        same_card=True,
    ),
    "withdrawal_limit_exceeded": Declined(
        to_say("Your card has reached its limit."),
        to_say("Try again tomorrow, or pay with another card."),
        same_card=True,
    ),
    "issuer_unavailable": _SYSTEM,
    "processing_error": _SYSTEM,
    "try_again_later": _SYSTEM,
    "expired_card": Declined(to_say("Your card has expired."), _OTHER, same_card=False),
    "incorrect_cvc": Declined(to_say("The security code was wrong."), _ENTER_AGAIN, same_card=True),
    "incorrect_number": Declined(to_say("The card number was wrong."), _ENTER_AGAIN, same_card=True),
    "incorrect_pin": Declined(to_say("The PIN was wrong."), _TRY_OR_OTHER, same_card=True),
    "authentication_required": _UNCONFIRMED,
    "authentication_failed": _UNCONFIRMED,
    "authentication_canceled": _UNCONFIRMED,
    "authentication_rejected": Declined(_UNCONFIRMED.words, _OTHER, same_card=False),
    "restricted_card": _NOT_SUCH,
    "transaction_not_allowed": _NOT_SUCH,
    "invalid_transaction": _NOT_SUCH,
    "no_such_issuer": _NOT_SUCH,
    "closed_account": _HARD,
    # What a thief would want to know, and what a bank says to its own customer alone:
    "lost_card": _HARD,
    "stolen_card": _HARD,
    "pickup_card": _HARD,
    "stop_payment": _HARD,
    "revocation": _HARD,
    "revocation_of_all": _HARD,
    "suspected_fraud": _SOFT,
}


def why_declined(language: Language, code: str | None, *, is_hard: bool = False) -> Declined:
    """The words for a decline code in the customer's language; a code that we do not know is told in general."""
    found = _BY_CODE.get(code or "") or (_HARD if is_hard else _SOFT)
    return Declined(language.say(found.words), language.say(found.next_step), found.same_card)
