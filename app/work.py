"""The worker of this app: its jobs, and what it looks at regularly."""

from __future__ import annotations

import threading
from time import monotonic

import structlog

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


class _Rounds:
    """What is looked at now and then; a gateway that does not answer is asked again later."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.clock_due = self.subscription_due = self.events_due = self.deadlines_due = self.settlements_due = 0.0
        self.comparison_due = monotonic() + EVERY_SECONDS
        self.proposals_due = self.old_reports_due = self.rematch_due = 0.0
        self.catch_up = CatchUp(settings)

    def __call__(self) -> None:
        now = monotonic()
        self._ask_gateway(now)
        if now >= self.comparison_due:
            self.comparison_due = now + EVERY_SECONDS
            begin_round()
        do_what_is_due()
        free_what_is_due()
        if now >= self.proposals_due:
            self.proposals_due = now + _PROPOSE_PAYOUTS_EVERY_SECONDS
            propose_by_schedule(WORKER)
        if now >= self.rematch_due:
            self.rematch_due = now + _REMATCH_EVERY_SECONDS
            rematch(WORKER)
        decide_what_is_overdue()
        tell_of_outages()
        expire_approvals()
        if now >= self.old_reports_due:
            self.old_reports_due = now + _FORGET_REPORTS_EVERY_SECONDS
            forget_old_reports()
        seal(self.settings.data)
        seal_ledger(self.settings.data)

    def _ask_gateway(self, now: float) -> None:
        try:
            if now >= self.clock_due:
                self.clock_due = now + _READ_CLOCK_EVERY_SECONDS
                read_clock()
                watch_skew(gateway().skew_seconds)
            if now >= self.subscription_due:
                ensure_subscribed(self.settings)
                self.subscription_due = now + _SUBSCRIBE_EVERY_SECONDS
            if now >= self.events_due:
                self.events_due = now + _CATCH_UP_EVERY_SECONDS
                if not self.catch_up.walk():
                    self.events_due = now
            if now >= self.deadlines_due:
                self.deadlines_due = now + _LOOK_AT_DEADLINES_EVERY_SECONDS
                look_at_deadlines()
            if now >= self.settlements_due:
                self.settlements_due = now + _LOOK_FOR_SETTLEMENTS_EVERY_SECONDS
                look_for_settlements()
        except (GatewayUnavailable, GatewayRefused) as error:
            log.warning("the gateway could not be asked", reason=str(error))


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
