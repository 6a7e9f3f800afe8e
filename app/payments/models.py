"""Payments, their captures and refunds, and the attempts that ask the gateway for something."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship, selectinload

from app import jobs
from app.clock import wall_now
from app.db import Base, Json, where_known
from app.errors import RuleBroken
from app.gateway import gateway
from app.gateway.wire import GatewayCard, GatewayPayment, GatewayRefund
from app.ids import new_id, new_key
from app.money import Money
from app.orders.models import Order
from app.payments.states import OVER, PAYMENT, REFUND, Operation, PaymentStatus, RefundStatus
from app.timeline import Actor, ActorKind, Kind, add

_OVER = ", ".join(f"'{status}'" for status in sorted(OVER))
RESOLVE_JOB = "resolve_attempt"


class Payment(Base):
    """One try at paying an order. `status`, amounts and versions are what the gateway said last."""

    __tablename__ = "payments"
    __table_args__ = (
        CheckConstraint("amount_minor BETWEEN 1 AND 999999999999", name="amount_positive"),
        CheckConstraint("amount_captured_minor BETWEEN 0 AND amount_minor", name="captured_within_authorized"),
        CheckConstraint("amount_refunded_minor BETWEEN 0 AND amount_captured_minor", name="refunded_within_captured"),
        Index("ix_payments_order", "order_id", "created_at"),
        Index("ix_payments_status", "status", "created_at", "id"),
        Index("ix_payments_created", "created_at", "id"),
        Index("ix_payments_amount", "currency", "amount_minor", "id"),
        Index("ix_payments_last4", "card_last4", "created_at", "id", **where_known("card_last4")),
        Index("ix_payments_network", "card_network", "created_at", "id", **where_known("card_network")),
        Index("ix_payments_decline", "decline_code", "created_at", "id", **where_known("decline_code")),
        # Figures by day are read out of this index alone, as those of captures and refunds are out of theirs.
        Index("ix_payments_currency", "currency", "created_at", "id", "authorized_at", "status", "amount_minor"),
        Index(
            "ix_payments_discrepancy",
            "created_at",
            "id",
            sqlite_where=text("discrepancy IS NOT NULL"),
            postgresql_where=text("discrepancy IS NOT NULL"),
        ),
        Index(
            "uq_payments_one_live",
            "order_id",
            unique=True,
            sqlite_where=text(f"status NOT IN ({_OVER})"),
            postgresql_where=text(f"status NOT IN ({_OVER})"),
        ),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id"))
    gateway_id: Mapped[str | None] = mapped_column(String(80), unique=True)
    gateway_version: Mapped[int] = mapped_column(default=0)
    status: Mapped[PaymentStatus] = mapped_column(String(30))
    version: Mapped[int] = mapped_column(default=1)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    amount_capturable_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    amount_captured_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    amount_refunded_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    amount_refundable_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    currency: Mapped[str] = mapped_column(String(3))
    capture: Mapped[bool]
    card: Mapped[dict[str, Any] | None]
    card_network: Mapped[str | None] = mapped_column(String(20))
    card_last4: Mapped[str | None] = mapped_column(String(4))
    checks: Mapped[dict[str, Any] | None]
    authentication: Mapped[dict[str, Any] | None]
    next_action: Mapped[dict[str, Any] | None]
    decline: Mapped[dict[str, Any] | None]
    decline_code: Mapped[str | None] = mapped_column(String(60))
    failure: Mapped[str | None] = mapped_column(String(500))
    """Why the gateway refused to take it, where it never was submitted."""
    discrepancy: Mapped[str | None] = mapped_column(String(500))
    """What the gateway said that does not match the order; nothing is believed until a person looked."""
    authorization_code: Mapped[str | None] = mapped_column(String(40))
    why: Mapped[Any] = mapped_column(Json, nullable=True)
    created_at: Mapped[datetime]
    authorized_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]

    order: Mapped[Order] = relationship(lazy="joined", innerjoin=True)
    attempts: Mapped[list[Attempt]] = relationship(order_by="Attempt.opened_at", back_populates="payment")
    captures: Mapped[list[Capture]] = relationship(order_by="Capture.created_at, Capture.id", back_populates="payment")
    refunds: Mapped[list[Refund]] = relationship(order_by="Refund.created_at, Refund.id", back_populates="payment")

    @property
    def state(self) -> PaymentStatus:
        """The status as a member of its enum, however it was loaded."""
        return PaymentStatus(self.status)

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def amount_capturable(self) -> Money:
        return Money(self.amount_capturable_minor, self.currency)

    @property
    def amount_captured(self) -> Money:
        return Money(self.amount_captured_minor, self.currency)

    @property
    def amount_refunded(self) -> Money:
        return Money(self.amount_refunded_minor, self.currency)

    @property
    def amount_refundable(self) -> Money:
        return Money(self.amount_refundable_minor, self.currency)

    @property
    def is_over(self) -> bool:
        """Whether nothing is held and nothing was taken, so that the order may be paid again."""
        return self.state in OVER

    @property
    def is_capturable(self) -> bool:
        return self.state in (PaymentStatus.AUTHORIZED, PaymentStatus.PARTIALLY_CAPTURED)

    @property
    def is_voidable(self) -> bool:
        return self.is_capturable or self.state == PaymentStatus.REQUIRES_ACTION

    @property
    def is_refundable(self) -> bool:
        return self.amount_refundable_minor > 0

    @property
    def challenge_url(self) -> str | None:
        """Where the cardholder confirms, while that is asked for."""
        return (self.next_action or {}).get("url")

    def allowed_actions(self) -> list[str]:
        """What may be done to the payment now, by the gateway's names."""
        questions = {"capture": self.is_capturable, "void": self.is_voidable, "refund": self.is_refundable}
        return [name for name, allowed in questions.items() if allowed]

    def open_attempt_now(self) -> Attempt | None:
        """The attempt that has no answer yet, if there is one."""
        return next((attempt for attempt in self.attempts if attempt.closed_at is None), None)

    def attempt_of(self, request_key: str | None) -> Attempt | None:
        """The attempt that a request with this key began, if it did."""
        known = (attempt for attempt in self.attempts if request_key is not None and attempt.request_key == request_key)
        return next(known, None)

    def _refuse(self, verb: str) -> RuleBroken:
        shown = self.state.value.replace("_", " ")
        return RuleBroken(
            "invalid_transition",
            f"The payment is {shown}: it cannot be {verb} now.",
            current_status=self.status,
            allowed_actions=self.allowed_actions(),
        )

    def check_idle(self) -> None:
        """RuleBroken while an earlier operation has no answer yet: only one may be open."""
        attempt = self.open_attempt_now()
        if attempt is not None:
            raise RuleBroken(
                "operation_in_progress",
                f"The {Operation(attempt.operation).noun} of {attempt.opened_at:%H:%M:%S} UTC has no answer yet."
                " It is being asked for; try again when it is known.",
                current_status=self.status,
                allowed_actions=[],
            )

    def check_capturable(self, amount: Money | None) -> None:
        """RuleBroken unless `amount` (or all) of the hold may be captured now."""
        if not self.is_capturable:
            raise self._refuse("captured")
        self._check_amount(amount, self.amount_capturable, "held")

    def check_voidable(self) -> None:
        """RuleBroken unless the hold, or what is left of it, may be released now."""
        if not self.is_voidable:
            raise self._refuse("voided")

    def check_refundable(self, amount: Money | None) -> None:
        """RuleBroken unless `amount` (or all that is left) may be refunded now."""
        if not self.is_refundable:
            raise self._refuse("refunded")
        self._check_amount(amount, self.amount_refundable, "refundable")

    def _check_amount(self, amount: Money | None, most: Money, what: str) -> None:
        if amount is None:
            return
        if amount.currency != self.currency:
            raise RuleBroken("currency_mismatch", f"The payment is in {self.currency}.", status=422)
        if amount > most:
            raise RuleBroken("amount_too_large", f"Only {most} is {what}; {amount} is more.", status=422)

    def open_attempt(
        self,
        session: Session,
        operation: Operation,
        request: dict[str, Any],
        actor: Actor,
        *,
        amount: Money | None = None,
        request_key: str | None = None,
        then_cancel: str | None = None,
    ) -> Attempt:
        """Write down what will be asked, before it is asked; the worker asks again should we not come back."""
        now = wall_now()
        attempt = Attempt(
            id=new_id("att"),
            payment_id=self.id,
            operation=operation,
            amount_minor=amount.amount_minor if amount else None,
            idempotency_key=new_key(),
            request=request,
            request_key=request_key,
            then_cancel=then_cancel,
            actor_kind=actor.kind,
            actor_id=actor.id,
            actor_name=actor.name,
            opened_at=now,
        )
        self.attempts.append(attempt)
        session.flush()
        # Two calls at the most and a little: who has not come back by then has died.
        overdue = now + timedelta(seconds=2 * gateway().timeout_seconds + 1)
        jobs.enqueue(session, RESOLVE_JOB, attempt.job_key, {"attempt": attempt.id}, overdue)
        asked = f"{operation.noun.capitalize()} asked for" + (f": {amount}" if amount else "")
        add(
            session,
            Kind.ATTEMPT_OPENED,
            attempt.id,
            asked,
            actor,
            order_id=self.order_id,
            payment_id=self.id,
            cause=request_key,
            data={"operation": operation, "idempotency_key": attempt.idempotency_key},
        )
        return attempt

    def difference_from(self, told: GatewayPayment) -> str | None:
        """What the gateway says that cannot be this payment, in words; None where all agrees."""
        if (told.amount, told.currency) != (self.amount_minor, self.currency):
            said = f"{told.amount} {told.currency}"
            return f"The gateway says {said} in minor units, the order says {self.amount_minor} {self.currency}."
        if told.reference != self.order.reference:
            return f"The gateway says reference {told.reference!r}, the order says {self.order.reference!r}."
        if self.gateway_id is not None and told.id != self.gateway_id:
            return f"The gateway answers with payment {told.id}, ours is {self.gateway_id}."
        if told.status not in PAYMENT_STATUSES:
            return f"The gateway says status {told.status!r}, which we do not know."
        if not PAYMENT.leads_to(self.state, PaymentStatus(told.status)):
            return f"The gateway says {told.status}; no path leads there from {self.status}."
        return None

    def follow(self, session: Session, told: GatewayPayment, actor: Actor, cause: str | None) -> bool:
        """Take what the gateway says if it is news; the only writer of `status`. True if anything changed.

        News that we have passed is noted and not applied; news that cannot be true is a discrepancy for a person.
        """
        if told.version <= self.gateway_version:
            return False
        difference = self.difference_from(told)
        if difference is not None:
            self.discrepancy = difference[:500]
            add(
                session,
                Kind.DISCREPANCY,
                self.id,
                difference,
                actor,
                order_id=self.order_id,
                payment_id=self.id,
                cause=cause,
                data={"told": told.model_dump(mode="json")},
            )
            return True
        self.discrepancy = None
        before, after = self.state, PaymentStatus(told.status)
        self._take(told)
        self.version += 1
        if before != after:
            add(
                session,
                Kind.PAYMENT_STATUS,
                self.id,
                f"Payment {after.value.replace('_', ' ')}" + (f": {told.decline.message}" if told.decline else ""),
                actor,
                order_id=self.order_id,
                payment_id=self.id,
                from_status=before,
                to_status=after,
                cause=cause,
                data={"gateway_version": told.version},
            )
        known = {capture.id for capture in self.captures}
        for capture in told.captures:
            if capture.id not in known:
                self.captures.append(
                    Capture(
                        id=capture.id,
                        amount_minor=capture.amount,
                        currency=capture.currency,
                        created_at=capture.created_at,
                    )
                )
        for refund in told.refunds:
            self._follow_refund(session, refund, actor, cause)
        return True

    def _take(self, told: GatewayPayment) -> None:
        self.gateway_id = told.id
        self.gateway_version = told.version
        self.status = PaymentStatus(told.status)
        self.amount_capturable_minor = told.amount_capturable
        self.amount_captured_minor = told.amount_captured
        self.amount_refunded_minor = told.amount_refunded
        self.amount_refundable_minor = told.amount_refundable
        if told.card is not None:
            self.take_card(told.card)
        self.checks = told.checks
        self.authentication = told.authentication
        self.next_action = told.next_action
        self.decline = told.decline.model_dump() if told.decline else None
        self.decline_code = told.decline.code[:60] if told.decline else None
        self.authorization_code = (told.authorization_code or "")[:40] or None
        self.why = told.why
        self.authorized_at = told.authorized_at
        self.expires_at = told.expires_at

    def take_card(self, card: GatewayCard) -> None:
        """Keep the card; what lists ask for in columns of their own."""
        self.card = card.model_dump()
        self.card_network, self.card_last4 = card.network[:20], card.last4[:4]

    def _follow_refund(self, session: Session, told: GatewayRefund, actor: Actor, cause: str | None) -> None:
        refund = next((known for known in self.refunds if known.id == told.id), None)
        if refund is None:
            refund = Refund(
                id=told.id,
                amount_minor=told.amount,
                currency=told.currency,
                status=RefundStatus.PENDING,
                reason=told.reason,
                note=told.note,
                version=0,
                created_at=told.created_at,
            )
            self.refunds.append(refund)
        elif told.version <= refund.version:
            return
        before, after = RefundStatus(refund.status), RefundStatus(told.status)
        assert before == after or REFUND.leads_to(before, after), f"refund {told.id}: no line {before} to {after}"
        is_new = refund.version == 0
        refund.status, refund.version = after, told.version
        refund.failure = told.failure if told.failure is None else str(told.failure)[:500]
        if is_new or before != after:
            add(
                session,
                Kind.REFUND_STATUS,
                refund.id,
                f"Refund of {Money(told.amount, told.currency)} {after}",
                actor,
                order_id=self.order_id,
                payment_id=self.id,
                from_status=None if is_new else before,
                to_status=after,
                cause=cause,
            )


PAYMENT_STATUSES = frozenset(status.value for status in PaymentStatus) - {PaymentStatus.UNKNOWN.value}


class Attempt(Base):
    """One thing asked of the gateway: intent, idempotency key, lock and audit in one. Open until answered."""

    __tablename__ = "attempts"
    __table_args__ = (
        Index(
            "uq_attempts_one_open",
            "payment_id",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index("ix_attempts_payment", "payment_id", "opened_at"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    payment_id: Mapped[str] = mapped_column(ForeignKey("payments.id"))
    operation: Mapped[Operation] = mapped_column(String(20))
    amount_minor: Mapped[int | None] = mapped_column(BigInteger)
    idempotency_key: Mapped[str] = mapped_column(String(64), unique=True)
    request: Mapped[dict[str, Any]]
    request_key: Mapped[str | None] = mapped_column(String(300), unique=True)
    """What the caller gave so that asking twice is asking once: a form's or an API call's key."""
    then_cancel: Mapped[str | None] = mapped_column(String(500))
    """The reason, where the order is canceled once this void is confirmed."""
    actor_kind: Mapped[str] = mapped_column(String(20))
    actor_id: Mapped[str | None] = mapped_column(String(40))
    actor_name: Mapped[str] = mapped_column(String(200))
    opened_at: Mapped[datetime]
    unanswered_at: Mapped[datetime | None]
    """When a call ended without an answer, so that the outcome is unknown."""
    last_error: Mapped[str | None] = mapped_column(Text)
    closed_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(20))
    """`confirmed` or `refused`, once closed."""
    result_id: Mapped[str | None] = mapped_column(String(80))
    """The refund that came of it."""
    refusal: Mapped[dict[str, Any] | None]

    payment: Mapped[Payment] = relationship(back_populates="attempts")

    @property
    def job_key(self) -> str:
        """Key of the job that asks again."""
        return f"attempt:{self.id}"

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    @property
    def actor(self) -> Actor:
        return Actor(ActorKind(self.actor_kind), self.actor_name, self.actor_id)

    def close(self, session: Session, outcome: str, *, result_id: str | None = None) -> None:
        """The answer is known; the payment is free for the next operation."""
        self.closed_at = wall_now()
        self.outcome = outcome
        self.result_id = result_id
        jobs.finish(session, self.job_key)


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

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)


class Refund(Base):
    """Captured money given back; `id` and `version` are the gateway's."""

    __tablename__ = "refunds"
    __table_args__ = (
        CheckConstraint("amount_minor >= 1", name="amount_positive"),
        Index("ix_refunds_payment", "payment_id"),
        Index("ix_refunds_created", "created_at", "id"),
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

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)


def lock_order(session: Session, order_id: str) -> Order | None:
    """The order, locked until the transaction ends. Orders are locked before their payments, always."""
    return session.get(Order, order_id, with_for_update={"of": Order}, populate_existing=True)


def lock_payment(session: Session, payment_id: str) -> Payment | None:
    """The payment, its order locked first."""
    order_id = session.scalar(select(Payment.order_id).where(Payment.id == payment_id))
    if order_id is None:
        return None
    lock_order(session, order_id)
    whole = [selectinload(Payment.attempts), selectinload(Payment.captures), selectinload(Payment.refunds)]
    return session.get(Payment, payment_id, options=whole, with_for_update={"of": Payment}, populate_existing=True)
