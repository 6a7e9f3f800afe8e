"""What statuses, operations and reasons are called on the screen, and the tone in which each is shown."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Word:
    """A name for people, and a tone: `good`, `wait`, `back`, `bad`, `ask` (something is open) or `quiet`."""

    label: str
    tone: str


ORDER = {
    "awaiting_payment": Word("Awaiting payment", "quiet"),
    "in_review": Word("In review", "ask"),
    "awaiting_authentication": Word("Awaiting authentication", "ask"),
    "authorized": Word("Authorized", "wait"),
    "partially_captured": Word("Partly captured", "wait"),
    "paid": Word("Paid", "good"),
    "payment_failed": Word("Payment failed", "bad"),
    "declined": Word("Declined", "bad"),
    "payment_unknown": Word("Unknown outcome", "ask"),
    "canceled": Word("Canceled", "quiet"),
    "partially_refunded": Word("Partially refunded", "back"),
    "refunded": Word("Refunded", "back"),
}

PAYMENT = {
    "unknown": Word("Unknown", "ask"),
    "requires_action": Word("Requires action", "ask"),
    "processing": Word("Processing", "ask"),
    "authorized": Word("Authorized", "wait"),
    "partially_captured": Word("Partly captured", "wait"),
    "captured": Word("Captured", "good"),
    "partially_refunded": Word("Partially refunded", "back"),
    "refunded": Word("Refunded", "back"),
    "voided": Word("Voided", "quiet"),
    "expired": Word("Expired", "quiet"),
    "declined": Word("Declined", "bad"),
    "failed": Word("Failed", "bad"),
}

REFUND = {
    "pending": Word("Pending", "wait"),
    "succeeded": Word("Succeeded", "good"),
    "failed": Word("Failed", "bad"),
}

ATTEMPT = {
    "open": Word("Being asked", "wait"),
    "unanswered": Word("No answer yet", "ask"),
    "confirmed": Word("Answered", "quiet"),
    "refused": Word("Refused", "bad"),
}

KINDS = {"order": ORDER, "payment": PAYMENT, "refund": REFUND, "attempt": ATTEMPT}

REFUND_REASONS = {
    "requested_by_customer": "Requested by the customer",
    "duplicate": "Charged twice",
    "fraudulent": "Fraudulent",
    "other": "Another reason",
}

NETWORKS = {
    "visa": "Visa",
    "mastercard": "Mastercard",
    "amex": "American Express",
    "discover": "Discover",
    "diners": "Diners Club",
    "jcb": "JCB",
    "unionpay": "UnionPay",
}

SHORT_NETWORKS = NETWORKS | {"amex": "Amex", "diners": "Diners"}
"""For the columns of lists."""

DECLINE_CODES = (
    "authentication_canceled",
    "authentication_failed",
    "authentication_rejected",
    "authentication_required",
    "card_velocity_exceeded",
    "do_not_honor",
    "expired_card",
    "generic_decline",
    "incorrect_cvc",
    "incorrect_number",
    "insufficient_funds",
    "issuer_unavailable",
    "lost_card",
    "pickup_card",
    "processing_error",
    "restricted_card",
    "stolen_card",
    "suspected_fraud",
    "transaction_not_allowed",
    "withdrawal_limit_exceeded",
)
"""Every code that we can explain, as lists offer it."""

CAPTURE_POLICIES = {"manual": "By hand", "automatic": "At once"}


def plain(code: str) -> str:
    """`insufficient_funds` as people read it."""
    return code.replace("_", " ").capitalize()


def word_for(kind: str, status: str) -> Word:
    """The word for a status; one that a gateway added since is shown as it is spelled."""
    return KINDS[kind].get(status) or Word(plain(status), "quiet")
