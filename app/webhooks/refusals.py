"""Counting refused deliveries: nothing else of them is kept, and a flood of them costs few writes."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from time import monotonic

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.clock import wall_now
from app.db import insert_if_absent, transaction
from app.gateway.received import WebhookRefusal
from app.gateway.signature import Refusal

_WRITE_EVERY_SECONDS = 1.0


class _Tally:
    """What was counted in this process and is not written yet."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.counted: Counter[Refusal] = Counter()
        self.write_from = 0.0


_tally = _Tally()


def count_refusal(kind: Refusal) -> None:
    """One more. At most once a second it is written; what came between goes along with the next one."""
    with _tally.lock:
        _tally.counted[kind] += 1
        if monotonic() < _tally.write_from:
            return
        _tally.write_from = monotonic() + _WRITE_EVERY_SECONDS
        counted, _tally.counted = _tally.counted, Counter()
    now = wall_now()
    hour = now.replace(minute=0, second=0, microsecond=0)
    with transaction() as session:
        for reason, number in counted.items():
            values = {"hour": hour, "reason": reason, "number": number, "last_at": now}
            if not insert_if_absent(session, WebhookRefusal.__table__, values):
                same = (WebhookRefusal.hour == hour, WebhookRefusal.reason == reason)
                session.execute(
                    update(WebhookRefusal).where(*same).values(number=WebhookRefusal.number + number, last_at=now)
                )


def refusals_since(session: Session, span: timedelta) -> Sequence[tuple[str, int, datetime]]:
    """How many were refused for which reason within the span, and when the last one was; the most first."""
    rows = select(WebhookRefusal).where(WebhookRefusal.last_at >= wall_now() - span)
    numbers: Counter[str] = Counter()
    last: dict[str, datetime] = {}
    for row in session.scalars(rows):
        numbers[row.reason] += row.number
        last[row.reason] = max(row.last_at, last.get(row.reason, row.last_at))
    return [(reason, number, last[reason]) for reason, number in numbers.most_common()]
