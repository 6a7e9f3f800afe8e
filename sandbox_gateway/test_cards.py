"""The catalogue of published test cards. A card is a story: what its bank does, whatever the amount and the name.

These numbers are the only card numbers anywhere in this program; none was ever issued to a person.
"""

import re
from dataclasses import dataclass
from typing import Any, Literal

from sandbox_gateway.declines import DECLINES
from sandbox_gateway.disputes.reasons import CLAIMS, DisputeReason
from sandbox_gateway.stories import DisputeStory, Story

Outcome = Literal["approved", "declined", "challenge", "processing"]

_REFUSES_TO_AUTHENTICATE = {"failed": "authentication_failed", "rejected": "authentication_rejected"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TestCard(Story):
    """One card of the catalogue: a story, and the number that leads to it."""

    __test__ = False  # no test class, whatever pytest makes of the name

    number: str
    funding: Literal["credit", "debit", "prepaid"] = "credit"
    country: str = "US"

    @property
    def outcome(self) -> Outcome:
        if self.decline_code is not None and self.authentication in _REFUSES_TO_AUTHENTICATE:
            return "declined"
        if self.authentication == "challenge":
            return "challenge"
        if self.processing != "none":
            return "processing"
        return "declined" if self.decline_code else "approved"

    @property
    def decline_code(self) -> str | None:
        """With which reason a payment is declined in the end, if it is."""
        return self.decline.code if self.decline else _REFUSES_TO_AUTHENTICATE.get(self.authentication)

    @property
    def cvc_length(self) -> int:
        return cvc_length_of(self.network)


def cvc_length_of(network: str) -> int:
    return 4 if network == "amex" else 3


def _card(name: str, number: str, words: str, **more: Any) -> TestCard:
    """The network is the first word of the name."""
    return TestCard(name=name, number=number, network=name.partition("_")[0], words=words, **more)


def _declining(code: str, number: str, *, network: str = "visa", story: str, **more: Any) -> TestCard:
    decline = DECLINES[code]
    words = f"{story} Declined with {code} ({decline.network_code}, {decline.kind})."
    return _card(f"{network}_{code}", number, words, decline=decline, **more)


def _abroad(country: str, place: str, number: str, **more: Any) -> TestCard:
    words = f"Approved. The card was issued in {place}, which tells in fees and in what a fraud model makes of it."
    return _card(f"visa_success_{country.lower()}", number, words, country=country, **more)


_SUCCESSES = (
    _card("visa_success", "4242424242424242", "The plain case: approved, captured and refunded at once."),
    _card("visa_debit_success", "4000056655665556", "Approved; a debit card, cheaper in interchange.", funding="debit"),
    _card(
        "visa_prepaid_success",
        "4000000000007247",
        "Approved; a prepaid card, bought by nobody in particular.",
        funding="prepaid",
    ),
    _card("mastercard_success", "5555555555554444", "Approved."),
    _card(
        "mastercard_2series_success",
        "2223003122003222",
        "Approved; a number of the 2 series, which old forms take for nonsense.",
    ),
    _card("mastercard_debit_success", "5200828282828210", "Approved; a debit card.", funding="debit"),
    _card("mastercard_prepaid_success", "5577000055770004", "Approved; a prepaid card.", funding="prepaid"),
    _card("amex_success", "378282246310005", "Approved; 15 digits, and a security code of 4."),
    _card("discover_success", "6011111111111117", "Approved."),
    _card("diners_success", "36227206271667", "Approved; 14 digits."),
    _card("jcb_success", "3566002020360505", "Approved; a card from Japan.", country="JP"),
    _card("unionpay_success", "6200000000000005", "Approved; a card from China.", country="CN"),
    _card(
        "unionpay_19digit_success",
        "6205500000000000004",
        "Approved; 19 digits, the most that a number can have.",
        country="CN",
    ),
)

_COUNTRIES = (
    _abroad("AU", "Australia", "4000000360000006"),
    _abroad("BR", "Brazil", "4000000760000002"),
    _abroad("CA", "Canada", "4000001240000000"),
    _abroad("DE", "Germany", "4000002760000016"),
    _abroad("ES", "Spain", "4000007240000007"),
    _abroad("FR", "France", "4000002500000003"),
    _abroad("GB", "the United Kingdom", "4000008260000000"),
    _abroad("IN", "India", "4000003560000008"),
    _abroad("IT", "Italy", "4000003800000008"),
    _abroad("JP", "Japan", "4000003920000003"),
    _abroad("MX", "Mexico", "4000004840008001"),
    _abroad("NL", "the Netherlands", "4000005280000002"),
)

_DECLINES = (
    _declining("generic_decline", "4000000000000002", story="The bank says no and keeps the reason to itself."),
    _declining("do_not_honor", "4000000000008112", story="The bank says no; only the customer can ask it why."),
    _declining("insufficient_funds", "4000000000009995", story="The account is empty until payday."),
    _declining("card_velocity_exceeded", "4000000000008120", story="The card was used too often today."),
    _declining("withdrawal_limit_exceeded", "4000000000008187", story="The amount is above what the card may spend."),
    _declining("issuer_unavailable", "4000000000008138", story="The bank does not answer the network."),
    _declining("processing_error", "4000000000000119", story="The bank's system breaks down over the payment."),
    _declining("try_again_later", "4000000000008401", story="The bank asks for the payment to be sent again."),
    _declining("suspected_fraud", "4000000000008146", story="The bank's fraud model takes fright."),
    _declining(
        "incorrect_number", "4000000000008419", story="The check digit is right, but the bank knows no such card."
    ),
    _declining("expired_card", "4000000000000069", story="The bank has sent the customer a newer card."),
    _declining(
        "incorrect_cvc",
        "4000000000000127",
        story="The security code is not the card's, and the bank insists.",
        cvc_check="fail",
    ),
    _declining("incorrect_pin", "4000000000008427", story="The PIN is not the card's."),
    _declining("lost_card", "4000000000009987", story="The customer reported the card lost."),
    _declining("stolen_card", "4000000000009979", story="The customer reported the card stolen."),
    _declining("pickup_card", "4000000000008179", story="The bank wants the card taken from whoever holds it."),
    _declining(
        "restricted_card", "4000000000008153", story="The card is good for other goods or other countries only."
    ),
    _declining("transaction_not_allowed", "4000000000008161", story="The card's contract has no payments online."),
    _declining("invalid_transaction", "4000000000008435", story="The bank does not know this kind of payment."),
    _declining("no_such_issuer", "4000000000008443", story="The number leads to no bank."),
    _declining("closed_account", "4000000000008450", story="The customer has left the bank."),
    _declining("stop_payment", "4000000000008468", story="The customer told the bank to stop this payment."),
    _declining(
        "revocation", "4000000000008476", story="The customer told the bank to let this merchant take nothing more."
    ),
    _declining(
        "revocation_of_all", "4000000000008484", story="The customer told the bank to end every standing permission."
    ),
    _declining(
        "insufficient_funds", "5424000000000015", network="mastercard", story="The account is empty until payday."
    ),
    _declining(
        "do_not_honor",
        "5500000000000004",
        network="mastercard",
        story="The bank says no; only the customer can ask it why.",
    ),
    _declining("lost_card", "5454545454545454", network="mastercard", story="The customer reported the card lost."),
    _declining(
        "generic_decline", "370000000000002", network="amex", story="The bank says no and keeps the reason to itself."
    ),
)

_AUTHENTICATIONS = (
    _card(
        "visa_frictionless",
        "4000000000003055",
        "3-D Secure without a challenge: the issuer knows the customer's browser. Approved; the issuer bears fraud.",
        authentication="frictionless",
    ),
    _card(
        "mastercard_frictionless",
        "2222400070000005",
        "3-D Secure without a challenge. Approved, with Mastercard's own indicators (02, not 05).",
        authentication="frictionless",
    ),
    _card(
        "visa_authentication_attempted",
        "4000000000008229",
        "3-D Secure: the issuer takes no part, the network stands in for it (06). Approved; the issuer bears fraud.",
        authentication="attempted",
    ),
    _card(
        "mastercard_authentication_attempted",
        "5585558555855583",
        "3-D Secure: the issuer takes no part, the network stands in for it (01). Approved; the issuer bears fraud.",
        authentication="attempted",
    ),
    _card(
        "visa_challenge",
        "4000002760003184",
        "3-D Secure: a German issuer asks the customer to confirm every payment on its page. Approved if they do.",
        country="DE",
        authentication="challenge",
    ),
    _card(
        "visa_challenge_domestic",
        "4000000000003220",
        "3-D Secure: an American issuer asks the customer to confirm every payment. Approved if they do.",
        authentication="challenge",
    ),
    _card(
        "mastercard_challenge",
        "5136333333333335",
        "3-D Secure: the customer must confirm the payment. Approved if they do, with Mastercard's own indicators.",
        authentication="challenge",
    ),
    _card(
        "visa_challenge_optional",
        "4000000000008237",
        "3-D Secure only when the merchant insists (three_ds: force): then the customer must confirm. Approved.",
        authentication="challenge_optional",
    ),
    _card(
        "visa_challenge_declined",
        "4000008400001629",
        "3-D Secure: the customer confirms the payment, and the bank declines it all the same.",
        decline=DECLINES["generic_decline"],
        authentication="challenge",
    ),
    _card(
        "visa_challenge_insufficient_funds",
        "4000000000008245",
        "3-D Secure: the customer confirms the payment, and then the account turns out to be empty.",
        decline=DECLINES["insufficient_funds"],
        authentication="challenge",
    ),
    _card(
        "visa_challenge_processing",
        "4000000000008252",
        "3-D Secure: the customer confirms the payment, and the acquirer takes ten more minutes to approve it.",
        authentication="challenge",
        processing="resolves",
    ),
    _card(
        "visa_challenge_abandoned",
        "4000000000008260",
        "3-D Secure: the customer is sent to the issuer's page and goes to lunch. Expired after 15 minutes, unless "
        "you decide in their place.",
        authentication="challenge",
    ),
    _card(
        "visa_authentication_failed",
        "4000000000008211",
        "3-D Secure: the issuer cannot make out who the customer is, and does not ask. Declined.",
        authentication="failed",
    ),
    _card(
        "visa_authentication_rejected",
        "4000000000008278",
        "3-D Secure: the issuer refuses to authenticate the customer and wants no second try. Declined.",
        authentication="rejected",
    ),
    _card(
        "visa_authentication_unavailable",
        "4000008400001280",
        "3-D Secure: the issuer's system does not answer. Approved, and the merchant bears fraud.",
        authentication="unavailable",
    ),
)

_CHECKS = (
    _card(
        "visa_avs_fail",
        "4000000000000010",
        "Approved; neither street nor postal code are those that the bank knows.",
        avs_line1="fail",
        avs_postal_code="fail",
    ),
    _card(
        "visa_avs_line1_fail",
        "4000000000000028",
        "Approved; the postal code is right, the street is not.",
        avs_line1="fail",
    ),
    _card(
        "visa_avs_postal_code_fail",
        "4000000000000036",
        "Approved; the street is right, the postal code is not.",
        avs_postal_code="fail",
    ),
    _card(
        "visa_avs_unavailable",
        "4000000000000044",
        "Approved; the bank's address check is out of order.",
        avs_line1="unavailable",
        avs_postal_code="unavailable",
    ),
    _card(
        "visa_cvc_check_fail",
        "4000000000000101",
        "Approved; the security code is wrong and the bank does not mind.",
        cvc_check="fail",
    ),
    _card(
        "visa_cvc_check_unavailable",
        "4000000000008500",
        "Approved; the bank does not take part in checks of the security code.",
        cvc_check="unavailable",
    ),
    _card(
        "visa_cvc_unchecked", "4000000000008518", "Approved; nobody looked at the security code.", cvc_check="unchecked"
    ),
    _card(
        "visa_risk_elevated",
        "4000000000008526",
        "Approved, though something smells: a prepaid card from abroad, and the bank cannot check the address.",
        funding="prepaid",
        country="BR",
        avs_line1="unavailable",
        avs_postal_code="unavailable",
    ),
    _card(
        "visa_risk_highest",
        "4000000000008534",
        "Approved, though everything is wrong: a prepaid card from abroad, neither address nor security code match.",
        funding="prepaid",
        country="BR",
        cvc_check="fail",
        avs_line1="fail",
        avs_postal_code="fail",
    ),
)

_LATER = (
    _card(
        "visa_processing_approved",
        "4000000000008310",
        "The acquirer does not answer at once. Approved after ten minutes of the account's clock.",
        processing="resolves",
    ),
    _card(
        "visa_processing_declined",
        "4000000000008328",
        "The acquirer does not answer at once. Declined after ten minutes of the account's clock.",
        decline=DECLINES["generic_decline"],
        processing="resolves",
    ),
    _card(
        "visa_processing_failed",
        "4000000000008336",
        "The acquirer does not answer at once. After ten minutes it is known that the payment never reached the bank: "
        "failed, and no money was held.",
        processing="fails",
    ),
    _card(
        "visa_capture_fails",
        "4000000000008344",
        "Approved, but the bank no longer honors its own authorization: every capture fails, no money moves, and the "
        "hold stays until it is voided or ends.",
        capture_fails=True,
    ),
    _card(
        "visa_refund_pending",
        "4000000000007726",
        "Captured. A refund stays pending for a day, then succeeds.",
        refund="pending",
    ),
    _card(
        "visa_refund_fails",
        "4000000000005126",
        "Captured. A refund stays pending for a day, then fails: the account behind the card is closed.",
        refund="fails",
    ),
    _card(
        "visa_refund_fails_later",
        "4000000000008351",
        "Captured. A refund succeeds at once, and comes back three days later: the account behind the card is closed.",
        refund="fails_later",
    ),
)


def _disputed(name: str, number: str, words: str, dispute: DisputeStory) -> TestCard:
    return _card(name, number, f"Captured, and disputed an hour later. {words}", dispute=dispute)


def _disputed_for(reason: DisputeReason, short: str, by_evidence: str, won: str, lost: str) -> tuple[TestCard, ...]:
    """Three cards with the same claim: the evidence decides, the merchant wins whatever it says, or loses."""
    claim = f"The claim: {CLAIMS[reason]}."
    name = f"visa_dispute_{short}"
    return (
        _disputed(name, by_evidence, f"{claim} Complete evidence wins.", DisputeStory(reason=reason)),
        _disputed(f"{name}_won", won, f"{claim} Any answer wins.", DisputeStory(reason=reason, outcome="won")),
        _disputed(f"{name}_lost", lost, f"{claim} No answer wins.", DisputeStory(reason=reason, outcome="lost")),
    )


_DISPUTES = (
    *_disputed_for("fraudulent", "fraudulent", "4000000000000259", "4000000000008609", "4000000000008617"),
    *_disputed_for("product_not_received", "not_received", "4000000000002685", "4000000000008625", "4000000000008633"),
    *_disputed_for("duplicate", "duplicate", "4000000000008641", "4000000000008658", "4000000000008666"),
    *_disputed_for(
        "credit_not_processed", "credit_not_processed", "4000000000008674", "4000000000008682", "4000000000008690"
    ),
    *_disputed_for("product_unacceptable", "unacceptable", "4000000000008708", "4000000000008716", "4000000000008724"),
    *_disputed_for(
        "subscription_canceled", "subscription_canceled", "4000000000008732", "4000000000008740", "4000000000008757"
    ),
    *_disputed_for("unrecognized", "unrecognized", "4000000000008765", "4000000000008773", "4000000000008781"),
    *_disputed_for("general", "general", "4000000000008799", "4000000000008807", "4000000000008815"),
    _disputed(
        "visa_dispute_second_round",
        "4000000000008823",
        "Any answer wins, and five days later the issuer comes back with a second round.",
        DisputeStory(reason="fraudulent", outcome="won", comes_back=True),
    ),
    _disputed(
        "visa_dispute_partial",
        "4000000000008831",
        "Only 40 percent of it: a part did not arrive. Complete evidence wins.",
        DisputeStory(reason="product_not_received", shares=(40,)),
    ),
    _disputed(
        "visa_dispute_twice",
        "4000000000008849",
        "Twice, for 50 and for 30 percent of it: two things arrived broken. Complete evidence wins.",
        DisputeStory(reason="product_unacceptable", shares=(50, 30)),
    ),
    _disputed(
        "mastercard_dispute_fraudulent",
        "5105105105105100",
        "Mastercard calls the reason 4837. Complete evidence wins.",
        DisputeStory(reason="fraudulent"),
    ),
    _disputed(
        "amex_dispute_not_received",
        "371449635398431",
        "American Express calls the reason C08. Complete evidence wins.",
        DisputeStory(reason="product_not_received"),
    ),
    _disputed(
        "discover_dispute_duplicate",
        "6011000990139424",
        "Discover calls the reason DP. Complete evidence wins.",
        DisputeStory(reason="duplicate"),
    ),
    _card(
        "visa_inquiry",
        "4000000000001976",
        "Captured; an hour later the issuer asks what this was. No money moves, and after an answer or 10 days it asks "
        "no further.",
        dispute=DisputeStory(reason="unrecognized", kind="inquiry", outcome="closed"),
    ),
    _card(
        "visa_inquiry_escalates",
        "4000000000008856",
        "Captured; an hour later the issuer asks what this was. Whatever the answer, the inquiry becomes a chargeback; "
        "then complete evidence wins.",
        dispute=DisputeStory(reason="unrecognized", kind="inquiry", outcome="escalated"),
    ),
)

CARDS: dict[str, TestCard] = {
    card.name: card for card in (*_SUCCESSES, *_COUNTRIES, *_DECLINES, *_AUTHENTICATIONS, *_CHECKS, *_LATER, *_DISPUTES)
}

BY_NUMBER = {card.number: card for card in CARDS.values()}

_LONG = re.compile(r"\d(?:[ ._-]?\d){12,}", re.ASCII)
_BETWEEN = str.maketrans("", "", " ._-")


def has_test_number(text: str) -> bool:
    """Whether a number of the catalogue stands in it, in groups or not. Most texts cost next to nothing."""
    runs = [run.translate(_BETWEEN) for run in _LONG.findall(text)]
    return any(number in run for run in runs for number in BY_NUMBER)
