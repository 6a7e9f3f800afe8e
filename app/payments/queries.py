"""Reading payments."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.db import reading
from app.errors import NotFound
from app.gateway.calls import GatewayCall
from app.gateway.received import WebhookEvent
from app.payments.attempts import Attempt
from app.payments.models import Payment

WHOLE = (
    selectinload(Payment.attempts),
    selectinload(Payment.captures),
    selectinload(Payment.refunds),
    selectinload(Payment.assessment),
)


def get_payment(payment_id: str) -> Payment:
    """The payment with its order, attempts and refunds; NotFound."""
    with reading() as session:
        payment = session.get(Payment, payment_id, options=WHOLE)
        if payment is None:
            raise NotFound(f"There is no payment {payment_id}.")
        return payment


def payments_of(session: Session, order_id: str) -> Sequence[Payment]:
    """An order's payments with attempts and refunds, newest first."""
    newest_first = (Payment.created_at.desc(), Payment.id.desc())
    return session.scalars(
        select(Payment).where(Payment.order_id == order_id).order_by(*newest_first).options(*WHOLE)
    ).all()


def payments_of_orders(session: Session, order_ids: Collection[str]) -> dict[str, list[Payment]]:
    """The same of several orders at once, by order."""
    newest_first = (Payment.created_at.desc(), Payment.id.desc())
    found: dict[str, list[Payment]] = {order_id: [] for order_id in order_ids}
    for payment in session.scalars(
        select(Payment).where(Payment.order_id.in_(order_ids)).order_by(*newest_first).options(*WHOLE)
    ):
        found[payment.order_id].append(payment)
    return found


def live_payment_of(session: Session, order_id: str) -> Payment | None:
    """The payment that holds or took money, or whose outcome is open; at most one."""
    return next((payment for payment in payments_of(session, order_id) if not payment.is_over), None)


def attempt_of_request(request_key: str | None) -> Attempt | None:
    """The attempt that a form or call with this key began, if it did."""
    if request_key is None:
        return None
    with reading() as session:
        wanted = select(Attempt).where(Attempt.request_key == request_key)
        return session.scalars(wanted.options(selectinload(Attempt.payment).options(*WHOLE))).one_or_none()


def calls_of_order(session: Session, order_id: str) -> Sequence[GatewayCall]:
    """Every call on the gateway about an order, newest first."""
    return session.scalars(
        select(GatewayCall).where(GatewayCall.order_id == order_id).order_by(GatewayCall.id.desc())
    ).all()


def events_of(session: Session, payments: Sequence[Payment]) -> Sequence[WebhookEvent]:
    """Every webhook event about these payments that came, the oldest first."""
    known = [payment.gateway_id for payment in payments if payment.gateway_id is not None]
    wanted = select(WebhookEvent).where(WebhookEvent.gateway_payment_id.in_(known))
    return session.scalars(wanted.order_by(WebhookEvent.received_at, WebhookEvent.id)).all()
