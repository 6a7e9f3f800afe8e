"""A rule tried on the past: what it would have caught, and whom it would have hurt, before anybody relies on it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.customers.models import Customer
from app.merchants.models import Merchant
from app.orders.models import Order
from app.risk.facts import Subject, gather
from app.risk.fields import LONGEST
from app.risk.language import Condition
from app.risk.lists import ListsNow
from app.risk.models import Assessment, Label
from app.risk.past import PastInMemory
from app.risk.tried import Tried

DAYS = 30
SHOWN_AT_MOST = 10
MOST_PAYMENTS = 50_000
"""So many of the newest are gone through at most."""


def subjects(session: Session, since: datetime, until: datetime) -> Iterator[tuple[Assessment, Subject]]:
    """Every payment that was assessed, in the order of time, as it stood then."""
    merchants = {merchant.id: merchant.name for merchant in session.scalars(select(Merchant))}
    wanted = (
        select(Assessment, Order, Customer.created_at)
        .join(Order, Order.id == Assessment.order_id)
        .join(Customer, Customer.id == Assessment.customer_id)
        .where(Assessment.created_at > since, Assessment.created_at <= until)
        .order_by(Assessment.created_at.desc(), Assessment.id.desc())
        .limit(MOST_PAYMENTS)
    )
    for row, order, began in reversed(session.execute(wanted).all()):
        card = row.card | {"fingerprint": row.card_fingerprint}
        yield row, Subject(order, card, row.created_at, merchants.get(row.merchant_id, ""), began)


def backtest(session: Session, condition: Condition, now: datetime, days: int = DAYS) -> Tried:
    """Go through the last `days` of this installation's payments as if the condition had been asked of each.

    Fraud is what is known by now: verdicts, disputes and refunds for fraud.
    """
    tried, since = Tried(days), now - timedelta(days=days)
    frauds = set(session.scalars(select(Label.payment_id).where(Label.is_fraud)))
    past = PastInMemory()
    needs = condition.needs - {("score", None)}
    for row, subject in subjects(session, since - LONGEST, now):
        if row.created_at > since:
            facts = gather(past, subject, needs)
            facts["score", None] = None if row.score is None else Decimal(row.score)
            is_hit = condition.holds(facts, ListsNow(session, row.created_at))
            tried.count(row.amount, is_hit=is_hit, is_fraud=row.payment_id in frauds)
            if is_hit:
                tried.examples.append(row)
        past.add(row)
    tried.examples = tried.examples[-SHOWN_AT_MOST:][::-1]
    return tried
