"""The approvals table, and an approval's statuses, drawn."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base
from app.drawing import Drawing
from app.money import InMoney
from app.timeline import Actor, ActorKind


class ApprovalStatus(enum.StrEnum):
    ASKED = "asked"
    APPROVED = "approved"
    """Decided, and being carried out."""
    DONE = "done"
    FAILED = "failed"
    """Approved, but what was asked for could not be done any more."""
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


_S = ApprovalStatus

APPROVAL = Drawing[ApprovalStatus](
    {
        _S.ASKED: {_S.APPROVED, _S.REFUSED, _S.WITHDRAWN, _S.EXPIRED},
        _S.APPROVED: {_S.DONE, _S.FAILED},
        _S.DONE: set(),
        _S.FAILED: set(),
        _S.REFUSED: set(),
        _S.WITHDRAWN: set(),
        _S.EXPIRED: set(),
    }
)


class Approval(Base):
    """Somebody asked for what a second person must allow. Times are the account's."""

    __tablename__ = "approvals"
    __table_args__ = (
        CheckConstraint("amount_minor >= 1", name="amount_positive"),
        CheckConstraint(
            "decided_by_id IS NULL OR asked_by_person IS NULL OR decided_by_id <> asked_by_person",
            name="second_person",
        ),
        Index("ix_approvals_status", "status", "created_at", "id"),
        Index("ix_approvals_created", "created_at", "id"),
        Index(
            "uq_approvals_one_asked",
            "kind",
            "subject_id",
            unique=True,
            sqlite_where=text("status = 'asked'"),
            postgresql_where=text("status = 'asked'"),
        ),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[str] = mapped_column(String(80))
    """The payment, payout, … that it is about; one question of a kind about each at a time."""
    order_id: Mapped[str | None] = mapped_column(String(40))
    payment_id: Mapped[str | None] = mapped_column(String(40))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    payload: Mapped[dict[str, Any]]
    """What the room that asked needs to carry it out."""
    reason: Mapped[str] = mapped_column(String(1000))
    request_key: Mapped[str | None] = mapped_column(String(300), unique=True)
    status: Mapped[ApprovalStatus] = mapped_column(String(20))
    asked_by_kind: Mapped[str] = mapped_column(String(20))
    asked_by_id: Mapped[str | None] = mapped_column(String(40))
    asked_by_name: Mapped[str] = mapped_column(String(200))
    asked_by_person: Mapped[str | None] = mapped_column(String(40))
    """The operator behind it, also where an API token of theirs asked; who may never decide."""
    created_at: Mapped[datetime]
    """When it was asked."""
    expires_at: Mapped[datetime]
    decided_by_id: Mapped[str | None] = mapped_column(String(40))
    decided_by_name: Mapped[str | None] = mapped_column(String(200))
    decided_at: Mapped[datetime | None]
    decision_reason: Mapped[str | None] = mapped_column(String(1000))
    outcome: Mapped[str | None] = mapped_column(String(1000))
    """What came of carrying it out, in words."""

    amount = InMoney()

    @property
    def state(self) -> ApprovalStatus:
        """The status as a member of its enum, however it was loaded."""
        return ApprovalStatus(self.status)

    @property
    def asker(self) -> Actor:
        return Actor(ActorKind(self.asked_by_kind), self.asked_by_name, self.asked_by_id)

    @property
    def act_key(self) -> str:
        """The verb's `request_key`, so that carrying it out twice is one act."""
        return f"approval:{self.id}"
