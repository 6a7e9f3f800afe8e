"""Tables of the gateway's settlements and payouts as its reports tell them, and of what in them differs from ours."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, String, text
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Json
from app.money import InMoney, Money
from app.settlements.states import BreakStatus, MerchantPayoutStatus, Outcome, PayoutStatus, SettlementStatus, Side


class Settlement(Base):
    """One day's batch in one currency. Sums are the report's; `lines_read` of its lines are in our books."""

    __tablename__ = "settlements"
    __table_args__ = (
        Index("ix_settlements_created", "created_at", "id"),
        Index("ix_settlements_status", "status", "created_at", "id"),
        Index("ix_settlements_currency", "currency", "day", "id"),
        Index("ix_settlements_payout", "payout_id"),
    )

    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    status: Mapped[SettlementStatus] = mapped_column(String(20))
    currency: Mapped[str] = mapped_column(String(3))
    day: Mapped[date] = mapped_column(Date)
    lines: Mapped[int]
    gross_minor: Mapped[int] = mapped_column(BigInteger)
    fee_minor: Mapped[int] = mapped_column(BigInteger)
    net_minor: Mapped[int] = mapped_column(BigInteger)
    totals: Mapped[list[Any]]
    available_on: Mapped[date] = mapped_column(Date)
    payout_id: Mapped[str | None] = mapped_column(String(80))
    lines_read: Mapped[int]
    net_read_minor: Mapped[int] = mapped_column(BigInteger)
    """What the lines that were read add up to."""
    parts: Mapped[dict[str, Any]]
    """The net by our own books, of each owner: what becomes available, and is paid out."""
    breaks: Mapped[int]
    """How many lines of it, or things that it lacks, differ from ours."""
    created_at: Mapped[datetime]
    booked_at: Mapped[datetime | None]

    gross = InMoney()
    fee = InMoney()
    net = InMoney()
    net_read = InMoney()


class SettlementLine(Base):
    """One line of a report as it came, what it is to us, and whose it is."""

    __tablename__ = "settlement_lines"
    __table_args__ = (
        Index("ix_settlement_lines_source", "source_id", "type"),
        Index("ix_settlement_lines_payment", "payment_id"),
        Index(
            "ix_settlement_lines_differing",
            "settlement_id",
            "number",
            sqlite_where=text("outcome <> 'matched'"),
            postgresql_where=text("outcome <> 'matched'"),
        ),
    )

    settlement_id: Mapped[str] = mapped_column(ForeignKey("settlements.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    line_id: Mapped[str] = mapped_column(String(80))
    type: Mapped[str] = mapped_column(String(30))
    gateway_payment: Mapped[str | None] = mapped_column(String(80))
    source_id: Mapped[str] = mapped_column(String(80))
    payment_id: Mapped[str | None] = mapped_column(String(40))
    """Our payment, where we know it."""
    owner: Mapped[str] = mapped_column(String(40))
    currency: Mapped[str] = mapped_column(String(3))
    gross_minor: Mapped[int] = mapped_column(BigInteger)
    fee_minor: Mapped[int] = mapped_column(BigInteger)
    net_minor: Mapped[int] = mapped_column(BigInteger)
    outcome: Mapped[Outcome] = mapped_column(String(20))
    expected_minor: Mapped[int | None] = mapped_column(BigInteger)
    """What it should be by our books or by what was agreed, where that differs."""
    created_at: Mapped[datetime]

    gross = InMoney()
    fee = InMoney()
    net = InMoney()


class Payout(Base):
    """A transfer of the gateway's to our bank. Sums and `status` are what the gateway said last."""

    __tablename__ = "payouts"
    __table_args__ = (
        Index("ix_payouts_created", "created_at", "id"),
        Index("ix_payouts_status", "status", "created_at", "id"),
        Index("ix_payouts_currency", "currency", "amount_minor", "id"),
    )

    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    version: Mapped[int]
    status: Mapped[PayoutStatus] = mapped_column(String(20))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    settled_minor: Mapped[int] = mapped_column(BigInteger)
    carried_over_minor: Mapped[int] = mapped_column(BigInteger)
    settlements: Mapped[list[Any]]
    parts: Mapped[dict[str, Any]]
    """Whose money it carries, by our own books."""
    destination: Mapped[dict[str, Any]]
    failure: Mapped[dict[str, Any] | None]
    why: Mapped[Any] = mapped_column(Json, nullable=True)
    created_at: Mapped[datetime]
    arrives_at: Mapped[datetime | None]
    paid_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]

    amount = InMoney()
    settled = InMoney()
    carried_over = InMoney()


class MerchantPayout(Base):
    """What is paid to a merchant: proposed, approved and sent by a person, then paid or bounced."""

    __tablename__ = "merchant_payouts"
    __table_args__ = (
        CheckConstraint("amount_minor >= 1", name="amount_positive"),
        Index("ix_merchant_payouts_merchant", "merchant_id", "currency", "id"),
        Index("ix_merchant_payouts_status", "status", "created_at", "id"),
        Index("ix_merchant_payouts_created", "created_at", "id"),
        Index(
            "uq_merchant_payouts_one_proposed",
            "merchant_id",
            "currency",
            unique=True,
            sqlite_where=text("status = 'proposed'"),
            postgresql_where=text("status = 'proposed'"),
        ),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    beneficiary_id: Mapped[str] = mapped_column(ForeignKey("beneficiaries.id"))
    status: Mapped[MerchantPayoutStatus] = mapped_column(String(20))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    settled_until: Mapped[datetime]
    """Up to when the sales that it pays had been paid to us."""
    made_by: Mapped[str] = mapped_column(String(200))
    sent_by: Mapped[str | None] = mapped_column(String(200))
    note: Mapped[str | None] = mapped_column(String(500))
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    amount = InMoney()


def _scope_of(context: DefaultExecutionContext) -> str:
    """What a settlement's report tells is one within that settlement."""
    given: dict[str, Any] = context.get_current_parameters()  # type: ignore[no-untyped-call]  # SQLAlchemy's own
    return given.get("settlement_id") or ""


class Break(Base):
    """One difference between a report, or the bank, and our books. The same found again is the same row."""

    __tablename__ = "breaks"
    __table_args__ = (
        Index("ix_breaks_status", "status", "created_at", "id"),
        Index("ix_breaks_seen", "created_at", "id"),
        Index("ix_breaks_settlement", "settlement_id"),
        Index("uq_breaks_one", "kind", "scope", "source_id", "line_id", unique=True),
        Index("ix_breaks_assigned", "assigned_id", "status", "created_at", "id"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    kind: Mapped[Outcome] = mapped_column(String(20))
    status: Mapped[BreakStatus] = mapped_column(String(20))
    side: Mapped[Side] = mapped_column(String(10), default=Side.REPORT, server_default=Side.REPORT.value)
    settlement_id: Mapped[str | None] = mapped_column(ForeignKey("settlements.id"))
    """None where a file or the bank told of it, and no settlement."""
    scope: Mapped[str] = mapped_column(String(80), default=_scope_of)
    """Within what it is one: the settlement, or all files, or all of the bank's statements."""
    file_id: Mapped[str | None] = mapped_column(String(40))
    """The file that brought it, if one did."""
    line_id: Mapped[str] = mapped_column(String(80))
    """Empty where no line tells of it."""
    source_id: Mapped[str] = mapped_column(String(80))
    payment_id: Mapped[str | None] = mapped_column(String(40))
    currency: Mapped[str] = mapped_column(String(3))
    said_minor: Mapped[int | None] = mapped_column(BigInteger)
    """What the report says, and what we expected."""
    expected_minor: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
    resolved_by: Mapped[str | None] = mapped_column(String(200))
    reason: Mapped[str | None] = mapped_column(String(500))
    way: Mapped[str | None] = mapped_column(String(20))
    """How it ended."""
    assigned_id: Mapped[str | None] = mapped_column(String(40))
    assigned_name: Mapped[str | None] = mapped_column(String(200))

    @property
    def difference(self) -> Money:
        """What we have less than the books say; below zero, what we have more."""
        return Money((self.expected_minor or 0) - (self.said_minor or 0), self.currency)


class GatewayTerms(Base):
    """What was agreed with the gateway on fees, from when on (account's clock), as the gateway's account told it."""

    __tablename__ = "gateway_terms"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    valid_from: Mapped[datetime]
    fees: Mapped[dict[str, Any]]
