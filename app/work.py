"""The worker of this app: its jobs, and what it looks at regularly."""

from __future__ import annotations

import threading
from time import monotonic

import structlog

from app import (
    db,
    models,  # noqa: F401 - every table, so that each foreign key finds its own
)
from app.clock import store_reading, wall_now
from app.config import Settings
from app.errors import GatewayRefused, GatewayUnavailable
from app.gateway import connect, gateway
from app.jobs import worker
from app.logs import configure_logs
from app.payments import sync  # noqa: F401 - registers its jobs
from app.webhooks import receive  # noqa: F401 - registers its jobs
from app.webhooks.subscription import ensure_subscribed

log = structlog.get_logger("worker")

_READ_CLOCK_EVERY_SECONDS = 2.0
_SUBSCRIBE_EVERY_SECONDS = 60.0


def read_clock() -> None:
    """Ask the gateway what time it is on the account's clock, and keep it for every process."""
    asked_at = wall_now()
    told = gateway().clock()
    with db.transaction() as session:
        store_reading(session, told.now, frozen=told.mode == "frozen", asked_at=asked_at)


class _Rounds:
    """What is looked at now and then; a gateway that does not answer is asked again later."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.clock_due = self.subscription_due = 0.0

    def __call__(self) -> None:
        now = monotonic()
        try:
            if now >= self.clock_due:
                self.clock_due = now + _READ_CLOCK_EVERY_SECONDS
                read_clock()
            if now >= self.subscription_due:
                ensure_subscribed(self.settings)
                self.subscription_due = now + _SUBSCRIBE_EVERY_SECONDS
        except (GatewayUnavailable, GatewayRefused) as error:
            log.warning("the gateway could not be asked", reason=str(error))


def run_worker(settings: Settings, stop: threading.Event) -> None:
    """Do due work until `stop` is set."""
    configure_logs()
    db.connect(settings.database_url, pool_size=worker.THREADS + 2)
    connect(settings)
    worker.run(stop, _Rounds(settings))
