"""What time it is on the account's clock, asked of the gateway now."""

from __future__ import annotations

from datetime import datetime

from app.clock import business_now, store_reading, wall_now
from app.db import reading, transaction
from app.gateway import gateway


def read_clock() -> datetime:
    """Ask, and keep the answer for every process. Raises GatewayUnavailable, GatewayRefused."""
    asked_at = wall_now()
    told = gateway().clock()
    answered_at = wall_now()
    with transaction() as session:
        store_reading(
            session,
            told.now,
            frozen=told.mode == "frozen",
            asked_at=asked_at,
            answered_at=answered_at,
            skew_seconds=gateway().skew_seconds,
        )
    return told.now


def account_now() -> datetime:
    """The account's time by the last reading."""
    with reading() as session:
        return business_now(session)
