"""The past of a card, an e-mail or IP address, a device: counted in the database, or in memory for a backtest."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.risk.models import Assessment

KEYS: dict[str, InstrumentedAttribute[Any]] = {
    "card": Assessment.card_fingerprint,
    "email": Assessment.email_key,
    "ip": Assessment.ip,
    "device": Assessment.device_id,
    "customer": Assessment.customer_id,
}
"""Whose past can be asked for, and where it is written."""


class Past(Protocol):
    """Payments before now. `whose` is a name of KEYS; `since` is left out of what is counted."""

    def payments(self, whose: str, value: str, since: datetime) -> int: ...

    def declines(self, whose: str, value: str, since: datetime) -> int: ...

    def authorized(self, whose: str, value: str) -> int: ...

    def cards(self, whose: str, value: str, since: datetime) -> set[str]: ...

    def amount_minor(self, whose: str, value: str, since: datetime, currency: str) -> int:
        """What was not declined, in minor units of `currency`."""

    def began(self, whose: str, value: str) -> datetime | None: ...

    def usual(self, whose: str, value: str, currency: str) -> tuple[int, int]:
        """How many payments in `currency` there were, and their sum in minor units."""


class PastInDatabase:
    """What every process has written so far; each question is answered out of an index."""

    def __init__(self, session: Session, now: datetime) -> None:
        self._session, self._now = session, now

    def _of(self, whose: str, value: str, since: datetime | None = None) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = [KEYS[whose] == value, Assessment.created_at <= self._now]
        return found if since is None else [*found, Assessment.created_at > since]

    def _count(self, conditions: list[ColumnElement[bool]]) -> int:
        return self._session.scalar(select(func.count()).select_from(Assessment).where(*conditions)) or 0

    def payments(self, whose: str, value: str, since: datetime) -> int:
        return self._count(self._of(whose, value, since))

    def declines(self, whose: str, value: str, since: datetime) -> int:
        return self._count([*self._of(whose, value, since), Assessment.was_declined.is_(True)])

    def authorized(self, whose: str, value: str) -> int:
        return self._count([*self._of(whose, value), Assessment.was_declined.is_(False)])

    def cards(self, whose: str, value: str, since: datetime) -> set[str]:
        known = [*self._of(whose, value, since), Assessment.card_fingerprint.is_not(None)]
        return {card for card in self._session.scalars(select(Assessment.card_fingerprint).where(*known)) if card}

    def amount_minor(self, whose: str, value: str, since: datetime, currency: str) -> int:
        taken = [*self._of(whose, value, since), Assessment.currency == currency]
        total = select(func.sum(Assessment.amount_minor)).where(*taken, Assessment.was_declined.is_not(True))
        return int(self._session.scalar(total) or 0)

    def began(self, whose: str, value: str) -> datetime | None:
        first = select(Assessment.created_at).where(*self._of(whose, value)).order_by(Assessment.created_at).limit(1)
        return self._session.scalar(first)

    def usual(self, whose: str, value: str, currency: str) -> tuple[int, int]:
        earlier = [*self._of(whose, value), Assessment.currency == currency]
        number, total = self._session.execute(
            select(func.count(), func.sum(Assessment.amount_minor)).where(*earlier)
        ).one()
        return int(number), int(total or 0)


@dataclass
class _Tries:
    """The payments of one card, address or device, in the order of time."""

    times: list[datetime] = field(default_factory=list)
    rows: list[Assessment] = field(default_factory=list)

    def since(self, moment: datetime) -> list[Assessment]:
        return self.rows[bisect_right(self.times, moment) :]


class PastInMemory:
    """The same answers for payments that are gone through in the order of time: `add` each after it was asked for."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, _Tries]] = {whose: defaultdict(_Tries) for whose in KEYS}

    def add(self, row: Assessment) -> None:
        for whose, column in KEYS.items():
            value = getattr(row, column.key)
            if value is not None:
                tries = self._known[whose][value]
                tries.times.append(row.created_at)
                tries.rows.append(row)

    def _since(self, whose: str, value: str, since: datetime) -> list[Assessment]:
        tries = self._known[whose].get(value)
        return [] if tries is None else tries.since(since)

    def _all(self, whose: str, value: str) -> list[Assessment]:
        tries = self._known[whose].get(value)
        return [] if tries is None else tries.rows

    def payments(self, whose: str, value: str, since: datetime) -> int:
        return len(self._since(whose, value, since))

    def declines(self, whose: str, value: str, since: datetime) -> int:
        return sum(row.was_declined is True for row in self._since(whose, value, since))

    def authorized(self, whose: str, value: str) -> int:
        return sum(row.was_declined is False for row in self._all(whose, value))

    def cards(self, whose: str, value: str, since: datetime) -> set[str]:
        return {row.card_fingerprint for row in self._since(whose, value, since) if row.card_fingerprint}

    def amount_minor(self, whose: str, value: str, since: datetime, currency: str) -> int:
        rows = self._since(whose, value, since)
        return sum(row.amount_minor for row in rows if row.currency == currency and row.was_declined is not True)

    def began(self, whose: str, value: str) -> datetime | None:
        rows = self._all(whose, value)
        return rows[0].created_at if rows else None

    def usual(self, whose: str, value: str, currency: str) -> tuple[int, int]:
        amounts = [row.amount_minor for row in self._all(whose, value) if row.currency == currency]
        return len(amounts), sum(amounts)
