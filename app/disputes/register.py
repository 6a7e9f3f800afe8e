"""What the pages of other rooms show of disputes."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Flask

from app.db import reading
from app.disputes import queries
from app.disputes.models import Dispute
from app.disputes.reasons import reason_of
from app.payments.models import Payment


def _disputes_of(payments: Sequence[Payment]) -> Sequence[Dispute]:
    """Those of an order's payments, the oldest first; no question where no money was ever taken."""
    taken = [payment.id for payment in payments if payment.amount_captured_minor]
    if not taken:
        return []
    with reading() as session:
        return queries.disputes_of(session, taken)


def register_disputes(app: Flask) -> None:
    """Give it to every template."""
    app.jinja_env.globals.update(disputes_of=_disputes_of, dispute_reason=reason_of)
