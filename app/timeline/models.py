"""The timeline's table."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, BigId

_NO_ORDER = text("order_id IS NULL")


class Kind(enum.StrEnum):
    """What an entry tells of."""

    ORDER_PLACED = "order.placed"
    ORDER_STATUS = "order.status"
    PAYMENT_STATUS = "payment.status"
    REFUND_STATUS = "refund.status"
    DISPUTE_STATUS = "dispute.status"
    DISPUTE_EVIDENCE = "dispute.evidence"
    ATTEMPT_OPENED = "attempt.opened"
    ATTEMPT_CLOSED = "attempt.closed"
    ATTEMPT_UNANSWERED = "attempt.unanswered"
    ATTEMPT_ESCALATED = "attempt.escalated"
    ATTEMPT_DECIDED = "attempt.decided"
    WEBHOOK = "webhook"
    DISCREPANCY = "discrepancy"
    DISCREPANCY_RESOLVED = "discrepancy.resolved"
    RETRY = "retry"
    HOLD = "hold"
    RISK = "risk"
    """What was decided about a payment before it was authorized."""
    REVIEW = "review"
    SHIPMENT = "shipment"
    RESTORED = "restored"
    SANDBOX = "sandbox"
    ORDER_SERVICE = "order_service"
    """Callbacks: enabled again, secret rolled over."""
    CUSTOMER_MERGED = "customer.merged"
    CUSTOMER_ERASED = "customer.erased"
    PAY_LINK = "pay_link"
    PAY_LINK_OPENED = "pay_link.opened"
    CUSTOMER_RETURNED = "customer.returned"
    """Came back from 3-D Secure."""
    APPROVAL_ASKED = "approval.asked"
    APPROVAL_DECIDED = "approval.decided"
    APPROVAL_CARRIED_OUT = "approval.carried_out"


class Entry(Base):
    """One thing that happened; never changed afterwards. `at` is the account's clock, `recorded_at` the wall's."""

    __tablename__ = "timeline"
    __table_args__ = (
        Index("ix_timeline_order", "order_id", "id"),
        Index("ix_timeline_payment", "payment_id", "id"),
        Index("ix_timeline_of_no_order", "subject_id", "id", sqlite_where=_NO_ORDER, postgresql_where=_NO_ORDER),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    kind: Mapped[str] = mapped_column(String(40))
    order_id: Mapped[str | None] = mapped_column(String(40))
    payment_id: Mapped[str | None] = mapped_column(String(40))
    subject_id: Mapped[str] = mapped_column(String(64))
    """The order, payment, refund, attempt or webhook event that the entry is about."""
    from_status: Mapped[str | None] = mapped_column(String(40))
    to_status: Mapped[str | None] = mapped_column(String(40))
    summary: Mapped[str] = mapped_column(String(500))
    cause: Mapped[str | None] = mapped_column(String(128))
    """Id of what brought it: an attempt, a webhook event, a request."""
    actor_kind: Mapped[str] = mapped_column(String(20))
    actor_id: Mapped[str | None] = mapped_column(String(40))
    actor_name: Mapped[str] = mapped_column(String(200))
    data: Mapped[dict[str, Any]]
    at: Mapped[datetime]
    recorded_at: Mapped[datetime]
