"""Why cardholders dispute payments: eight reasons, what each network calls them, and the evidence that answers them."""

from dataclasses import dataclass
from typing import Literal

DisputeReason = Literal[
    "credit_not_processed",
    "duplicate",
    "fraudulent",
    "general",
    "product_not_received",
    "product_unacceptable",
    "subscription_canceled",
    "unrecognized",
]
DisputeKind = Literal["inquiry", "chargeback"]
DisputeOutcome = Literal["evidence", "won", "lost", "closed", "escalated"]
EvidenceField = Literal[
    "access_log",
    "billing_address",
    "cancellation_policy",
    "cancellation_rebuttal",
    "customer_communication",
    "customer_email",
    "customer_ip",
    "customer_name",
    "customer_signature",
    "duplicate_explanation",
    "duplicate_payment",
    "explanation",
    "product_description",
    "receipt",
    "refund_policy",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_tracking_number",
]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What an issuer wants to read: without all that is required the merchant does not convince."""

    required: tuple[EvidenceField, ...]
    helpful: tuple[EvidenceField, ...]


# The claim in the cardholder's words, for `why` and for those who choose a reason.
CLAIMS: dict[DisputeReason, str] = {
    "credit_not_processed": "a refund was promised or due and did not come",
    "duplicate": "the same purchase was charged more than once",
    "fraudulent": "the cardholder did not make this purchase",
    "general": "something else is wrong with the charge",
    "product_not_received": "what was bought did not arrive",
    "product_unacceptable": "what arrived is defective or not as described",
    "subscription_canceled": "the subscription was canceled before this charge",
    "unrecognized": "the cardholder does not recognize the charge",
}

EVIDENCE: dict[DisputeReason, Evidence] = {
    "credit_not_processed": Evidence(
        ("refund_policy", "refund_refusal_explanation"),
        ("customer_communication", "receipt", "refund_policy_disclosure"),
    ),
    "duplicate": Evidence(
        ("duplicate_explanation", "duplicate_payment"),
        ("customer_communication", "receipt", "shipping_tracking_number"),
    ),
    "fraudulent": Evidence(
        ("customer_email", "customer_ip"),
        ("access_log", "billing_address", "customer_name", "customer_signature", "shipping_address"),
    ),
    "general": Evidence(("explanation",), ("customer_communication", "product_description", "receipt")),
    "product_not_received": Evidence(
        ("shipping_date", "shipping_tracking_number"),
        ("access_log", "customer_communication", "customer_signature", "shipping_address", "shipping_carrier"),
    ),
    "product_unacceptable": Evidence(
        ("product_description", "refund_policy"),
        ("customer_communication", "refund_refusal_explanation", "service_date", "shipping_tracking_number"),
    ),
    "subscription_canceled": Evidence(
        ("cancellation_policy", "cancellation_rebuttal"),
        ("access_log", "customer_communication", "service_date"),
    ),
    "unrecognized": Evidence(
        ("product_description", "receipt"),
        ("customer_email", "customer_ip", "customer_name", "shipping_address"),
    ),
}

# In the order of `DisputeReason`. Sources: the codes as docs.stripe.com/disputes/categories groups them (Visa,
# Mastercard), Braintree's list of codes in use (American Express), docs.antom.com/ac/dispute (the others). Where a
# network has no code for a reason, the one that its issuers use instead.
_DISCOVER = ("RN2", "DP", "UA02", "NC", "RG", "RM", "AP", "AA")
_CODES: dict[str, tuple[str, ...]] = {
    "visa": ("13.6", "12.6.1", "10.4", "12.5", "13.1", "13.3", "13.2", "10.4"),
    "mastercard": ("4853", "4834", "4837", "4808", "4853", "4853", "4853", "4863"),
    "amex": ("C02", "P08", "F29", "R13", "C08", "C31", "C28", "177"),
    "discover": _DISCOVER,
    # Diners Club belongs to Discover, and UnionPay is cleared over its network in America.
    "diners": _DISCOVER,
    "unionpay": _DISCOVER,
    "jcb": ("513", "512", "546", "507", "554", "502", "544", "546"),
}


def network_code(network: str, reason: DisputeReason) -> str:
    """What the card's network calls this reason."""
    return _CODES[network][tuple(CLAIMS).index(reason)]
