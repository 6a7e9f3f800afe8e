"""The disputes table: what may be done about a dispute, and how it follows what the gateway says."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship, selectinload

from app.clock import business_now
from app.db import Base, Json
from app.disputes.attempts import DisputeAttempt
from app.disputes.files import EvidenceFile
from app.disputes.postings import book_dispute
from app.disputes.states import DISPUTE, LOST, OPEN, DisputeKind, DisputeStatus, Response, responses_of
from app.errors import RuleBroken
from app.gateway.wire import GatewayDispute
from app.money import InMoney, Money
from app.orders.models import Order
from app.payments.models import Payment, lock_payment
from app.timeline import Actor, Kind, add

_UNDER_REVIEW_FROM = 10**11
_DECIDED_FROM = 10**12


class Dispute(Base):
    """A case that a cardholder opened. `id`, `status`, sums and `version` are what the gateway said last."""

    __tablename__ = "disputes"
    __table_args__ = (
        CheckConstraint("amount_minor >= 1 AND fee_minor >= 0", name="amounts"),
        Index("ix_disputes_payment", "payment_id"),
        Index("ix_disputes_order", "order_id"),
        Index("ix_disputes_queue", "queue_place", "id"),
        Index("ix_disputes_status", "status", "queue_place", "id"),
        Index("ix_disputes_created", "created_at", "id"),
        Index("ix_disputes_currency", "currency", "amount_minor", "id"),
        Index("ix_disputes_previous", "previous"),
    )

    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    payment_id: Mapped[str] = mapped_column(ForeignKey("payments.id"))
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id"))
    version: Mapped[int]
    kind: Mapped[DisputeKind] = mapped_column(String(20))
    round: Mapped[int]
    previous: Mapped[str | None] = mapped_column(String(80))
    """The dispute of the round before."""
    status: Mapped[DisputeStatus] = mapped_column(String(30))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    fee_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    reason: Mapped[str] = mapped_column(String(60))
    network_reason_code: Mapped[str | None] = mapped_column(String(20))
    required: Mapped[list[Any]]
    """The evidence without which the bank is not convinced, by field; and what helps beside it."""
    helpful: Mapped[list[Any]]
    sent: Mapped[dict[str, Any]]
    """The texts by field as the gateway has them."""
    draft: Mapped[dict[str, Any] | None]
    """The texts as somebody saved them here; None while nobody has."""
    respond_by: Mapped[datetime]
    queue_place: Mapped[int] = mapped_column(BigInteger)
    """How pressing it is, as a number that only rises: first what awaits an answer by its deadline, then what is under
    review by its submission, then what is decided, the newest first."""
    warned_of: Mapped[str | None] = mapped_column(String(60))
    """The deadline, and how near it was, when operators were last warned."""
    taken_at: Mapped[datetime | None]
    """When the money and the fee left; None for an inquiry."""
    submitted_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    why: Mapped[Any] = mapped_column(Json, nullable=True)
    created_at: Mapped[datetime]

    payment: Mapped[Payment] = relationship()
    order: Mapped[Order] = relationship()
    attempts: Mapped[list[DisputeAttempt]] = relationship(order_by="DisputeAttempt.opened_at", back_populates="dispute")
    files: Mapped[list[EvidenceFile]] = relationship(order_by="EvidenceFile.added_at, EvidenceFile.id")

    amount = InMoney()
    fee = InMoney()

    @property
    def state(self) -> DisputeStatus:
        """The status as a member of its enum, however it was loaded."""
        return DisputeStatus(self.status)

    @property
    def is_chargeback(self) -> bool:
        return DisputeKind(self.kind) is DisputeKind.CHARGEBACK

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def is_lost(self) -> bool:
        return self.state in LOST

    @property
    def needs_response(self) -> bool:
        return self.state == DisputeStatus.NEEDS_RESPONSE

    @property
    def cost(self) -> Money:
        """What is away with it: the disputed money and the fee."""
        return self.amount + self.fee

    @property
    def evidence(self) -> dict[str, str]:
        """The texts that would be sent now, or that were."""
        return dict(self.sent if self.draft is None or not self.needs_response else self.draft)

    @property
    def missing(self) -> list[str]:
        """What is required and neither written nor attached."""
        given = set(self.evidence) | {file.field for file in self.files}
        return [name for name in self.required if name not in given]

    def allowed_actions(self) -> list[str]:
        """What may be done about it now, by the gateway's names."""
        if self.open_attempt_now() is not None:
            return []
        return [response.value for response in responses_of(DisputeKind(self.kind), self.state)]

    def open_attempt_now(self) -> DisputeAttempt | None:
        """The attempt that has no answer yet, if there is one."""
        return next((attempt for attempt in self.attempts if attempt.is_open), None)

    def attempt_of(self, request_key: str | None) -> DisputeAttempt | None:
        """The attempt that a request with this key began, if it did."""
        known = (attempt for attempt in self.attempts if request_key is not None and attempt.request_key == request_key)
        return next(known, None)

    def refusal(self, wanted: str) -> RuleBroken:
        """What is said of something that its status does not allow."""
        what = "dispute" if self.is_chargeback else "inquiry"
        return RuleBroken(
            "invalid_transition",
            f"The {what} is {self.state.value.replace('_', ' ')}: {wanted}.",
            current_status=self.status,
            allowed_actions=self.allowed_actions(),
        )

    def check_idle(self) -> None:
        """RuleBroken while what was asked has no answer yet."""
        attempt = self.open_attempt_now()
        if attempt is not None:
            raise RuleBroken(
                "operation_in_progress",
                f"The {attempt.noun} of {attempt.opened_at:%H:%M:%S} UTC has no answer yet."
                " It is being asked for; try again when it is known.",
                current_status=self.status,
                allowed_actions=[],
            )

    def check_allows(self, response: Response) -> None:
        """RuleBroken unless that may be asked of the gateway now."""
        if response not in responses_of(DisputeKind(self.kind), self.state):
            said = {
                Response.SUBMIT: "an answer is taken once, and only while one is awaited",
                Response.ACCEPT: "only a chargeback that awaits an answer can be accepted",
            }
            raise self.refusal(said[response])

    def check_editable(self) -> None:
        """RuleBroken once the evidence is sent, or while it is being sent."""
        if not self.needs_response:
            raise self.refusal("its evidence can no longer be changed")
        self.check_idle()

    def difference_from(self, told: GatewayDispute) -> str | None:
        """What the gateway says that cannot be this dispute, in words; None where all agrees."""
        if told.currency != self.currency or told.amount > self.payment.amount_captured_minor:
            captured = f"{self.payment.amount_captured_minor} {self.currency}"
            said = f"{told.amount} {told.currency}"
            return f"The gateway says that {said} in minor units is disputed; the payment took {captured}."
        if told.status not in set(DisputeStatus) or told.kind not in set(DisputeKind):
            return f"The gateway says {told.kind} {told.status}, which we do not know."
        if self.version and not DISPUTE.leads_to(self.state, DisputeStatus(told.status)):
            return f"The gateway says {told.status}; no path leads there from {self.status}."
        return None

    def follow(self, session: Session, told: GatewayDispute, actor: Actor, cause: str | None) -> bool:
        """Take what the gateway says if it is news; the only writer of `status`. True if anything changed."""
        if told.version <= self.version:
            return False
        about = {"order_id": self.order_id, "payment_id": self.payment_id, "cause": cause}
        difference = self.difference_from(told)
        if difference is not None:
            add(session, Kind.DISCREPANCY, self.id, difference, actor, **about, data=told.model_dump(mode="json"))
            return False
        before = self.state if self.version else None
        was_chargeback = bool(self.version) and self.is_chargeback
        self._take(session, told)
        if before != self.state or was_chargeback != self.is_chargeback:
            what = "Dispute" if self.is_chargeback else "Inquiry"
            add(
                session,
                Kind.DISPUTE_STATUS,
                self.id,
                f"{what} over {self.amount} {self.state.value.replace('_', ' ')}",
                actor,
                **about,
                from_status=before,
                to_status=self.state,
                data={"gateway_version": told.version, "why": told.why},
            )
        return True

    def _take(self, session: Session, told: GatewayDispute) -> None:
        if told.kind == DisputeKind.CHARGEBACK and self.taken_at is None:
            self.taken_at = business_now(session) if self.version else told.created_at
        self.version = told.version
        self.kind = DisputeKind(told.kind)
        self.status = DisputeStatus(told.status)
        self.amount_minor, self.fee_minor = told.amount, told.fee
        self.sent = dict(told.evidence.fields)
        self.required, self.helpful = list(told.evidence.required), list(told.evidence.helpful)
        self.respond_by = told.respond_by
        self.submitted_at, self.decided_at = told.submitted_at, told.decided_at
        self.why = told.why
        self.queue_place = self._place()
        book_dispute(session, self, told.id)

    def _place(self) -> int:
        if self.needs_response:
            return int(self.respond_by.timestamp())
        if self.is_open:
            return _UNDER_REVIEW_FROM + int((self.submitted_at or self.created_at).timestamp())
        return _DECIDED_FROM - int((self.decided_at or self.created_at).timestamp())


def new_dispute(told: GatewayDispute, payment: Payment) -> Dispute:
    """A dispute that we hear of for the first time; `follow` then takes the rest."""
    return Dispute(
        id=told.id,
        payment=payment,
        payment_id=payment.id,
        order=payment.order,
        order_id=payment.order_id,
        version=0,
        kind=DisputeKind.INQUIRY,
        round=told.round,
        previous=told.previous,
        status=DisputeStatus.NEEDS_RESPONSE,
        currency=payment.currency,
        reason=told.reason[:60],
        network_reason_code=(told.network_reason_code or "")[:20] or None,
        created_at=told.created_at,
    )


WHOLE = (
    selectinload(Dispute.payment),
    selectinload(Dispute.order),
    selectinload(Dispute.attempts),
    selectinload(Dispute.files),
)


def lock_dispute(session: Session, dispute_id: str) -> Dispute | None:
    """The dispute, its order and payment locked first."""
    payment_id = session.scalar(select(Dispute.payment_id).where(Dispute.id == dispute_id))
    if payment_id is None:
        return None
    lock_payment(session, payment_id)
    return session.get(Dispute, dispute_id, options=WHOLE, with_for_update={"of": Dispute}, populate_existing=True)
