"""Where an id leads: ours, the gateway's, an event's, a request's."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Column, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.approvals import Approval
from app.customers.models import Customer
from app.disputes.attempts import DisputeAttempt
from app.disputes.models import Dispute
from app.gateway.calls import GatewayCall
from app.gateway.received import WebhookEvent
from app.ledger.post import TRANSACTIONS
from app.merchants.models import Merchant
from app.orders.models import Order
from app.payments.attempts import Attempt
from app.payments.models import Payment
from app.payments.moved import Capture, Refund
from app.reconciliation.models import ImportedFile
from app.risk.models import Review
from app.settlements.models import MerchantPayout, Payout, Settlement

KEY = re.compile(r"^[0-9a-f]{32}$", re.ASCII)
"""An idempotency key of ours."""


@dataclass(frozen=True)
class Place:
    """A page, by what it is about, and the part of it."""

    kind: str
    id: str
    anchor: str | None = None


Finder = Callable[[Session, str], Place | None]


def _page_of(kind: str, column: InstrumentedAttribute[str] | Column[str]) -> Finder:
    """What has a page of its own."""

    def find(session: Session, text: str) -> Place | None:
        return Place(kind, text) if session.scalar(select(column).where(column == text)) else None

    return find


def _payment(session: Session, text: str) -> Place | None:
    found = session.scalar(select(Payment.id).where(or_(Payment.id == text, Payment.gateway_id == text)))
    return Place("payment", found) if found else None


def _capture(session: Session, text: str) -> Place | None:
    found = session.scalar(select(Capture.payment_id).where(Capture.id == text))
    return Place("payment", found, text) if found else None


def _refund(session: Session, text: str) -> Place | None:
    found = session.scalar(select(Refund.payment_id).where(Refund.id == text))
    return Place("payment", found, text) if found else None


def _event(session: Session, text: str) -> Place | None:
    event = session.get(WebhookEvent, text)
    if event is None or event.gateway_payment_id is None:
        return None
    found = session.scalar(select(Payment.id).where(Payment.gateway_id == event.gateway_payment_id))
    return Place("payment", found, text) if found else None


def _attempt(session: Session, text: str) -> Place | None:
    found = session.scalar(select(Attempt.payment_id).where(Attempt.id == text))
    answer = session.get(DisputeAttempt, text) if found is None else None
    if answer is not None:
        return Place("dispute", answer.dispute_id, text)
    return Place("payment", found, text) if found else None


def _request(session: Session, text: str) -> Place | None:
    wanted = select(GatewayCall).where(GatewayCall.request_id == text).order_by(GatewayCall.id.desc()).limit(1)
    call = session.scalars(wanted).first()
    return Place("payment", call.payment_id, f"call-{call.id}") if call else None


def _key(session: Session, text: str) -> Place | None:
    wanted = select(Attempt).where(Attempt.idempotency_key == text)
    attempt = session.scalars(wanted).first()
    if attempt is not None:
        return Place("payment", attempt.payment_id, attempt.id)
    answer = session.scalars(select(DisputeAttempt).where(DisputeAttempt.idempotency_key == text)).first()
    return Place("dispute", answer.dispute_id, answer.id) if answer else None


KINDS: dict[str, Finder] = {
    "ord": _page_of("order", Order.id),
    "pay": _payment,
    "cap": _capture,
    "re": _refund,
    "dp": _page_of("dispute", Dispute.id),
    "evt": _event,
    "att": _attempt,
    "apr": _page_of("approval", Approval.id),
    "req": _request,
    "cus": _page_of("customer", Customer.id),
    "st": _page_of("settlement", Settlement.id),
    "po": _page_of("payout", Payout.id),
    "mer": _page_of("merchant", Merchant.id),
    "mpo": _page_of("merchant_payout", MerchantPayout.id),
    "ltx": _page_of("ledger_transaction", TRANSACTIONS.c.id),
    "rev": _page_of("review", Review.id),
    "imp": _page_of("file", ImportedFile.id),
}
"""Who looks for an id that begins so."""
ID = re.compile(rf"^({'|'.join(KINDS)})_[0-9A-Za-z]{{10,64}}$", re.ASCII)
"""What is looked up from anywhere; lists of money search for some of these among their own rows instead."""


def place_of(session: Session, text: str) -> Place | None:
    """Where the id or idempotency key leads, None if there is no such thing."""
    finder = _key if KEY.match(text) else KINDS.get(text.partition("_")[0])
    return finder(session, text) if finder else None
