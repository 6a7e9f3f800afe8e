"""The merchants' tables: who is paid, to which account, and what was agreed on commission."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base


class Schedule(enum.StrEnum):
    """When a merchant is paid out."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    MANUAL = "manual"


class AccountKind(enum.StrEnum):
    """How a beneficiary's account is written."""

    IBAN = "iban"
    US_ACCOUNT = "us_account"


class Merchant(Base):
    """A seller; orders belong to one."""

    __tablename__ = "merchants"
    __table_args__ = (CheckConstraint("payout_day BETWEEN 1 AND 31", name="payout_day"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    currency: Mapped[str | None] = mapped_column(String(3))
    """The currency they keep their books in; what is sold in others is paid out in those."""
    schedule: Mapped[Schedule] = mapped_column(String(20), default=Schedule.DAILY, server_default=Schedule.DAILY.value)
    payout_day: Mapped[int] = mapped_column(default=1, server_default="1")
    """Weekly: 1 is Monday. Monthly: the day of the month, its last where it has no such day."""
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    created_at: Mapped[datetime]


class Beneficiary(Base):
    """The account that a merchant is paid to; never changed, the newest is in force."""

    __tablename__ = "beneficiaries"
    __table_args__ = (Index("ix_beneficiaries_merchant", "merchant_id", "id"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    kind: Mapped[AccountKind] = mapped_column(String(20))
    holder: Mapped[str] = mapped_column(String(140))
    number: Mapped[str] = mapped_column(String(40))
    """As a bank takes it, without blanks; shown masked."""
    routing: Mapped[str | None] = mapped_column(String(11))
    """The BIC, or the routing number of a bank in the United States."""
    reason: Mapped[str] = mapped_column(String(500))
    actor_name: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]

    @property
    def masked(self) -> str:
        """The country or nothing, dots, and the last four: `DE ···· 3000`."""
        country = f"{self.number[:2]} " if self.kind == AccountKind.IBAN else ""
        return f"{country}···· {self.number[-4:]}"


class CommissionPlan(Base):
    """What the desk keeps of a merchant's sales from `valid_from` on (account's clock); never changed."""

    __tablename__ = "commission_plans"
    __table_args__ = (Index("ix_commission_plans_merchant", "merchant_id", "valid_from", "id"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    valid_from: Mapped[datetime]
    terms: Mapped[dict[str, Any]]
    reason: Mapped[str] = mapped_column(String(500))
    actor_name: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
