"""Disputes for tests: opened by a card, and brought to any status by the front door."""

from __future__ import annotations

from collections.abc import Callable

from tests.gateway.client import Account, Json

COMPLETE: dict[str, Json] = {
    "fraudulent": {"customer_email": "ann@example.com", "customer_ip": "192.0.2.7"},
    "product_not_received": {"shipping_date": "2026-03-01", "shipping_tracking_number": "1Z999AA10123456784"},
    "duplicate": {"duplicate_explanation": "Two orders.", "duplicate_payment": "the order of the day before"},
    "credit_not_processed": {"refund_policy": "None after use.", "refund_refusal_explanation": "It was used."},
    "product_unacceptable": {"product_description": "A lamp.", "refund_policy": "Within 30 days."},
    "subscription_canceled": {"cancellation_policy": "By mail.", "cancellation_rebuttal": "No mail came."},
    "unrecognized": {"product_description": "A lamp.", "receipt": "R-1"},
    "general": {"explanation": "All went well."},
}


def disputes_of(account: Account, payment_id: str) -> list[Json]:
    """The oldest first."""
    return list(reversed(account.call("GET", f"/v1/disputes?payment={payment_id}")["data"]))


def captured(account: Account, card: str = "visa_success", amount: int = 1000, currency: str = "USD") -> Json:
    """A captured payment, on a clock that stands still."""
    if account.call("GET", "/_sandbox/clock")["mode"] == "live":
        account.freeze()
    return account.pay(card, amount=amount, currency=currency, capture=True)


def disputed(account: Account, card: str = "visa_dispute_fraudulent", amount: int = 1000) -> Json:
    """The first dispute of a new payment with this card, an hour after its capture."""
    paid = captured(account, card, amount)
    account.clock(advance="PT1H")
    return disputes_of(account, paid["id"])[0]


def respond(account: Account, dispute: Json, action: str, body: Json | None = None) -> Json:
    """evidence, submit or accept, which must succeed."""
    return account.call("POST", f"/v1/disputes/{dispute['id']}/{action}", body or {})


def give_evidence(account: Account, dispute: Json) -> Json:
    return respond(account, dispute, "evidence", {"fields": COMPLETE[dispute["reason"]]})


def dispute_of(account: Account, dispute: Json) -> Json:
    return account.call("GET", f"/v1/disputes/{dispute['id']}")


def _reviewed(card: str, move: str | None = None) -> Callable[[Account], Json]:
    def make(account: Account) -> Json:
        dispute = disputed(account, card)
        respond(account, dispute, "submit")
        return account.move("disputes", dispute["id"], move) if move else dispute_of(account, dispute)

    return make


def _chosen(card: str, move: str) -> Callable[[Account], Json]:
    return lambda account: account.move("disputes", disputed(account, card)["id"], move)


_CARD, _INQUIRY = "visa_dispute_fraudulent", "visa_inquiry"

# How to come to each kind and status.
STATES: dict[tuple[str, str], Callable[[Account], Json]] = {
    ("chargeback", "needs_response"): disputed,
    ("chargeback", "under_review"): _reviewed(_CARD),
    ("chargeback", "won"): _reviewed(_CARD, "win"),
    ("chargeback", "lost"): _reviewed(_CARD, "lose"),
    ("chargeback", "accepted"): lambda account: respond(account, disputed(account), "accept"),
    ("chargeback", "expired"): _chosen(_CARD, "expire"),
    ("inquiry", "needs_response"): lambda account: disputed(account, _INQUIRY),
    ("inquiry", "under_review"): _reviewed(_INQUIRY),
    ("inquiry", "closed"): _chosen(_INQUIRY, "close"),
}
