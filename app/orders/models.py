"""The orders table."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.db import Base, in_byte_order, where_known
from app.errors import RuleBroken
from app.money import InMoney
from app.notifications import announce
from app.orders.states import ORDER, PAYABLE, OrderStatus
from app.orders.told import tell_of_status
from app.timeline import Actor, Kind, add


class Order(Base):
    """What a customer owes a merchant, and how far it is paid. `version` rises by one with each change."""

    __tablename__ = "orders"
    __table_args__ = (
        UniqueConstraint("merchant_id", "reference"),
        CheckConstraint("amount_minor BETWEEN 1 AND 999999999999", name="amount_positive"),
        CheckConstraint("amount_captured_minor <= amount_minor", name="captured_within_amount"),
        CheckConstraint("amount_refunded_minor BETWEEN 0 AND amount_captured_minor", name="refunded_within_captured"),
        Index("ix_orders_created", "created_at", "id"),
        Index("ix_orders_currency", "currency", "created_at", "id"),
        Index("ix_orders_status", "status", "created_at", "id"),
        Index("ix_orders_merchant", "merchant_id", "created_at", "id"),
        Index("ix_orders_reference", "reference"),
        Index("ix_orders_customer", "customer_id", "created_at", "id"),
        Index("ix_orders_email", "customer_email_key", "created_at", "id"),
        Index("ix_orders_reference_key", "reference_key", "created_at", "id"),
        Index("ix_orders_name_key", "customer_name_key", "created_at", "id"),
        Index("ix_orders_amount", "currency", "amount_minor", "id"),
        Index("ix_orders_last4", "card_last4", "created_at", "id", **where_known("card_last4")),
        Index("ix_orders_network", "card_network", "created_at", "id", **where_known("card_network")),
        Index("ix_orders_decline", "decline_code", "created_at", "id", **where_known("decline_code")),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    reference: Mapped[str] = mapped_column(String(100))
    reference_key: Mapped[str] = mapped_column(in_byte_order(100), server_default=text("''"))
    """In small letters, as it is searched."""
    status: Mapped[OrderStatus] = mapped_column(String(30), default=OrderStatus.AWAITING_PAYMENT)
    version: Mapped[int] = mapped_column(default=1)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    amount_authorized_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    amount_captured_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    amount_refunded_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    currency: Mapped[str] = mapped_column(String(3))
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"))
    customer_name: Mapped[str] = mapped_column(String(200))
    customer_email: Mapped[str] = mapped_column(String(254))
    customer_name_key: Mapped[str] = mapped_column(in_byte_order(200), server_default=text("''"))
    customer_email_key: Mapped[str] = mapped_column(in_byte_order(254))
    customer_locale: Mapped[str | None] = mapped_column(String(20))
    items: Mapped[list[Any]]
    capture_policy: Mapped[str] = mapped_column(String(20))
    context: Mapped[dict[str, Any]]
    details: Mapped[dict[str, Any]]
    """The caller's `metadata`, string pairs."""
    disputed: Mapped[bool] = mapped_column(default=False)
    card_network: Mapped[str | None] = mapped_column(String(20))
    """The card of the newest payment, as is its last four digits; and why that was declined, if it was."""
    card_last4: Mapped[str | None] = mapped_column(String(4))
    decline_code: Mapped[str | None] = mapped_column(String(60))
    cancel_reason: Mapped[str | None] = mapped_column(String(500))
    request_key: Mapped[str | None] = mapped_column(String(300), unique=True)
    """What the caller gave so that asking twice is asking once: a form's or an API call's key."""
    shipped_at: Mapped[datetime | None]
    """When something of it was shipped last."""
    created_at: Mapped[datetime]
    recorded_at: Mapped[datetime]

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self.reference_key = self.reference.lower()[:100]  # a few letters become two when they are small
        self.customer_name_key = self.customer_name.lower()[:200]
        self.status = OrderStatus.AWAITING_PAYMENT
        self.version = 1
        self.amount_authorized_minor = self.amount_captured_minor = self.amount_refunded_minor = 0
        self.disputed = False

    @property
    def state(self) -> OrderStatus:
        """The status as a member of its enum, however it was loaded."""
        return OrderStatus(self.status)

    amount = InMoney()
    amount_authorized = InMoney()
    amount_captured = InMoney()
    amount_refunded = InMoney()

    @property
    def is_payable(self) -> bool:
        return self.state in PAYABLE

    @property
    def captures_at_once(self) -> bool:
        return self.capture_policy == "automatic"

    @property
    def captures_on_shipment(self) -> bool:
        return self.capture_policy == "on_shipment"

    def check_shippable(self, paid: AbstractSet[OrderStatus]) -> None:
        """RuleBroken unless money was taken for it: an order in one of `paid`."""
        if self.state not in paid:
            raise RuleBroken(
                "invalid_transition",
                f"The order is {self.state.value.replace('_', ' ')}: nothing is shipped before its money is captured.",
                current_status=self.status,
                allowed_actions=[],
            )

    def check_payable(self) -> None:
        """RuleBroken unless a payment may begin now."""
        if not self.is_payable:
            raise RuleBroken(
                "invalid_transition",
                f"The order is {self.state.value.replace('_', ' ')}: it cannot be paid now.",
                current_status=self.status,
                allowed_actions=[],
            )

    def change(self, session: Session) -> None:
        """Count one version more, of which the order service is told when the transaction ends."""
        self.version += 1
        announce(session, self.id, f"order.{self.status}")

    def follow(self, session: Session, status: OrderStatus, actor: Actor, cause: str | None) -> None:
        """Take the status that the order's payment brings; the only writer of `status`."""
        if status == self.state:
            return
        assert ORDER.leads_to(self.state, status), f"no line from {self.status} to {status}"
        before, self.status = self.state, status
        add(
            session,
            Kind.ORDER_STATUS,
            self.id,
            f"Order {status.value.replace('_', ' ')}",
            actor,
            order_id=self.id,
            from_status=before,
            to_status=status,
            cause=cause,
        )
        tell_of_status(session, self, before, cause)


class ItemSeller(Base):
    """A merchant who sells items of another merchant's order."""

    __tablename__ = "item_sellers"

    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"), primary_key=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id"), primary_key=True)
