"""Every call on the gateway leaves a row: when, how long, under which key, what was said."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, BigId


@dataclass(frozen=True)
class Call:
    """One try. `status` is None where no answer came; bodies hold a token, never a card number."""

    method: str
    path: str
    idempotency_key: str | None
    started_at: datetime
    duration_ms: int
    status: int | None
    error: str | None
    request: dict[str, Any] | None
    response: dict[str, Any] | None
    request_id: str | None


class GatewayCall(Base):
    """A call that belongs to an attempt."""

    __tablename__ = "gateway_calls"
    __table_args__ = (
        Index("ix_gateway_calls_order", "order_id", "id"),
        Index("ix_gateway_calls_request", "request_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    order_id: Mapped[str] = mapped_column(String(40))
    payment_id: Mapped[str] = mapped_column(String(40))
    attempt_id: Mapped[str] = mapped_column(String(40))
    method: Mapped[str] = mapped_column(String(10))
    path: Mapped[str] = mapped_column(String(300))
    idempotency_key: Mapped[str | None] = mapped_column(String(255))
    started_at: Mapped[datetime]
    duration_ms: Mapped[int]
    status: Mapped[int | None]
    error: Mapped[str | None] = mapped_column(String(500))
    request: Mapped[dict[str, Any] | None]
    response: Mapped[dict[str, Any] | None]
    request_id: Mapped[str | None] = mapped_column(String(64))


_collected: ContextVar[list[Call] | None] = ContextVar("collected", default=None)


@contextmanager
def collecting() -> Iterator[list[Call]]:
    """The calls made inside, in order."""
    calls: list[Call] = []
    token = _collected.set(calls)
    try:
        yield calls
    finally:
        _collected.reset(token)


def note(call: Call) -> None:
    """Add a call to the list that is being collected, if one is."""
    calls = _collected.get()
    if calls is not None:
        calls.append(call)
