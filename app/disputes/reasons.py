"""Why cardholders dispute payments: what each says in plain words, what usually wins, and what the networks call it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reason:
    """`label` for lists, `says` in the cardholder's place, `wins` what convinces a bank of the contrary."""

    label: str
    says: str
    wins: tuple[str, ...]


REASONS: dict[str, Reason] = {
    "credit_not_processed": Reason(
        "Refund not received",
        "“I was promised a refund, or one was due, and it never came.”",
        (
            "Your refund policy, and where the customer saw it before paying.",
            "Why no refund was due in this case, in a few plain sentences.",
            "If you did refund it: when, how much, and the refund's id. A refund on its way is not credited twice.",
        ),
    ),
    "duplicate": Reason(
        "Charged twice",
        "“I was charged more than once for the same purchase.”",
        (
            "What each charge was for, so that the bank sees two purchases and not one.",
            "The other payment's id, and both receipts side by side.",
            "If it truly was charged twice: accept. An answer costs time and nothing is won.",
        ),
    ),
    "fraudulent": Reason(
        "Not made by the cardholder",
        "“I did not make this purchase; somebody else used my card.”",
        (
            "The e-mail address and the IP address that the order came from, best if the same customer paid with them"
            " before.",
            "Proof that the cardholder has what was bought: a signature, a login from the same device, a delivery to"
            " the card's billing address.",
            "If 3-D Secure was passed, say so first: then the bank carries the loss.",
        ),
    ),
    "general": Reason(
        "Something else",
        "“Something is wrong with this charge.” The bank gives no better reason.",
        (
            "What was bought, when and by whom, as a short story with dates.",
            "What you and the customer wrote to each other.",
        ),
    ),
    "product_not_received": Reason(
        "Not received",
        "“What I bought never arrived.”",
        (
            "The tracking number and the day it was sent; the carrier's word that it was delivered counts most.",
            "A delivery to the address that the customer gave, with a signature if there is one.",
            "For what is not sent by post: the log that shows it was used.",
        ),
    ),
    "product_unacceptable": Reason(
        "Not as described",
        "“What arrived is broken, or is not what was described.”",
        (
            "The description that the customer saw before paying, and a picture of what was sent.",
            "Your policy on returns, and that the customer did not send it back or did not ask to.",
            "What was written about the complaint, and what you offered.",
        ),
    ),
    "subscription_canceled": Reason(
        "Canceled before",
        "“I had canceled the subscription before this charge.”",
        (
            "The terms of canceling that the customer agreed to.",
            "That nothing was canceled by then, or that the charge is for the time before.",
            "That the service was still used after the day on which it is said to be canceled.",
        ),
    ),
    "unrecognized": Reason(
        "Not recognized",
        "“I do not know what this charge is.”",
        (
            "A receipt that names what was bought, the day and the shop as the customer knows it.",
            "The customer's name, e-mail address and delivery address: often a relative bought it.",
            "The name on the card statement, if it differs from your shop's.",
        ),
    ),
}

_UNKNOWN = Reason(
    "Another reason", "The bank gives a reason that has no explanation here.", ("What was bought, when and by whom.",)
)


def reason_of(code: str) -> Reason:
    """What is known of a reason; one that a gateway added since is told as such."""
    return REASONS.get(code, _UNKNOWN)


_DISCOVER = {
    "RN2": "Credit not processed",
    "DP": "Duplicate processing",
    "UA02": "Fraud, card not present",
    "NC": "Not classified",
    "RG": "Goods or services not received",
    "RM": "Quality discrepancy",
    "AP": "Canceled recurring payment",
    "AA": "Cardholder does not recognize",
}

NETWORK_CODES: dict[str, dict[str, str]] = {
    "visa": {
        "10.4": "Other fraud, card-absent environment",
        "12.5": "Incorrect amount",
        "12.6.1": "Duplicate processing",
        "13.1": "Merchandise or services not received",
        "13.2": "Canceled recurring transaction",
        "13.3": "Not as described, or defective",
        "13.6": "Credit not processed",
    },
    "mastercard": {
        "4808": "Authorization-related chargeback",
        "4834": "Point-of-interaction error",
        "4837": "No cardholder authorization",
        "4853": "Cardholder dispute",
        "4863": "Cardholder does not recognize",
    },
    "amex": {
        "177": "Unauthorized charge",
        "C02": "Credit not processed",
        "C08": "Goods or services not received",
        "C28": "Canceled recurring billing",
        "C31": "Goods or services not as described",
        "F29": "Fraud, card not present",
        "P08": "Duplicate charge",
        "R13": "No reply",
    },
    "discover": _DISCOVER,
    "diners": _DISCOVER,
    "unionpay": _DISCOVER,
    "jcb": {
        "502": "Not as described, or defective",
        "507": "Transaction amount differs",
        "512": "Duplicate processing",
        "513": "Credit not processed",
        "544": "Canceled recurring transaction",
        "546": "Unauthorized purchase",
        "554": "Goods or services not received",
    },
}
"""What each network calls its codes."""


def network_words(network: str | None, code: str | None) -> str | None:
    """The network's own name for the code, if we know it."""
    return NETWORK_CODES.get(network or "", {}).get(code or "")


@dataclass(frozen=True)
class EvidenceField:
    """One text of an answer: what it is called, and what to write; some are a day."""

    label: str
    help: str
    rows: int = 3
    is_day: bool = False


FIELDS: dict[str, EvidenceField] = {
    "explanation": EvidenceField("What happened", "The whole story in a few plain sentences, with dates.", 5),
    "product_description": EvidenceField("What was bought", "As the customer saw it described before paying."),
    "receipt": EvidenceField("Receipt", "What was bought, when, for how much; or attach the receipt."),
    "customer_name": EvidenceField("Customer's name", "As given with the order.", 1),
    "customer_email": EvidenceField("Customer's e-mail address", "As given with the order.", 1),
    "customer_ip": EvidenceField("Customer's IP address", "From which the order was placed.", 1),
    "billing_address": EvidenceField("Billing address", "That belongs to the card."),
    "shipping_address": EvidenceField("Delivery address", "Where it was sent."),
    "shipping_carrier": EvidenceField("Carrier", "Who delivered it, like DHL.", 1),
    "shipping_date": EvidenceField("Day it was sent", "When the carrier took it.", 1, is_day=True),
    "shipping_tracking_number": EvidenceField("Tracking number", "With which the carrier's page shows the way.", 1),
    "service_date": EvidenceField("Day of the service", "When it was rendered or used.", 1, is_day=True),
    "access_log": EvidenceField(
        "Log of its use", "Times, addresses and devices of the customer's logins or downloads."
    ),
    "customer_signature": EvidenceField("Signature", "Who signed for it and when; or attach it."),
    "customer_communication": EvidenceField("What you wrote to each other", "E-mails or chats, with their dates.", 5),
    "refund_policy": EvidenceField("Refund policy", "As it stood on the day of the purchase."),
    "refund_policy_disclosure": EvidenceField("How the policy was shown", "Where the customer saw it before paying."),
    "refund_refusal_explanation": EvidenceField("Why no refund was due", "Why the policy gives none in this case."),
    "cancellation_policy": EvidenceField("Terms of canceling", "As the customer agreed to them."),
    "cancellation_rebuttal": EvidenceField("Why it was not canceled", "What the customer did, or did not do, by then."),
    "duplicate_payment": EvidenceField("The other payment", "Its id, day and amount.", 1),
    "duplicate_explanation": EvidenceField("Why it is not charged twice", "What each of the two charges was for."),
}
"""Every text that the gateway takes, by its own name, in the order in which people think of them."""


def field_of(name: str) -> EvidenceField:
    """What is known of a field; one that a gateway added since is called as it is spelled."""
    return FIELDS.get(name) or EvidenceField(name.replace("_", " ").capitalize(), "")
