"""The tables of what is told: notices to operators; messages to customers and the order service, and each try."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, BigId, in_byte_order


class Notice(Base):
    """One thing that operators should know; `at` is the account's clock. Told once per kind, subject and occasion."""

    __tablename__ = "notices"
    __table_args__ = (
        UniqueConstraint("kind", "subject_id", "occasion"),
        Index("ix_notices_order", "order_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    kind: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[str] = mapped_column(String(80))
    """The payment, refund, dispute, … that it is about."""
    occasion: Mapped[str] = mapped_column(String(80))
    """What tells one notice of a kind about a subject from the next; often empty, or a version."""
    title: Mapped[str] = mapped_column(String(200))
    detail: Mapped[str] = mapped_column(String(1000))
    order_id: Mapped[str | None] = mapped_column(String(40))
    payment_id: Mapped[str | None] = mapped_column(String(40))
    operator_id: Mapped[str | None] = mapped_column(String(40))
    """Whom alone it is for; everybody whom its kind concerns, where it is nobody."""
    at: Mapped[datetime]
    recorded_at: Mapped[datetime]


class NoticeRead(Base):
    """An operator has read a notice."""

    __tablename__ = "notice_reads"

    operator_id: Mapped[str] = mapped_column(ForeignKey("operators.id"), primary_key=True)
    notice_id: Mapped[int] = mapped_column(ForeignKey("notices.id"), primary_key=True)
    read_at: Mapped[datetime]


class Channel(enum.StrEnum):
    """Whom a message goes to."""

    CALLBACK = "callback"
    """The order service, by HTTP."""
    MAIL = "mail"
    """The customer."""


class MessageStatus(enum.StrEnum):
    """How far a message came."""

    WAITING = "waiting"
    HELD = "held"
    """Not sent while the order service has said that it wants no more."""
    SENT = "sent"
    KEPT = "kept"
    """To be read here: no mail server is set."""
    FAILED = "failed"
    """Given up: nobody took it, or somebody refused it."""
    DROPPED = "dropped"
    """No longer true when its turn came, or its customer was erased."""


class Message(Base):
    """One message, written in the transaction of what it tells. Its id is the same over every try."""

    __tablename__ = "messages"
    __table_args__ = (
        Index("ix_messages_created", "created_at", "id"),
        Index("ix_messages_status", "status", "created_at", "id"),
        Index("ix_messages_channel", "channel", "created_at", "id"),
        Index("ix_messages_recipient", "recipient_key", "created_at", "id"),
        Index("ix_messages_order", "order_id", "id"),
        Index("ix_messages_customer", "customer_id", "id"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    channel: Mapped[Channel] = mapped_column(String(10))
    kind: Mapped[str] = mapped_column(String(60))
    """`order.paid` for the order service; `paid`, `declined`, … for a customer."""
    occasion: Mapped[str] = mapped_column(String(160), unique=True)
    """What it is told of; the same is told once."""
    status: Mapped[MessageStatus] = mapped_column(String(10))
    order_id: Mapped[str | None] = mapped_column(String(40))
    reference: Mapped[str | None] = mapped_column(String(100))
    customer_id: Mapped[str | None] = mapped_column(String(40))
    recipient: Mapped[str] = mapped_column(String(2048))
    recipient_key: Mapped[str] = mapped_column(in_byte_order(254))
    """In small letters, as it is searched."""
    language: Mapped[str | None] = mapped_column(String(20))
    facts: Mapped[dict[str, Any]]
    """What an e-mail is written of."""
    subject: Mapped[str | None] = mapped_column(String(300))
    body: Mapped[str | None] = mapped_column(Text)
    """A callback's bytes, or an e-mail's plain text once it was written."""
    html: Mapped[str | None] = mapped_column(Text)
    tries: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None] = mapped_column(String(500))
    created_at: Mapped[datetime]
    """By the account's clock; the times below are the wall's."""
    recorded_at: Mapped[datetime]
    next_try_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    """When it was sent, kept, given up or dropped."""

    @property
    def job_key(self) -> str:
        """Key of the job that sends it."""
        return f"message:{self.id}"

    @property
    def may_be_resent(self) -> bool:
        """Whether a person may have it sent once more; never an e-mail whose customer was erased."""
        has_ended = self.status in (MessageStatus.SENT, MessageStatus.FAILED, MessageStatus.KEPT, MessageStatus.WAITING)
        return has_ended and (self.channel != Channel.MAIL or bool(self.facts))


class MessageTry(Base):
    """One try at sending a message: what went out, what came back, how long it took. Wall clock."""

    __tablename__ = "message_tries"
    __table_args__ = (Index("ix_message_tries_message", "message_id", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    message_id: Mapped[str] = mapped_column(ForeignKey("messages.id"))
    started_at: Mapped[datetime]
    duration_ms: Mapped[int]
    status: Mapped[int | None]
    """HTTP's or SMTP's; none where no answer came."""
    error: Mapped[str | None] = mapped_column(String(500))
    request: Mapped[dict[str, Any]]
    response: Mapped[dict[str, Any] | None]


class OrderServiceState(Base):
    """Whether the order service still takes callbacks: one row, about one URL."""

    __tablename__ = "order_service"

    id: Mapped[int] = mapped_column(primary_key=True)
    url: Mapped[str] = mapped_column(String(2048))
    disabled_at: Mapped[datetime]
    """When it answered 410 Gone. Wall clock."""
