"""Operators, their links, sessions and codes, and the tokens of other systems. Secrets are stored as hashes."""

from __future__ import annotations

import enum
import hashlib
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import Base, BigId
from app.operators.roles import Permission, Role, may
from app.timeline import Actor, ActorKind


def hash_of(secret: str) -> str:
    """What is stored of a random secret of 128 bits or more."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Operator(Base):
    """One of the staff. A person is one row whatever the role, so that nobody becomes their own second person."""

    __tablename__ = "operators"
    __table_args__ = (Index("uq_operators_email", "email", unique=True),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    email: Mapped[str | None] = mapped_column(String(254))
    """In lower case; what they sign in by. Those who come by the terminal's links alone have none."""
    role: Mapped[Role] = mapped_column(String(20))
    is_local: Mapped[bool] = mapped_column(server_default=false(), default=False)
    """Stands for whoever has the terminal, by the role that its link names; that role stays."""
    created_at: Mapped[datetime]
    tour_dismissed_at: Mapped[datetime | None]
    password_hash: Mapped[str | None] = mapped_column(String(200))
    password_set_at: Mapped[datetime | None]
    totp_seed: Mapped[str | None] = mapped_column(String(64))
    """What the secret of their authenticator app is derived from, with the installation's key."""
    totp_confirmed_at: Mapped[datetime | None]
    totp_last_step: Mapped[int | None] = mapped_column(BigInteger)
    """The newest code that was used, by its half minute: none works twice."""
    suspended_at: Mapped[datetime | None]

    @property
    def actor(self) -> Actor:
        return Actor(ActorKind.OPERATOR, self.name, self.id)

    @property
    def has_second_factor(self) -> bool:
        return self.totp_confirmed_at is not None

    @property
    def standing(self) -> str:
        """Whether they can work here: `active`, `invited` (no password yet), `suspended`."""
        if self.suspended_at is not None:
            return "suspended"
        return "invited" if self.password_hash is None and not self.is_local else "active"

    def may(self, permission: Permission) -> bool:
        """Whether they can work here and their role carries the permission."""
        return self.suspended_at is None and may(Role(self.role), permission)


class Purpose(enum.StrEnum):
    """What a link is good for."""

    SIGN_IN = "sign_in"
    PASSWORD = "password"  # noqa: S105 - what the link is for
    """Set a password: an invitation, or a new start."""


class SignInLink(Base):
    """Lets one browser in, once, within its time."""

    __tablename__ = "sign_in_links"
    __table_args__ = (Index("ix_sign_in_links_operator", "operator_id"),)

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    purpose: Mapped[Purpose] = mapped_column(String(20), server_default=Purpose.SIGN_IN, default=Purpose.SIGN_IN)
    operator_id: Mapped[str] = mapped_column(ForeignKey("operators.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class OperatorSession(Base):
    """A signed-in browser. Ends when idle for 30 minutes, after 12 hours, or by signing out."""

    __tablename__ = "operator_sessions"
    __table_args__ = (
        Index("uq_operator_sessions_id", "id", unique=True),
        Index("ix_operator_sessions_operator", "operator_id", "created_at"),
    )

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    operator_id: Mapped[str] = mapped_column(ForeignKey("operators.id"))
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    id: Mapped[str | None] = mapped_column(String(40))
    """Names it on the page of one's own sessions."""
    address: Mapped[str | None] = mapped_column(String(60))
    agent: Mapped[str | None] = mapped_column(String(300))
    how: Mapped[str | None] = mapped_column(String(20))
    """`link` or `password`."""

    operator: Mapped[Operator] = relationship(lazy="joined", innerjoin=True)


class ApiToken(Base):
    """Another system's key to `/api`."""

    __tablename__ = "api_tokens"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    role: Mapped[Role] = mapped_column(String(20))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    owner_id: Mapped[str | None] = mapped_column(String(40))
    """The operator who made it in the dashboard: what it asks for, its owner never approves."""

    @property
    def actor(self) -> Actor:
        return Actor(ActorKind.ORDER_SERVICE, self.name, self.id)


class ApiTokenCalls(Base):
    """How often a token has called in the newest minute in which it called much, over all processes."""

    __tablename__ = "api_token_calls"

    token_id: Mapped[str] = mapped_column(ForeignKey("api_tokens.id"), primary_key=True)
    minute: Mapped[int] = mapped_column(BigInteger)
    """Of the wall clock, counted from 1970 on."""
    calls: Mapped[int]


class RecoveryCode(Base):
    """Stands in for the authenticator app, once."""

    __tablename__ = "recovery_codes"
    __table_args__ = (Index("ix_recovery_codes_operator", "operator_id"),)

    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    operator_id: Mapped[str] = mapped_column(ForeignKey("operators.id"))
    used_at: Mapped[datetime | None]


class SignInFailure(Base):
    """A wrong password or code. Kept for as long as it counts towards a limit; names no account in clear."""

    __tablename__ = "sign_in_failures"
    __table_args__ = (
        Index("ix_sign_in_failures_account", "account", "at"),
        Index("ix_sign_in_failures_address", "address", "at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    account: Mapped[str] = mapped_column(String(64))
    address: Mapped[str] = mapped_column(String(60))
    device: Mapped[str | None] = mapped_column(String(64))
    at: Mapped[datetime]
