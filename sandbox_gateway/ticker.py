"""Comes by every second and does what is due on live accounts, so that it happens although nobody asks; sweeps."""

import threading

import structlog
from sqlalchemy import BigInteger, bindparam, select

from sandbox_gateway import times
from sandbox_gateway.accounts import LIVE, accounts
from sandbox_gateway.jobs import earliest_due
from sandbox_gateway.pipeline import do_due
from sandbox_gateway.routes import Gateway
from sandbox_gateway.sweep import Sweep

log = structlog.get_logger()

_PAUSE_SECONDS = 1.0
_MOST_ACCOUNTS = 200

_DUE = (
    select(accounts.c.id)
    .where(
        accounts.c.clock_mode == LIVE,
        earliest_due(accounts.c.id) <= bindparam("wall_us", type_=BigInteger) + accounts.c.clock_offset_us,
    )
    .limit(_MOST_ACCOUNTS)
)


class Ticker:
    """A thread of the serving process. Several processes may tick at once: an account's lock keeps them apart."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._sweep = Sweep(gateway.store)
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="ticker")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ending.set()
        self._thread.join(timeout=2)

    def _run(self) -> None:
        while not self._ending.wait(_PAUSE_SECONDS):
            try:
                self._tick()
                self._sweep.go_on()
            except Exception:
                # A database that is away for a while must not end the ticking.
                log.exception("tick_failed")

    def _tick(self) -> None:
        due = self._gateway.store.read(lambda tx: tx.execute(_DUE, {"wall_us": times.wall_us()}).scalars().all())
        for account_id in due:
            if self._ending.is_set():
                return
            do_due(self._gateway, account_id)
