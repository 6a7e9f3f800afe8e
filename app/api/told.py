"""What messages to others are made of: the order as this API shows it, and the addresses that a customer may open."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from app.api.answers import order_out
from app.checkout import links
from app.config import Settings
from app.customers import history
from app.notifications.connected import connect
from app.orders.queries import find_order
from app.payments.queries import payments_of


def connect_messages(settings: Settings) -> None:
    """Let this process tell the order service and customers. SettingError for an address that cannot be used."""
    history.connect(settings)
    connect(settings, describe_order=describe_order, pay_link=pay_link, history_link=history.link_of)


def describe_order(session: Session, order_id: str) -> dict[str, Any]:
    """The order whole, as `GET /api/orders/{id}` answers it."""
    return order_out(find_order(session, order_id), payments_of(session, order_id)).model_dump(mode="json")


def pay_link(session: Session, order_id: str, link_id: str | None = None) -> str | None:
    """Where the customer pays the order, by a certain link or by any; None while it cannot be paid that way."""
    order = find_order(session, order_id)
    if not order.is_payable:
        return None
    return links.url_of_link(session, link_id) if link_id else links.pay_link_for(session, order)
