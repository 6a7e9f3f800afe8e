"""The catalogue of published test cards. A card is a story: what its bank does, whatever the amount and the name.

These numbers are the only card numbers anywhere in this program; none was ever issued to a person.
"""

from dataclasses import dataclass
from typing import Literal

Authentication = Literal["none", "frictionless", "challenge", "rejected", "unavailable"]
Outcome = Literal["approved", "declined", "challenge", "processing"]
Check = Literal["pass", "fail", "unavailable", "unchecked"]


@dataclass(frozen=True, slots=True)
class Decline:
    """A reason to say no: its ISO 8583 response code, whether trying again can help, and what to tell people."""

    code: str
    network_code: str
    kind: Literal["soft", "hard"]
    message: str


@dataclass(frozen=True, slots=True)
class TestCard:
    """One card. `authentication` is what its issuer asks for before the authorization, `decline_code` what it then
    answers, `processing` whether that answer takes ten minutes."""

    __test__ = False  # no test class, whatever pytest makes of the name

    name: str
    number: str
    network: str
    story: str
    funding: str = "credit"
    country: str = "US"
    decline_code: str | None = None
    authentication: Authentication = "none"
    processing: bool = False
    cvc_check: Check = "pass"
    avs_check: Check = "pass"

    @property
    def outcome(self) -> Outcome:
        if self.authentication == "challenge":
            return "challenge"
        if self.processing:
            return "processing"
        return "declined" if self.decline_code or self.authentication == "rejected" else "approved"

    @property
    def cvc_length(self) -> int:
        return cvc_length_of(self.network)


def cvc_length_of(network: str) -> int:
    return 4 if network == "amex" else 3


# Code, ISO 8583 field 39, soft (another try may work) or hard (never try this card again), words for the customer.
DECLINES = {
    decline.code: decline
    for decline in (
        Decline("generic_decline", "05", "soft", "The bank declined the payment and gave no reason."),
        Decline("do_not_honor", "05", "soft", "The bank declined the payment. The customer should ask the bank."),
        Decline("insufficient_funds", "51", "soft", "The account does not hold enough money."),
        Decline("card_velocity_exceeded", "65", "soft", "The card was used too often for now."),
        Decline("withdrawal_limit_exceeded", "61", "soft", "The amount is above the card's limit."),
        Decline("issuer_unavailable", "91", "soft", "The bank could not be reached. Try again later."),
        Decline("processing_error", "96", "soft", "The bank's system failed. Try again later."),
        Decline("suspected_fraud", "59", "soft", "The bank suspects fraud. The customer should ask the bank."),
        Decline("expired_card", "54", "hard", "The card has expired. Ask for another card."),
        Decline("incorrect_cvc", "N7", "soft", "The security code is wrong. Ask the customer to enter it again."),
        Decline("lost_card", "41", "hard", "The bank declined the payment. Ask for another card."),
        Decline("stolen_card", "43", "hard", "The bank declined the payment. Ask for another card."),
        Decline("pickup_card", "04", "hard", "The bank declined the payment. Ask for another card."),
        Decline("restricted_card", "62", "hard", "The card cannot be used for this kind of payment."),
        Decline("transaction_not_allowed", "57", "hard", "The card does not allow this kind of payment."),
        Decline("authentication_required", "1A", "soft", "The bank asks the customer to confirm the payment."),
        Decline("authentication_failed", "1A", "soft", "The customer could not be authenticated."),
        Decline("authentication_canceled", "1A", "soft", "The customer canceled the authentication."),
        Decline("authentication_rejected", "1A", "hard", "The bank refused to authenticate the customer."),
    )
}


def _declining(code: str, number: str, *, cvc_check: Check = "pass") -> TestCard:
    decline = DECLINES[code]
    story = f"The issuer declines with {code} ({decline.network_code}, {decline.kind}). {decline.message}"
    return TestCard(f"visa_{code}", number, "visa", story, decline_code=code, cvc_check=cvc_check)


def _abroad(country: str, number: str) -> TestCard:
    return TestCard(
        f"visa_success_{country.lower()}", number, "visa", f"Approved; the card is from {country}.", country=country
    )


CARDS: dict[str, TestCard] = {
    card.name: card
    for card in (
        TestCard("visa_success", "4242424242424242", "visa", "Approved."),
        TestCard("visa_debit_success", "4000056655665556", "visa", "Approved; a debit card.", funding="debit"),
        TestCard("mastercard_success", "5555555555554444", "mastercard", "Approved."),
        TestCard("mastercard_2series_success", "2223003122003222", "mastercard", "Approved; a number of the 2 series."),
        TestCard("amex_success", "378282246310005", "amex", "Approved; 15 digits, and a security code of 4."),
        TestCard("discover_success", "6011111111111117", "discover", "Approved."),
        TestCard("diners_success", "36227206271667", "diners", "Approved; 14 digits."),
        TestCard("jcb_success", "3566002020360505", "jcb", "Approved.", country="JP"),
        TestCard("unionpay_success", "6200000000000005", "unionpay", "Approved.", country="CN"),
        _abroad("AU", "4000000360000006"),
        _abroad("BR", "4000000760000002"),
        _abroad("CA", "4000001240000000"),
        _abroad("DE", "4000002760000016"),
        _abroad("FR", "4000002500000003"),
        _abroad("GB", "4000008260000000"),
        _abroad("IN", "4000003560000008"),
        _abroad("JP", "4000003920000003"),
        _declining("generic_decline", "4000000000000002"),
        _declining("insufficient_funds", "4000000000009995"),
        _declining("lost_card", "4000000000009987"),
        _declining("stolen_card", "4000000000009979"),
        _declining("expired_card", "4000000000000069"),
        _declining("incorrect_cvc", "4000000000000127", cvc_check="fail"),
        _declining("processing_error", "4000000000000119"),
        _declining("do_not_honor", "4000000000008112"),
        _declining("card_velocity_exceeded", "4000000000008120"),
        _declining("issuer_unavailable", "4000000000008138"),
        _declining("suspected_fraud", "4000000000008146"),
        _declining("restricted_card", "4000000000008153"),
        _declining("transaction_not_allowed", "4000000000008161"),
        _declining("pickup_card", "4000000000008179"),
        _declining("withdrawal_limit_exceeded", "4000000000008187"),
        TestCard(
            "visa_frictionless",
            "4000000000003055",
            "visa",
            "3-D Secure without a challenge: the issuer knows the customer. Approved.",
            authentication="frictionless",
        ),
        TestCard(
            "visa_challenge",
            "4000002760003184",
            "visa",
            "3-D Secure: the customer must confirm the payment on the issuer's page. Approved if they do.",
            country="DE",
            authentication="challenge",
        ),
        TestCard(
            "visa_challenge_declined",
            "4000008400001629",
            "visa",
            "3-D Secure: the customer must confirm the payment, and the issuer declines it although they do.",
            decline_code="generic_decline",
            authentication="challenge",
        ),
        TestCard(
            "visa_authentication_failed",
            "4000000000008211",
            "visa",
            "3-D Secure: the issuer refuses to authenticate the customer, without asking. Declined.",
            authentication="rejected",
        ),
        TestCard(
            "visa_authentication_unavailable",
            "4000008400001280",
            "visa",
            "3-D Secure: the issuer's system does not answer. Approved, without a shift of liability.",
            authentication="unavailable",
        ),
        TestCard(
            "visa_avs_fail",
            "4000000000000010",
            "visa",
            "Approved; the billing address does not match.",
            avs_check="fail",
        ),
        TestCard(
            "visa_cvc_check_fail",
            "4000000000000101",
            "visa",
            "Approved; the security code does not match.",
            cvc_check="fail",
        ),
        TestCard(
            "visa_processing_approved",
            "4000000000008310",
            "visa",
            "The acquirer does not answer at once. Approved after ten minutes of the account's clock.",
            processing=True,
        ),
        TestCard(
            "visa_processing_declined",
            "4000000000008328",
            "visa",
            "The acquirer does not answer at once. Declined after ten minutes of the account's clock.",
            decline_code="generic_decline",
            processing=True,
        ),
    )
}

BY_NUMBER = {card.number: card for card in CARDS.values()}
