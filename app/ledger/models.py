"""The ledger's tables. The database refuses to change or remove a row of them, and whatever does not balance."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import Base, BigId, where_known
from app.ledger.accounts import CHART, Account, Described
from app.money import InMoney


class LedgerAccount(Base):
    """One account of the chart, of one merchant (or the desk's own) in one currency."""

    __tablename__ = "ledger_accounts"
    __table_args__ = (
        UniqueConstraint("owner", "code", "currency"),
        CheckConstraint("id = owner || ':' || code || ':' || currency", name="id"),
    )

    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    owner: Mapped[str] = mapped_column(String(40))
    code: Mapped[Account] = mapped_column(String(30))
    currency: Mapped[str] = mapped_column(String(3))

    @property
    def described(self) -> Described:
        return CHART[Account(self.code)]


class LedgerTransaction(Base):
    """A balanced set of postings: what one source, once, brought. It is never changed; a mistake is reversed.

    A row is written after its postings: from then on the database takes no further one for it.
    """

    __tablename__ = "ledger_transactions"
    __table_args__ = (
        UniqueConstraint("source_type", "source_id", "kind", "round"),
        CheckConstraint("round >= 0", name="round"),
        Index("ix_ledger_transactions_at", "at", "id"),
        Index("ix_ledger_transactions_kind", "kind", "at", "id"),
        Index("ix_ledger_transactions_owner", "owner", "at", "id"),
        Index("ix_ledger_transactions_payment", "payment_id", **where_known("payment_id")),
        Index("ix_ledger_transactions_recorded", "recorded_at", "id"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    source_type: Mapped[str] = mapped_column(String(30))
    """What brought it: a payment, capture, refund, dispute, settlement, payout, or another ledger transaction."""
    source_id: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(40))
    round: Mapped[int]
    """How often the same was posted and reversed before."""
    reverses: Mapped[str | None] = mapped_column(ForeignKey("ledger_transactions.id"), unique=True)
    owner: Mapped[str] = mapped_column(String(40))
    """The merchant whose business it is, or the desk."""
    order_id: Mapped[str | None] = mapped_column(String(40))
    payment_id: Mapped[str | None] = mapped_column(String(40))
    cause: Mapped[str | None] = mapped_column(String(128))
    happened_at: Mapped[datetime]
    """When it happened at the gateway; `at` is when it was booked, both by the account's clock."""
    at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    digest: Mapped[str] = mapped_column(String(64))
    """SHA-256 over all of it, postings included; what the chain links."""

    postings: Mapped[list[LedgerPosting]] = relationship(
        order_by="LedgerPosting.id", viewonly=True, primaryjoin="LedgerTransaction.id == LedgerPosting.transaction_id"
    )


class LedgerPosting(Base):
    """One line of a ledger transaction: above zero a debit, below zero a credit."""

    __tablename__ = "ledger_postings"
    __table_args__ = (
        CheckConstraint("amount_minor <> 0", name="amount"),
        Index("ix_ledger_postings_transaction", "transaction_id"),
        # A balance at any moment is read out of this index alone.
        Index("ix_ledger_postings_account", "account_id", "at", "id", "amount_minor"),
    )

    id: Mapped[str] = mapped_column(String(50), primary_key=True)
    transaction_id: Mapped[str] = mapped_column(
        ForeignKey("ledger_transactions.id", deferrable=True, initially="DEFERRED")
    )
    account_id: Mapped[str] = mapped_column(ForeignKey("ledger_accounts.id"))
    currency: Mapped[str] = mapped_column(String(3))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime]

    account: Mapped[LedgerAccount] = relationship(viewonly=True)
    transaction: Mapped[LedgerTransaction] = relationship(viewonly=True)

    amount = InMoney()


class LedgerSeal(Base):
    """One link of the chain over the ledger: `hash` covers the hash before it and the transaction's digest."""

    __tablename__ = "ledger_seals"

    number: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    transaction_id: Mapped[str] = mapped_column(String(40), unique=True)
    hash: Mapped[str] = mapped_column(String(64))
