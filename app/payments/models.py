"""The payments table: what may be done to a payment, and how it follows what the gateway says."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, false, select, text
from sqlalchemy.orm import Mapped, Session, foreign, mapped_column, relationship, selectinload

from app import jobs
from app.clock import business_now, wall_now
from app.customers.forget import is_erased_address
from app.db import Base, Json, where_known
from app.errors import RuleBroken
from app.gateway import gateway
from app.gateway.wire import GatewayCard, GatewayPayment
from app.ids import new_id, new_key
from app.money import InMoney, Money
from app.orders.models import Order
from app.payments.attempts import RESOLVE_JOB, Attempt
from app.payments.moved import Capture, Refund
from app.payments.postings import book_payment
from app.payments.states import OVER, Operation, PaymentStatus
from app.payments.verify import NEVER_BELIEVED, difference, differences, hold
from app.risk.models import Assessment
from app.timeline import Actor, Kind, add

SHIFTS_LIABILITY = frozenset({"frictionless", "attempted", "challenge_passed"})
"""Outcomes of 3-D Secure after which the issuer bears the loss of a fraud."""
_OVER = ", ".join(f"'{status}'" for status in sorted(OVER))


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
        Index("ix_payments_retry", "retry_at", **where_known("retry_at")),
        Index(
            "ix_payments_hold",
            "expires_at",
            "id",
            sqlite_where=text("status IN ('authorized', 'partially_captured')"),
            postgresql_where=text("status IN ('authorized', 'partially_captured')"),
        ),
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
    amount_disputed_minor: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    """What open chargebacks hold; it is neither ours nor lost until they are decided."""
    amount_disputed_lost_minor: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
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
    """Why it failed, where no issuer declined it: the gateway refused to take it, or our own policy does."""
    discrepancy: Mapped[str | None] = mapped_column(String(500))
    """What the gateway said that does not match the order; nothing is believed until a person looked."""
    in_review: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Nothing of it is captured until a person has looked."""
    test_card: Mapped[str | None] = mapped_column(String(100))
    """The sandbox's card that the token was made of, where one was: another token can be made of it."""
    retry_of: Mapped[str | None] = mapped_column(String(40))
    """The declined payment that this one tries again by itself."""
    retry_at: Mapped[datetime | None]
    """When this declined one is tried again, by the account's clock."""
    hold_warned_at: Mapped[datetime | None]
    """When operators were told that the hold ends soon."""
    hold_taken_at: Mapped[datetime | None]
    """When the policy had what is held captured, before its end."""
    authorization_code: Mapped[str | None] = mapped_column(String(40))
    why: Mapped[Any] = mapped_column(Json, nullable=True)
    created_at: Mapped[datetime]
    authorized_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]

    order: Mapped[Order] = relationship(lazy="joined", innerjoin=True)
    attempts: Mapped[list[Attempt]] = relationship(order_by="Attempt.opened_at", back_populates="payment")
    captures: Mapped[list[Capture]] = relationship(order_by="Capture.created_at, Capture.id", back_populates="payment")
    refunds: Mapped[list[Refund]] = relationship(order_by="Refund.created_at, Refund.id", back_populates="payment")
    assessment: Mapped[Assessment | None] = relationship(
        primaryjoin=lambda: foreign(Assessment.payment_id) == Payment.id, viewonly=True, uselist=False
    )
    """What was thought of it before it was authorized; None of those from before anybody thought of any."""

    @property
    def state(self) -> PaymentStatus:
        """The status as a member of its enum, however it was loaded."""
        return PaymentStatus(self.status)

    amount = InMoney()
    amount_capturable = InMoney()
    amount_captured = InMoney()
    amount_refunded = InMoney()
    amount_refundable = InMoney()
    amount_disputed = InMoney()
    amount_disputed_lost = InMoney()

    @property
    def amount_free(self) -> Money:
        """What can be refunded now: refundable, and not held by a chargeback."""
        return Money(max(0, self.amount_refundable_minor - self.amount_disputed_minor), self.currency)

    @property
    def is_over(self) -> bool:
        """Whether nothing is held and nothing was taken, so that the order may be paid again."""
        return self.state in OVER

    @property
    def is_held(self) -> bool:
        """Whether money is held that was not captured yet."""
        return self.state in (PaymentStatus.AUTHORIZED, PaymentStatus.PARTIALLY_CAPTURED)

    @property
    def shown_status(self) -> str:
        """What people and the API read: a hold that waits for a person's verdict is in review."""
        return "in_review" if self.in_review and self.state == PaymentStatus.AUTHORIZED else self.state.value

    @property
    def is_capturable(self) -> bool:
        return self.is_held and self.discrepancy is None and self.failure is None and not self.in_review

    @property
    def is_voidable(self) -> bool:
        return self.is_held or self.state == PaymentStatus.REQUIRES_ACTION

    @property
    def is_refundable(self) -> bool:
        return self.amount_refundable_minor > 0 and self.discrepancy is None

    @property
    def shifts_liability(self) -> bool | None:
        """Whether the issuer bears the loss of a fraud, as 3-D Secure brought it; None where it was not asked."""
        if self.authentication is None or not self.authentication.get("outcome"):
            return None
        return self.authentication["outcome"] in SHIFTS_LIABILITY

    @property
    def challenge_url(self) -> str | None:
        """Where the cardholder confirms, while that is asked for; a browser is led to pages only, whoever says so."""
        url = str((self.next_action or {}).get("url", ""))
        return url if url.startswith(("http://", "https://")) else None

    def allowed_actions(self) -> list[str]:
        """What may be done to the payment now, by the gateway's names."""
        questions = {"capture": self.is_capturable, "void": self.is_voidable, "refund": bool(self.amount_free)}
        return [name for name, allowed in questions.items() if allowed]

    def open_attempt_now(self) -> Attempt | None:
        """The attempt that has no answer yet, if there is one."""
        return next((attempt for attempt in self.attempts if attempt.closed_at is None), None)

    def attempt_of(self, request_key: str | None) -> Attempt | None:
        """The attempt that a request with this key began, if it did."""
        known = (attempt for attempt in self.attempts if request_key is not None and attempt.request_key == request_key)
        return next(known, None)

    def _refuse(self, verb: str) -> RuleBroken:
        if self.discrepancy is not None and verb != "voided":
            return RuleBroken(
                "mismatch",
                f"The gateway's word on this payment differs from the order, so it cannot be {verb} until somebody has"
                f" resolved that. {self.discrepancy}",
                current_status=self.status,
                allowed_actions=self.allowed_actions(),
            )
        shown = self.shown_status.replace("_", " ")
        return RuleBroken(
            "invalid_transition",
            f"The payment is {shown}: it cannot be {verb} now.",
            current_status=self.shown_status,
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
        self.check_has_refundable()
        self._check_amount(amount, self.amount_refundable, "refundable")
        if (amount or self.amount_refundable) > self.amount_free:
            raise self.refusal_by_dispute()

    def check_has_refundable(self) -> None:
        """RuleBroken where nothing is left that could ever be refunded."""
        if not self.is_refundable:
            raise self._refuse("refunded")

    def refusal_by_dispute(self) -> RuleBroken:
        """What is said of a refund that would give money back which a chargeback has taken already."""
        free = f"At most {self.amount_free} can" if self.amount_free else "Nothing can"
        return RuleBroken(
            "refund_blocked_by_dispute",
            f"The cardholder's bank has taken {self.amount_disputed} back in a dispute, so that refunding it would pay"
            f" it twice. {free} be refunded until the dispute is decided.",
            current_status=self.status,
            allowed_actions=self.allowed_actions(),
        )

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
        then_ship: dict[str, Any] | None = None,
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
            then_ship=then_ship,
            actor_kind=actor.kind,
            actor_id=actor.id,
            actor_name=actor.name,
            opened_at=now,
            begun_at=business_now(session),
            known_before=[one.id for one in (self.refunds if operation is Operation.REFUND else self.captures)],
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

    def follow(self, session: Session, told: GatewayPayment, actor: Actor, cause: str | None) -> bool:
        """Take what the gateway says if it is news; the only writer of `status`. True if anything changed.

        News that we have passed is noted and not applied; news that cannot be true holds the payment for a person, who
        alone lifts that again: what else comes meanwhile, and can be true, is taken.
        """
        if told.version <= self.gateway_version:
            return False
        found = difference(self, told)
        if found is not None:
            return hold(session, self, found, told, actor, cause)
        self.take(session, told, actor, cause)
        return True

    def believe(self, session: Session, told: GatewayPayment, actor: Actor, cause: str) -> None:
        """Take the gateway's word though it differs, for a person said so; RuleBroken where that cannot be written."""
        found = differences(self, told)
        never = next((one for one in found if one.what in NEVER_BELIEVED), None)
        if never is not None:
            raise RuleBroken("mismatch", f"That cannot be believed. {never.words}")
        if told.amount > self.order.amount_minor and PaymentStatus(told.status) not in OVER:
            raise RuleBroken(
                "mismatch",
                f"The gateway holds {Money(told.amount, self.currency)}, more than the order's {self.order.amount}."
                " Void or refund it at the gateway.",
            )
        self.amount_minor = told.amount
        self.discrepancy = None
        self.take(session, told, actor, cause)

    def take(self, session: Session, told: GatewayPayment, actor: Actor, cause: str | None) -> None:
        """Write down what the gateway says, with what came of captures and refunds; whoever calls has verified it."""
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
        captured = {capture.id for capture in self.captures}
        self.captures.extend(Capture.told(capture) for capture in told.captures if capture.id not in captured)
        refunds = {refund.id: refund for refund in self.refunds}
        for refund in told.refunds:
            if refund.id not in refunds:
                self.refunds.append(Refund.told(refund))
            (refunds.get(refund.id) or self.refunds[-1]).follow(session, refund, actor, cause)
        book_payment(session, self, cause)

    def fail(self, session: Session, failure: str, actor: Actor, cause: str) -> None:
        """It is known not to have been taken, without any word of an issuer's: the gateway's refusal, or a person."""
        before, self.status = self.state, PaymentStatus.FAILED
        self.failure = failure[:500]
        self.version += 1
        add(
            session,
            Kind.PAYMENT_STATUS,
            self.id,
            f"Payment failed: {failure}",
            actor,
            order_id=self.order_id,
            payment_id=self.id,
            from_status=before,
            to_status=PaymentStatus.FAILED,
            cause=cause,
        )

    def block(self, session: Session, why: str, actor: Actor, cause: str | None) -> None:
        """Our own rules refuse it: the gateway is never asked."""
        before, self.status = self.state, PaymentStatus.BLOCKED
        self.version += 1
        add(
            session,
            Kind.PAYMENT_STATUS,
            self.id,
            f"Payment blocked: {why}",
            actor,
            order_id=self.order_id,
            payment_id=self.id,
            from_status=before,
            to_status=PaymentStatus.BLOCKED,
            cause=cause,
        )

    def take_over(self, told: GatewayPayment) -> None:
        """Take the gateway's word whatever path leads there: only for setting right what was changed by hand."""
        self.discrepancy = None
        self._take(told)

    def _take(self, told: GatewayPayment) -> None:
        self.gateway_id = told.id
        self.gateway_version = told.version
        self.status = PaymentStatus(told.status)
        self.amount_capturable_minor = told.amount_capturable
        self.amount_captured_minor = told.amount_captured
        self.amount_refunded_minor = told.amount_refunded
        self.amount_refundable_minor = told.amount_refundable
        self.amount_disputed_minor = told.amount_disputed
        self.amount_disputed_lost_minor = told.amount_disputed_lost
        if told.card is not None and not is_erased_address(self.order.customer_email):
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


def lock_attempt(session: Session, attempt_id: str) -> tuple[Payment, Attempt]:
    """The attempt with its payment, locked."""
    payment = lock_payment(session, session.get_one(Attempt, attempt_id).payment_id)
    assert payment is not None, "an attempt has its payment"
    return payment, next(one for one in payment.attempts if one.id == attempt_id)
