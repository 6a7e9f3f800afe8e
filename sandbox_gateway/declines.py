"""Why issuers say no: each reason with its ISO 8583 code, and what the card's network advises to do next."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict

Retry = Literal["never", "later", "corrected", "authenticated"]


class AdviceBody(TypedDict):
    """What the card's network says of another try."""

    code: Annotated[
        str | None, Field(description="Visa's decline category or Mastercard's merchant advice code; else null.")
    ]
    retry: Annotated[Retry, Field(description="When another try makes sense.")]
    retry_after: Annotated[str | None, Field(description="ISO 8601 duration; null: no time is named.")]
    message: str


@dataclass(frozen=True, slots=True)
class Decline:
    """A reason to say no. Soft: another try may work; hard: never try this card again. The message is fit for the
    customer, so it never says that a card was reported lost or stolen."""

    code: str
    network_code: str
    kind: Literal["soft", "hard"]
    message: str
    # Visa's category: 1 never, 2 not now, 3 mend the details first, 4 no reason given.
    category: str
    # Mastercard's merchant advice code.
    merchant_advice: str
    retry: Retry
    retry_after: str | None = None


_ANOTHER_CARD = "The bank declined the payment. Ask for another card."


def _never(code: str, network_code: str, message: str, merchant_advice: str = "03") -> Decline:
    return Decline(code, network_code, "hard", message, "1", merchant_advice, "never")


def _later(
    code: str, network_code: str, message: str, merchant_advice: str, after: str, category: str = "2"
) -> Decline:
    return Decline(code, network_code, "soft", message, category, merchant_advice, "later", after)


def _mended(code: str, network_code: str, message: str, retry: Retry = "corrected") -> Decline:
    return Decline(code, network_code, "soft", message, "3", "01", retry)


# The same code stands in other categories in other publications; these follow Visa's four and Mastercard's list of
# merchant advice codes (24 to 30: after one hour, one day, 2, 4, 6, 8, 10 days).
DECLINES = {
    decline.code: decline
    for decline in (
        _later("generic_decline", "05", "The bank declined the payment and gave no reason.", "25", "P1D", "4"),
        _later(
            "do_not_honor", "05", "The bank declined the payment. The customer should ask the bank.", "25", "P1D", "4"
        ),
        _later("insufficient_funds", "51", "The account does not hold enough money.", "26", "P2D"),
        _later("card_velocity_exceeded", "65", "The card was used too often for now.", "25", "P1D"),
        _later("withdrawal_limit_exceeded", "61", "The amount is above the card's limit.", "25", "P1D"),
        _later("issuer_unavailable", "91", "The bank could not be reached. Try again later.", "24", "PT1H"),
        _later("processing_error", "96", "The bank's system failed. Try again later.", "24", "PT1H"),
        _later("try_again_later", "19", "The bank asks to try again later.", "24", "PT1H"),
        _later("suspected_fraud", "59", "The bank suspects fraud. The customer should ask the bank.", "02", "P1D"),
        _mended("incorrect_number", "14", "The card number is wrong. Ask the customer to enter it again."),
        Decline("expired_card", "54", "hard", "The card has expired. Ask for another card.", "3", "01", "corrected"),
        _mended("incorrect_cvc", "N7", "The security code is wrong. Ask the customer to enter it again."),
        _mended("incorrect_pin", "55", "The PIN is wrong. Ask the customer to enter it again."),
        _never("lost_card", "41", _ANOTHER_CARD),
        _never("stolen_card", "43", _ANOTHER_CARD),
        _never("pickup_card", "04", _ANOTHER_CARD),
        _never("restricted_card", "62", "The card cannot be used for this kind of payment."),
        _never("transaction_not_allowed", "57", "The card does not allow this kind of payment."),
        _never("invalid_transaction", "12", "The bank does not take this kind of payment."),
        _never("no_such_issuer", "15", "No bank answers for this card. Ask for another card."),
        _never("closed_account", "78", "The card's account is closed. Ask for another card."),
        _never("stop_payment", "R0", "The customer has stopped this payment at the bank.", "21"),
        _never("revocation", "R1", "The customer has withdrawn the permission for this payment at the bank.", "21"),
        _never("revocation_of_all", "R3", "The customer has withdrawn every permission at the bank.", "21"),
        _mended("authentication_required", "1A", "The bank asks the customer to confirm the payment.", "authenticated"),
        _mended("authentication_failed", "1A", "The customer could not be authenticated.", "authenticated"),
        _mended("authentication_canceled", "1A", "The customer canceled the authentication.", "authenticated"),
        _never("authentication_rejected", "1A", "The bank refused to authenticate the customer."),
    )
}

# Reasons that authentication gives, before any issuer is asked to authorize.
AUTHENTICATIONS = {
    "authentication_required",
    "authentication_failed",
    "authentication_canceled",
    "authentication_rejected",
}

_RETRY_WORDS: dict[Retry, str] = {
    "never": "Do not try this card again.",
    "later": "Another try may work later, at most 15 times in 30 days.",
    "corrected": "Try again once the card's details are mended.",
    "authenticated": "Try again with 3-D Secure.",
}


def advice_of(decline: Decline, network: str) -> AdviceBody:
    codes = {"visa": decline.category, "mastercard": decline.merchant_advice}
    return {
        "code": codes.get(network),
        "retry": decline.retry,
        "retry_after": decline.retry_after,
        "message": _RETRY_WORDS[decline.retry],
    }
