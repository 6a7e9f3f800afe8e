"""The dispatcher: threads of the gateway's process that send what is due and write down how it went.

One thread does all the database work: it writes down results and claims what is due, in one transaction for many.
Others only send. Any number of processes can share the work of one database.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, SimpleQueue

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from sandbox_gateway import times
from sandbox_gateway.accounts import Accounts
from sandbox_gateway.storage import Store
from sandbox_gateway.webhooks import claims, signing
from sandbox_gateway.webhooks.claims import Result, Task
from sandbox_gateway.webhooks.deliveries import claimable
from sandbox_gateway.webhooks.lanes import Lanes
from sandbox_gateway.webhooks.sender import Sender

log = structlog.get_logger()

_AT_ONCE = 48
_PER_RECEIVER = 8
_PER_CLAIM = 100
_MOST_CLAIMED = 300
_CROWD = 50
# With work at hand, transactions are this far apart at least, so that each has more to do.
_PAUSE_SECONDS = 0.01
_HEARTBEAT_SECONDS = 3.0
# How often to look for what other processes made due, or left behind.
_LOOK_SECONDS = 1.0
_AFTER_FAILURE_SECONDS = 1.0
_GOODBYE_SECONDS = 0.5
_CROWD_WAIT_US = 200_000
_USER_AGENT = "Counterfoil-Sandbox-Gateway"


class Dispatcher:
    """Sends webhooks from `start` until `close`."""

    def __init__(self, store: Store, accounts: Accounts) -> None:
        self._store = store
        self._accounts = accounts
        self._owner = uuid.uuid4().hex
        self._sender = Sender()
        self._lanes: Lanes[Task] = Lanes(at_once=_AT_ONCE, per_receiver=_PER_RECEIVER)
        self._results: SimpleQueue[Result] = SimpleQueue()
        self._unwritten: list[Result] = []
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="webhook")
        self._closing = False
        self._beat = 0.0
        self._main = threading.Thread(target=self._run, daemon=True, name="webhook-dispatcher")

    def start(self) -> None:
        """Begin. What a gateway that was killed had under way is sent again, at the latest when its lease lapses."""
        self._main.start()

    def close(self) -> None:
        """Let what is being sent finish, for a moment; write it down; leave the rest for later."""
        self._closing = True
        claimable.set()
        self._main.join(_GOODBYE_SECONDS + 0.4)
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._sender.close()

    def _run(self) -> None:
        if self._store.has_one_process:
            # Whoever held a claim is gone.
            self._try(claims.give_back_all)
        next_us: int | None = 0
        while not self._closing:
            claimable.wait(self._seconds_until(next_us))
            claimable.clear()
            try:
                next_us = self._cycle()
            except Exception:
                # A database that is away comes back; nothing may end this thread for good.
                log.exception("webhook_dispatch_failed")
                time.sleep(_AFTER_FAILURE_SECONDS)
                next_us = 0
            time.sleep(_PAUSE_SECONDS)
        self._say_goodbye()

    def _seconds_until(self, next_us: int | None) -> float:
        if next_us is None:
            return _LOOK_SECONDS
        return min(max((next_us - times.wall_us()) / times.SECOND_US, 0), _LOOK_SECONDS)

    def _cycle(self) -> int | None:
        """Write down, claim, send. Returns when there will be something to claim, as far as is known."""
        self._collect()
        room = min(_PER_CLAIM, _MOST_CLAIMED - self._lanes.size)
        beat = bool(self._lanes.size) and time.monotonic() - self._beat > _HEARTBEAT_SECONDS
        crowded = [endpoint_id for _, endpoint_id in self._lanes.crowded(_CROWD)]
        results = self._unwritten

        def work(tx: Connection) -> tuple[list[Task], int | None]:
            if results:
                claims.write_down(tx, self._accounts, self._owner, results)
            if beat:
                claims.prolong(tx, self._owner)
            tasks = claims.claim(tx, self._accounts, self._owner, room, crowded) if room > 0 else []
            return tasks, claims.next_claimable(tx)

        if not results and not beat:
            # Nothing to write down: look before taking the lock that all writers share.
            next_us = self._store.read(claims.next_claimable)
            if next_us is None or next_us > times.wall_us():
                return next_us
        tasks, next_us = self._store.write(work)
        self._unwritten = []
        if beat or tasks:
            self._beat = time.monotonic()
        self._lanes.add(tasks)
        self._start_ready()
        if tasks or next_us is None:
            return next_us
        # What is due already is for an endpoint that has enough to do; a finished delivery wakes us sooner.
        return max(next_us, times.wall_us() + _CROWD_WAIT_US)

    def _collect(self) -> None:
        try:
            while len(self._unwritten) < _PER_CLAIM:
                self._unwritten.append(self._results.get_nowait())
        except Empty:
            return

    def _start_ready(self) -> None:
        for task in self._lanes.start():
            self._threads.submit(self._send, task)

    def _send(self, task: Task) -> None:
        timestamp = times.wall_us() // times.SECOND_US - task.stale_seconds
        body = task.sent_body
        headers = {
            "Content-Type": "application/json",
            "User-Agent": _USER_AGENT,
            "Accept-Encoding": "identity",
            **signing.headers(task.secrets, task.cause.id, timestamp, body),
        }
        outcome = self._sender.send(task.url, body, headers, allow_private=task.allow_private, listed=task.listed)
        self._results.put(Result(task, headers, outcome))
        self._lanes.finish(task, answered=outcome.status is not None)
        claimable.set()
        if not self._closing:
            self._start_ready()

    def _say_goodbye(self) -> None:
        deadline = time.monotonic() + _GOODBYE_SECONDS
        while self._lanes.running and time.monotonic() < deadline:
            time.sleep(_PAUSE_SECONDS)
        self._collect()

        def work(tx: Connection) -> None:
            if self._unwritten:
                claims.write_down(tx, self._accounts, self._owner, self._unwritten)
            claims.give_back(tx, self._owner)

        self._try(work)

    def _try(self, work: Callable[[Connection], None]) -> None:
        try:
            self._store.write(work)
        except SQLAlchemyError:
            # The leases lapse by themselves.
            log.exception("webhook_claims_not_given_back")
