"""The tables of the customer's page: links, the browsers that opened one, what was tried there. By the wall's clock."""

from __future__ import annotations

import enum
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.clock import wall_now
from app.db import Base


class LinkState(enum.StrEnum):
    OPEN = "open"
    EXPIRED = "expired"
    REVOKED = "revoked"


class PayLink(Base):
    """Leads a customer to their order. The address is the id, signed; it is not stored."""

    __tablename__ = "pay_links"
    __table_args__ = (Index("ix_pay_links_order", "order_id", "created_at"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id"))
    request_key: Mapped[str | None] = mapped_column(String(300), unique=True)
    """What the caller gave so that asking twice is asking once: a form's or an API call's key."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]

    @property
    def state(self) -> LinkState:
        if self.revoked_at is not None:
            return LinkState.REVOKED
        return LinkState.OPEN if wall_now() < self.expires_at else LinkState.EXPIRED

    @property
    def works(self) -> bool:
        return self.state is LinkState.OPEN


class PayVisit(Base):
    """A browser that opened a link; told once."""

    __tablename__ = "pay_visits"

    link_id: Mapped[str] = mapped_column(ForeignKey("pay_links.id"), primary_key=True)
    device_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    at: Mapped[datetime]


class PayTry(Base):
    """One card that was sent from the page: whose browser sent it, so that only that one may come back from the bank.

    Stored as hashes: `state_hash` of what the bank's page is given, `browser_hash` of the browser's session.
    """

    __tablename__ = "pay_tries"
    __table_args__ = (
        Index("ix_pay_tries_link", "link_id", "at"),
        Index("ix_pay_tries_ip", "ip", "at"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    link_id: Mapped[str] = mapped_column(ForeignKey("pay_links.id"))
    payment_id: Mapped[str | None] = mapped_column(ForeignKey("payments.id"))
    """What came of it; None where nothing was begun."""
    state_hash: Mapped[str] = mapped_column(String(64), unique=True)
    browser_hash: Mapped[str] = mapped_column(String(64))
    ip: Mapped[str] = mapped_column(String(45))
    at: Mapped[datetime]
    returned_at: Mapped[datetime | None]
    """When the browser came back from 3-D Secure for the first time."""
