"""Operators, their sign-in links and sessions, and the tokens of other systems. Secrets are stored as hashes."""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import Base
from app.operators.roles import Role
from app.timeline import Actor, ActorKind


def hash_of(secret: str) -> str:
    """What is stored of a random secret of 128 bits or more."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Operator(Base):
    __tablename__ = "operators"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    role: Mapped[Role] = mapped_column(String(20))
    created_at: Mapped[datetime]
    tour_dismissed_at: Mapped[datetime | None]

    @property
    def actor(self) -> Actor:
        return Actor(ActorKind.OPERATOR, self.name, self.id)


class SignInLink(Base):
    """Signs one browser in, once, within a quarter of an hour."""

    __tablename__ = "sign_in_links"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    operator_id: Mapped[str] = mapped_column(ForeignKey("operators.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class OperatorSession(Base):
    """A signed-in browser. Ends when idle for 30 minutes, after 12 hours, or by signing out."""

    __tablename__ = "operator_sessions"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    operator_id: Mapped[str] = mapped_column(ForeignKey("operators.id"))
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

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

    @property
    def actor(self) -> Actor:
        return Actor(ActorKind.ORDER_SERVICE, self.name, self.id)
