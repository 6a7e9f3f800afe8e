"""Who is told of an order: the order service of every change, the customer of what concerns them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from app.clock import business_now
from app.customers.forget import is_erased_address
from app.merchants.models import Merchant
from app.money import Money
from app.notifications import Facts, MailKind, announce, tell_customer
from app.orders.states import OrderStatus

if TYPE_CHECKING:
    from app.orders.models import Order

_BACK_FROM_REFUND = frozenset({OrderStatus.PARTIALLY_REFUNDED, OrderStatus.REFUNDED})


def tell_of_status(session: Session, order: Order, before: OrderStatus | None, cause: str | None) -> None:
    """The order has come to its status: in the caller's transaction, the order service once all of it is written."""
    announce(session, order.id, f"order.{order.status}")
    if order.state == OrderStatus.PAID and before not in _BACK_FROM_REFUND:
        tell_customer_of(session, MailKind.PAID, order, order.id, order.amount_captured)
    elif order.state in (OrderStatus.DECLINED, OrderStatus.PAYMENT_FAILED):
        tell_customer_of(session, MailKind.FAILED, order, f"{order.id}:{cause or order.version}", order.amount)


def tell_of_dispute(session: Session, order: Order, dispute_id: str, amount: Money) -> None:
    """A dispute was opened: the order service gets the order, the customer a letter."""
    announce(session, order.id, "order.disputed")
    tell_customer_of(session, MailKind.DISPUTED, order, dispute_id, amount)


def facts_of(session: Session, order: Order, amount: Money) -> Facts:
    """What a letter about this order is written of."""
    return Facts(
        merchant=session.get_one(Merchant, order.merchant_id).name,
        customer=order.customer_name,
        reference=order.reference,
        amount_minor=amount.amount_minor,
        currency=amount.currency,
        at=business_now(session),
        card_network=order.card_network,
        card_last4=order.card_last4,
        decline_code=order.decline_code,
        items=list(order.items),
    )


def tell_customer_of(
    session: Session, kind: MailKind, order: Order, occasion: str, amount: Money, *, is_asked_for: bool = False
) -> str | None:
    """Write the customer of this order a letter; the id of its message, None if that was told before.

    One who was erased is written nothing any more.
    """
    if is_erased_address(order.customer_email):
        return None
    return tell_customer(
        session,
        kind,
        occasion,
        facts_of(session, order, amount),
        recipient=order.customer_email,
        locale=order.customer_locale,
        order_id=order.id,
        customer_id=order.customer_id,
        is_asked_for=is_asked_for,
    )
