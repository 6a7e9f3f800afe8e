"""The worker of this app: its jobs, and what it looks at regularly."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection

from app import (
    db,
    models,  # noqa: F401 - every table, so that each foreign key finds its own
)
from app.actors import WORKER
from app.api.told import connect_messages
from app.approvals.decide import expire_approvals
from app.audit.chain import seal
from app.checkout import links
from app.config import Settings
from app.disputes import respond  # noqa: F401 - registers its jobs
from app.disputes.sync import look_at_deadlines
from app.drift.rounds import EVERY_SECONDS, begin_round
from app.errors import GatewayRefused, GatewayUnavailable
from app.gateway import connect, gateway
from app.gateway.account_time import read_clock
from app.jobs import worker
from app.ledger.chain import seal_ledger
from app.logs import configure_logs
from app.payments import automatic, refund, resolve  # noqa: F401 - register their jobs
from app.payments.due import do_what_is_due
from app.payments.outages import tell_of_outages
from app.policy.current import begin_with
from app.reconciliation.rematch import rematch
from app.reports.make import forget_old_reports
from app.reviews.decide import decide_what_is_overdue
from app.risk import (
    scorer,
    training,  # noqa: F401 - registers its job
    trials,  # noqa: F401 - registers its job
)
from app.risk.scoring import ModelAtWork
from app.settlements.begin import begin_books
from app.settlements.hear import free_what_is_due, look_for_settlements
from app.settlements.pay import propose_by_schedule
from app.webhooks import receive  # noqa: F401 - registers its jobs
from app.webhooks.catch_up import CatchUp
from app.webhooks.skew import watch_skew
from app.webhooks.subscription import ensure_subscribed

log = structlog.get_logger("worker")

_READ_CLOCK_EVERY_SECONDS = 2.0
_SUBSCRIBE_EVERY_SECONDS = 60.0
_CATCH_UP_EVERY_SECONDS = 4.0
_LOOK_AT_DEADLINES_EVERY_SECONDS = 5.0
_LOOK_FOR_SETTLEMENTS_EVERY_SECONDS = 10.0
_PROPOSE_PAYOUTS_EVERY_SECONDS = 30.0
_FORGET_REPORTS_EVERY_SECONDS = 300.0
_REMATCH_EVERY_SECONDS = 10.0
_ASK_AGAIN_AFTER_SECONDS = 2.0
_LOOK_AGAIN_AFTER_SECONDS = 5.0
"""Longer than the pause of a worker whose database failed: the looks after the one that failed get their turn."""


@dataclass
class _Look:
    """Something that is looked at now and then. What is done answers False where there is more at once."""

    name: str
    do: Callable[[], object]
    every_seconds: float = 0.0
    due: float = 0.0


class _Rounds:
    """What is looked at now and then. Each look fails alone, and is tried again a little later.

    A gateway that does not answer is asked nothing else in that round; a database that does not answer ends it.
    """

    def __init__(self, settings: Settings) -> None:
        self.of_gateway = [
            _Look("the account's clock", _look_at_clock, _READ_CLOCK_EVERY_SECONDS),
            _Look("our subscription", lambda: ensure_subscribed(settings), _SUBSCRIBE_EVERY_SECONDS),
            _Look("lost events", CatchUp(settings).walk, _CATCH_UP_EVERY_SECONDS),
            _Look("disputes' deadlines", look_at_deadlines, _LOOK_AT_DEADLINES_EVERY_SECONDS),
            _Look("settlements and payouts", look_for_settlements, _LOOK_FOR_SETTLEMENTS_EVERY_SECONDS),
        ]
        self.of_ours = [
            _Look("the comparison with the gateway", begin_round, EVERY_SECONDS, monotonic() + EVERY_SECONDS),
            _Look("what is due", do_what_is_due),
            _Look("what becomes available", free_what_is_due),
            _Look("payouts by schedule", lambda: propose_by_schedule(WORKER), _PROPOSE_PAYOUTS_EVERY_SECONDS),
            _Look("breaks that match after all", lambda: rematch(WORKER), _REMATCH_EVERY_SECONDS),
            _Look("overdue reviews", decide_what_is_overdue),
            _Look("outages", tell_of_outages),
            _Look("approvals that expire", expire_approvals),
            _Look("old reports", forget_old_reports, _FORGET_REPORTS_EVERY_SECONDS),
            _Look("the audit log's seal", lambda: seal(settings.data)),
            _Look("the ledger's seal", lambda: seal_ledger(settings.data)),
        ]

    def __call__(self) -> None:
        now = monotonic()
        for look in self.of_gateway:
            if now >= look.due and not self._take(look, now):
                break
        for look in self.of_ours:
            if now >= look.due:
                self._take(look, now)

    @staticmethod
    def _take(look: _Look, now: float) -> bool:
        """Look; False where the gateway could not be asked. Raises what says that the database does not answer."""
        try:
            has_more = look.do() is False
        except (GatewayUnavailable, GatewayRefused) as error:
            log.warning("the gateway could not be asked", look=look.name, reason=str(error))
            look.due = now + _ASK_AGAIN_AFTER_SECONDS
            return False
        except Exception as error:
            look.due = monotonic() + _LOOK_AGAIN_AFTER_SECONDS
            if isinstance(error, OperationalError | InterfaceError | NoConnection):
                raise
            log.exception("a look failed; the others go on", look=look.name)
        else:
            look.due = now if has_more else now + look.every_seconds
        return True


def _look_at_clock() -> None:
    read_clock()
    watch_skew(gateway().skew_seconds)


def run_worker(settings: Settings, stop: threading.Event) -> None:
    """Do due work until `stop` is set."""
    configure_logs()
    db.connect(settings.database_url, pool_size=worker.THREADS + 2)
    connect(settings)
    links.connect(settings)
    connect_messages(settings)
    begin_with(settings.random_reviews)
    begin_books()
    scorer.use(ModelAtWork())  # loaded once a payment is tried again by itself
    worker.run(stop, _Rounds(settings))
