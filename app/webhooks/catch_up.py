"""What no delivery brought: the gateway's list of events, walked from where we stopped; a lost webhook is none then."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from time import monotonic
from typing import Any

import structlog
from pydantic import ValidationError
from sqlalchemy import CheckConstraint, String, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from app.clock import wall_now
from app.config import Settings
from app.db import Base, reading, transaction
from app.errors import GatewayRefused
from app.gateway import GatewayEvent, gateway
from app.gateway.received import WebhookEvent
from app.webhooks.receive import store

log = structlog.get_logger("webhooks")

_GRACE_SECONDS = 5.0
"""How long a delivery may take before its event counts as lost."""
_PAGES_AT_ONCE = 5


class EventCursor(Base):
    """How far the list was walked: up to `event_id`, all that there is was stored. One row."""

    __tablename__ = "event_cursors"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(String(300))
    event_id: Mapped[str] = mapped_column(String(200))
    walked_at: Mapped[datetime]


class CatchUp:
    """The walk of one worker. What it meets for the first time is left to its delivery for a few seconds."""

    def __init__(self, settings: Settings) -> None:
        self._account = f"{settings.gateway_url} {settings.gateway_secret_key[-4:]}"[:300]
        self._seen: dict[str, float] = {}
        self._has_walked = False

    def walk(self) -> bool:
        """Store what is missing, for jobs to apply; False where there was more than is looked at in one go.

        Raises GatewayUnavailable, GatewayRefused.
        """
        after = self._where_to_begin()
        if after is None:
            self._begin()
            return True
        for _ in range(_PAGES_AT_ONCE):
            try:
                page = gateway().events_after(after)
            except GatewayRefused as refusal:
                if refusal.code != "invalid_cursor":
                    raise
                self._forget()  # the account was emptied: everything it has is walked anew
                return False
            done = self._take(page.data)
            if done is not None:
                after = done
                self._keep(after)
            self._has_walked = True
            if not page.has_more or done != page.data[-1].get("id"):
                return True
        return False

    def _where_to_begin(self) -> str | None:
        with reading() as session:
            cursor = session.get(EventCursor, 1)
        return cursor.event_id if cursor is not None and cursor.account == self._account else None

    def _begin(self) -> None:
        """The first walk, or the first of another account: all that there is, the newest first."""
        page = gateway().newest_events()
        if not page.data:
            return
        newest = str(page.data[0].get("id", ""))
        while True:
            self._store_missing(page.data)
            if not page.has_more or page.next_cursor is None:
                break
            page = gateway().newest_events(page.next_cursor)
        self._keep(newest)
        self._has_walked = True

    def _take(self, events: Sequence[dict[str, Any]]) -> str | None:
        """The last event up to which all are stored; those that may still be delivered are waited for."""
        missing = self._missing(events)
        now, done = monotonic(), None
        patience = _GRACE_SECONDS if self._has_walked else 0.0
        for event_id in missing:  # all at once: waiting for one after the other would add up
            self._seen.setdefault(event_id, now)
        found: list[dict[str, Any]] = []
        for event in events:
            event_id = str(event.get("id", ""))
            if event_id in missing:
                if now - self._seen[event_id] < patience:
                    break
                found.append(event)
            self._seen.pop(event_id, None)
            done = event_id
        self._store_missing(found)
        return done

    @staticmethod
    def _missing(events: Sequence[dict[str, Any]]) -> set[str]:
        ids = {str(event.get("id", "")) for event in events}
        with reading() as session:
            return ids - set(session.scalars(select(WebhookEvent.id).where(WebhookEvent.id.in_(ids))))

    def _store_missing(self, events: Sequence[dict[str, Any]]) -> None:
        missing = self._missing(events) if events else set()
        for body in events:
            event_id = str(body.get("id", ""))
            if event_id not in missing:
                continue
            try:
                event = GatewayEvent.model_validate(body)
            except ValidationError:
                log.warning("an event in the list cannot be read", event_id=event_id)
                continue
            with transaction() as session:
                if store(session, event_id, event, json.dumps(body).encode(), None):
                    log.info("an event that no delivery brought", event_id=event_id, type=event.type)

    def _keep(self, event_id: str) -> None:
        with transaction() as session:
            cursor = session.get(EventCursor, 1)
            if cursor is None:
                cursor = EventCursor(id=1)
                session.add(cursor)
            cursor.account, cursor.event_id, cursor.walked_at = self._account, event_id, wall_now()

    @staticmethod
    def _forget() -> None:
        with transaction() as session:
            session.execute(delete(EventCursor))
