"""The tables of captures and refunds: money that a payment took, and money that it gave back."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from app.db import Base
from app.gateway.wire import GatewayCapture, GatewayRefund
from app.money import InMoney, Money
from app.notifications import MailKind, NoticeKind, tell_operators
from app.orders.told import tell_customer_of
from app.payments.states import REFUND, RefundStatus
from app.timeline import Actor, Kind, add

if TYPE_CHECKING:
    from app.payments.models import Payment


class Capture(Base):
    """Held money taken, all or part; never changed afterwards. `id` and time are the gateway's."""

    __tablename__ = "captures"
    __table_args__ = (
        CheckConstraint("amount_minor >= 1", name="amount_positive"),
        Index("ix_captures_payment", "payment_id"),
        Index("ix_captures_created", "created_at", "id"),
        Index("ix_captures_currency", "currency", "created_at", "id", "amount_minor"),
    )

    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    payment_id: Mapped[str] = mapped_column(ForeignKey("payments.id"))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    created_at: Mapped[datetime]

    payment: Mapped[Payment] = relationship(back_populates="captures")

    amount = InMoney()

    @classmethod
    def told(cls, told: GatewayCapture) -> Capture:
        """A capture as the gateway tells of it."""
        return cls(id=told.id, amount_minor=told.amount, currency=told.currency, created_at=told.created_at)


class Refund(Base):
    """Captured money given back; `id` and `version` are the gateway's."""

    __tablename__ = "refunds"
    __table_args__ = (
        CheckConstraint("amount_minor >= 1", name="amount_positive"),
        Index("ix_refunds_payment", "payment_id"),
        Index("ix_refunds_created", "created_at", "id"),
        Index("ix_refunds_status", "status", "created_at", "id"),
        Index("ix_refunds_currency", "currency", "created_at", "id", "status", "amount_minor"),
    )

    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    payment_id: Mapped[str] = mapped_column(ForeignKey("payments.id"))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    status: Mapped[RefundStatus] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(String(60))
    note: Mapped[str | None] = mapped_column(String(1000))
    failure: Mapped[str | None] = mapped_column(String(500))
    version: Mapped[int]
    created_at: Mapped[datetime]

    payment: Mapped[Payment] = relationship(back_populates="refunds")

    amount = InMoney()

    @classmethod
    def told(cls, told: GatewayRefund) -> Refund:
        """A refund that we hear of for the first time; `follow` then takes its status."""
        return cls(
            id=told.id,
            amount_minor=told.amount,
            currency=told.currency,
            status=RefundStatus.PENDING,
            reason=told.reason,
            note=told.note,
            version=0,
            created_at=told.created_at,
        )

    def follow(self, session: Session, told: GatewayRefund, actor: Actor, cause: str | None) -> None:
        """Take what the gateway says if it is news; the only writer of `status`."""
        if told.version <= self.version:
            return
        before, after = RefundStatus(self.status), RefundStatus(told.status)
        assert before == after or REFUND.leads_to(before, after), f"refund {told.id}: no line {before} to {after}"
        is_new = self.version == 0
        self.status, self.version = after, told.version
        self.failure = told.failure if told.failure is None else str(told.failure)[:500]
        if after == RefundStatus.FAILED and (is_new or before != after):
            self._tell_failed(session, was_done=before == RefundStatus.SUCCEEDED)
        if is_new or before != after:
            add(
                session,
                Kind.REFUND_STATUS,
                self.id,
                f"Refund of {Money(told.amount, told.currency)} {after}",
                actor,
                order_id=self.payment.order_id,
                payment_id=self.payment.id,
                from_status=None if is_new else before,
                to_status=after,
                cause=cause,
            )
            self._tell_customer(session, after)

    def _tell_customer(self, session: Session, status: RefundStatus) -> None:
        """Once it has come to something; one that only waits is told when it no longer does."""
        kinds = {RefundStatus.SUCCEEDED: MailKind.REFUNDED, RefundStatus.FAILED: MailKind.REFUND_FAILED}
        if status in kinds:
            tell_customer_of(session, kinds[status], self.payment.order, f"{self.id}:{status}", self.amount)

    def _tell_failed(self, session: Session, *, was_done: bool) -> None:
        order = self.payment.order
        tell_operators(
            session,
            NoticeKind.REFUND_FAILED,
            self.id,
            f"A refund of {self.amount} on order {order.reference} failed"
            + (" after it had succeeded" if was_done else ""),
            detail="The money did not reach the customer and is yours again. Refund it anew, or pay it another way."
            + (f" The bank says: {self.failure}" if self.failure else ""),
            order_id=order.id,
            payment_id=self.payment.id,
        )
