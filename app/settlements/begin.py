"""Brings into the books what was there before them: payments and disputes of an installation older than its ledger."""

from __future__ import annotations

from sqlalchemy import select

from app.db import reading, transaction
from app.disputes.models import Dispute, lock_dispute
from app.disputes.postings import book_dispute
from app.ledger.models import LedgerTransaction
from app.payments.models import Payment, lock_payment
from app.payments.postings import book_payment

_AT_ONCE = 200
CAUSE = "the books begin"


def begin_books() -> int:
    """Post what is not in the books yet; how many payments that were. Doing it again posts nothing."""
    booked = 0
    after = ""
    while True:
        known = select(LedgerTransaction.id).where(LedgerTransaction.payment_id == Payment.id).exists()
        missing = select(Payment.id).where(Payment.authorized_at.is_not(None), ~known, Payment.id > after)
        with reading() as session:
            ids = session.scalars(missing.order_by(Payment.id).limit(_AT_ONCE)).all()
        for payment_id in ids:
            with transaction() as session:
                payment = lock_payment(session, payment_id)
                assert payment is not None, "payments are never removed"
                booked += book_payment(session, payment, CAUSE)
                for dispute_id in session.scalars(select(Dispute.id).where(Dispute.payment_id == payment_id)).all():
                    dispute = lock_dispute(session, dispute_id)
                    assert dispute is not None, "disputes are never removed"
                    book_dispute(session, dispute, CAUSE)
        if len(ids) < _AT_ONCE:
            return booked
        after = ids[-1]
