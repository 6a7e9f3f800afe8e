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
    "blocked": Word("Blocked", "bad"),
}

REFUND = {
    "pending": Word("Pending", "wait"),
    "succeeded": Word("Succeeded", "good"),
    "failed": Word("Failed", "bad"),
}

DISPUTE = {
    "needs_response": Word("Needs response", "ask"),
    "under_review": Word("Under review", "wait"),
    "won": Word("Won", "good"),
    "lost": Word("Lost", "bad"),
    "accepted": Word("Accepted", "bad"),
    "expired": Word("Expired", "bad"),
    "closed": Word("Closed", "quiet"),
}

ATTEMPT = {
    "open": Word("Being asked", "wait"),
    "unanswered": Word("No answer yet", "ask"),
    "confirmed": Word("Answered", "quiet"),
    "refused": Word("Refused", "bad"),
    "waiting": Word("Waiting", "wait"),
    "denied": Word("Closed as not done", "quiet"),
}

EVENT = {
    "applied": Word("Applied", "good"),
    "stale": Word("Nothing new", "quiet"),
    "ignored": Word("Not used", "quiet"),
    "foreign": Word("Not ours", "quiet"),
    "waiting": Word("Waiting", "wait"),
    "not_believed": Word("Not believed", "bad"),
    "failed": Word("Failed", "bad"),
}

DISCREPANCY = {
    "open": Word("Open", "ask"),
    "resolved": Word("Resolved", "good"),
}

MESSAGE = {
    "waiting": Word("Waiting", "wait"),
    "held": Word("Held", "ask"),
    "sent": Word("Sent", "good"),
    "kept": Word("Kept here", "quiet"),
    "failed": Word("Failed", "bad"),
    "dropped": Word("Not sent", "quiet"),
}

MESSAGE_KINDS = {
    "paid": "Payment received",
    "failed": "Payment not gone through",
    "refunded": "Refund",
    "refund_failed": "Refund did not arrive",
    "disputed": "Dispute",
    "pay_link": "Pay link",
}
"""E-mails to customers; callbacks are called by their type."""

NOTICES = {
    "mismatch": Word("Mismatch", "bad"),
    "unknown_outcome": Word("Unknown outcome", "ask"),
    "hold_ending": Word("Hold ends soon", "ask"),
    "hold_lapsed": Word("Hold lapsed", "bad"),
    "refund_failed": Word("Refund failed", "bad"),
    "dispute_opened": Word("Dispute opened", "ask"),
    "dispute_due": Word("Dispute due", "ask"),
    "dispute_closed": Word("Dispute closed", "quiet"),
    "approval_asked": Word("Approval asked for", "ask"),
    "approval_decided": Word("Approval decided", "quiet"),
    "review": Word("For review", "ask"),
    "outage": Word("Outage", "bad"),
    "retry_due": Word("May be paid again", "wait"),
    "delivery_failed": Word("Not delivered", "bad"),
    "event_failed": Word("Event failed", "bad"),
    "job_dead": Word("Work given up", "bad"),
    "clock_skew": Word("Clocks apart", "bad"),
    "payout_failed": Word("Payout failed", "bad"),
    "report_made": Word("Report", "quiet"),
}

MADE_REPORT = {
    "waiting": Word("Being made", "wait"),
    "ready": Word("Ready", "good"),
    "failed": Word("Not made", "bad"),
}

SETTLEMENT = {
    "waiting": Word("Being booked", "wait"),
    "booked": Word("Booked", "good"),
    "available": Word("Available", "good"),
    "paid_out": Word("Paid out", "good"),
}

PAYOUT = {
    "pending": Word("Pending", "wait"),
    "in_transit": Word("In transit", "wait"),
    "paid": Word("Paid", "good"),
    "failed": Word("Failed", "bad"),
}

MERCHANT_PAYOUT = {
    "proposed": Word("Proposed", "ask"),
    "sent": Word("Sent", "wait"),
    "paid": Word("Paid", "good"),
    "bounced": Word("Bounced", "bad"),
    "canceled": Word("Canceled", "quiet"),
}

BREAK = {
    "open": Word("Open", "ask"),
    "resolved": Word("Resolved", "good"),
    "written_off": Word("Written off", "quiet"),
}

IMPORTED_FILE = {
    "reading": Word("Being read", "wait"),
    "read": Word("Compared", "good"),
}

THREE_WAY = {
    "agrees": Word("Agrees", "good"),
    "differs": Word("Differs", "bad"),
    "waits": Word("Waits for the bank", "wait"),
}
"""How our books, the gateway's report and the bank stand to each other."""

LINE_OUTCOME = {
    "matched": Word("Matched", "good"),
    "late": Word("Late", "ask"),
    "missing_here": Word("Unknown here", "bad"),
    "missing_there": Word("Missing there", "bad"),
    "amount": Word("Amount differs", "bad"),
    "currency": Word("Currency differs", "bad"),
    "duplicate": Word("Twice", "bad"),
    "fee": Word("Fee differs", "bad"),
    "payout": Word("Payout differs", "bad"),
}
"""What a line of the gateway's report is to us, and the kinds of breaks."""

CUSTOMER = {
    "active": Word("Active", "quiet"),
    "merged": Word("Merged", "quiet"),
    "erased": Word("Erased", "quiet"),
}

PAY_LINK = {
    "open": Word("Works", "good"),
    "expired": Word("Expired", "quiet"),
    "revoked": Word("Revoked", "quiet"),
}

APPROVAL = {
    "asked": Word("Waiting", "ask"),
    "approved": Word("Approved", "wait"),
    "done": Word("Done", "good"),
    "failed": Word("Failed", "bad"),
    "refused": Word("Refused", "bad"),
    "withdrawn": Word("Withdrawn", "quiet"),
    "expired": Word("Lapsed", "quiet"),
}

ACTS = {
    "order.placed": Word("Order placed", "quiet"),
    "order.status": Word("Order changed by hand", "quiet"),
    "attempt.opened": Word("Asked of the gateway", "quiet"),
    "approval.asked": Word("Approval asked for", "quiet"),
    "approval.decided": Word("Approval decided", "quiet"),
    "policy.changed": Word("Policy changed", "quiet"),
    "discrepancy.settled": Word("Discrepancy settled", "quiet"),
    "operator.invited": Word("Operator invited", "quiet"),
    "operator.role": Word("Role changed", "quiet"),
    "operator.suspended": Word("Operator suspended", "quiet"),
    "operator.reinstated": Word("Operator reinstated", "quiet"),
    "operator.reset": Word("Second factor reset", "quiet"),
    "account.password": Word("Password set", "quiet"),
    "account.totp": Word("Second factor changed", "quiet"),
    "sign_in": Word("Signed in", "quiet"),
    "sign_in.failed": Word("Sign-in failed", "bad"),
    "sign_out": Word("Signed out", "quiet"),
    "session.ended": Word("Session ended", "quiet"),
    "link.made": Word("Sign-in link made", "quiet"),
    "rule.saved": Word("Risk rule saved", "quiet"),
    "risk_list.put": Word("Put on a risk list", "quiet"),
    "risk_list.taken": Word("Taken off a risk list", "quiet"),
    "token.created": Word("API token made", "quiet"),
    "token.revoked": Word("API token revoked", "quiet"),
    "list.exported": Word("List exported", "quiet"),
    "report.made": Word("Report made", "quiet"),
    "webhook.applied": Word("Event applied again", "quiet"),
    "webhook.secret": Word("Webhook secret rotated", "quiet"),
    "sandbox": Word("Fault of the sandbox", "quiet"),
}
"""What people do, in the audit log's filter; others are shown as they are spelled."""

OPERATOR = {
    "active": Word("Active", "good"),
    "invited": Word("Invited", "wait"),
    "suspended": Word("Suspended", "bad"),
}

RISK = {
    "allow": Word("Allow", "good"),
    "block": Word("Block", "bad"),
    "review": Word("Review", "ask"),
    "three_ds": Word("Ask for 3-D Secure", "wait"),
    "accept": Word("Accept", "good"),
}

RULE_MODE = {
    "active": Word("In force", "good"),
    "shadow": Word("Shadow", "wait"),
    "retired": Word("Retired", "quiet"),
}

REVIEW = {
    "open": Word("Waiting", "ask"),
    "approved": Word("Approved", "good"),
    "declined": Word("Declined", "bad"),
    "overtaken": Word("Ended by itself", "quiet"),
}

KINDS = {
    "order": ORDER,
    "payment": PAYMENT,
    "refund": REFUND,
    "dispute": DISPUTE,
    "attempt": ATTEMPT,
    "act": ACTS,
    "approval": APPROVAL,
    "operator": OPERATOR,
    "event": EVENT,
    "discrepancy": DISCREPANCY,
    "message": MESSAGE,
    "customer": CUSTOMER,
    "pay_link": PAY_LINK,
    "settlement": SETTLEMENT,
    "payout": PAYOUT,
    "merchant_payout": MERCHANT_PAYOUT,
    "break": BREAK,
    "made_report": MADE_REPORT,
    "file": IMPORTED_FILE,
    "three_way": THREE_WAY,
    "line": LINE_OUTCOME,
    "risk": RISK,
    "rule_mode": RULE_MODE,
    "review": REVIEW,
}

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
    "closed_account",
    "do_not_honor",
    "expired_card",
    "generic_decline",
    "incorrect_cvc",
    "incorrect_number",
    "incorrect_pin",
    "insufficient_funds",
    "invalid_transaction",
    "issuer_unavailable",
    "lost_card",
    "no_such_issuer",
    "pickup_card",
    "processing_error",
    "restricted_card",
    "revocation",
    "revocation_of_all",
    "stolen_card",
    "stop_payment",
    "suspected_fraud",
    "transaction_not_allowed",
    "try_again_later",
    "withdrawal_limit_exceeded",
)
"""Every code that we can explain, as lists offer it."""

CAPTURE_POLICIES = {"manual": "By hand", "automatic": "At once", "on_shipment": "On shipment"}


def plain(code: str) -> str:
    """`insufficient_funds` as people read it."""
    return code.replace("_", " ").capitalize()


def word_for(kind: str, status: str) -> Word:
    """The word for a status; one that a gateway added since is shown as it is spelled."""
    return KINDS[kind].get(status) or Word(plain(status), "quiet")
