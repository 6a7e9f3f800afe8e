"""What payments turned out to be: verdicts, disputes and refunds for fraud, dated when we learned them."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.clock import business_now
from app.risk.models import Label, News


def tell_models(session: Session, payment_id: str, what: str) -> None:
    """`declined` or `fraud`: every process's model takes it into account from now on."""
    session.add(News(payment_id=payment_id, what=what, at=business_now(session)))


def learn(session: Session, payment_id: str, *, is_fraud: bool, source: str) -> None:
    """Note what a payment was, in the caller's transaction; a source says it once, and may think better of it."""
    now = business_now(session)
    known = session.scalars(select(Label).where(Label.payment_id == payment_id, Label.source == source)).one_or_none()
    if known is not None and known.is_fraud == is_fraud:
        return
    if known is None:
        session.add(Label(payment_id=payment_id, source=source, is_fraud=is_fraud, arrived_at=now))
    else:
        known.is_fraud, known.arrived_at = is_fraud, now
    if is_fraud:
        tell_models(session, payment_id, "fraud")
