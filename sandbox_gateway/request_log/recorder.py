"""Writing the log down: with a write's own transaction, or gathered and many at once shortly after."""

import threading
from collections import Counter, deque
from collections.abc import Sequence

import structlog
from sqlalchemy import Connection, bindparam, delete, insert, select, update

from sandbox_gateway.accounts import Account, Accounts
from sandbox_gateway.request_log.draft import Draft
from sandbox_gateway.request_log.schema import request_log
from sandbox_gateway.statements import Statement
from sandbox_gateway.storage import Store

log = structlog.get_logger()

KEPT = 1000
_TRIMMED_EVERY = 100
_GATHER_SECONDS = 0.1  # what is gathered longer is written down in one piece, for which all others wait
_MOST_GATHERED = 10_000

_INSERT = insert(request_log)
_INSERT_ONE = Statement(_INSERT)
_FINISH = (
    update(request_log)
    # A reset may have taken the row, and SQLite may have given its number to another request.
    .where(request_log.c.row == bindparam("of_row"), request_log.c.request_id == bindparam("of_request"))
    .values(
        status=bindparam("now_status"),
        error_code=bindparam("now_code"),
        client_saw=bindparam("now_saw"),
        fault_id=bindparam("now_fault"),
        duration_us=bindparam("took_us"),
    )
)
_OLDEST_KEPT = (
    select(request_log.c.row)
    .where(request_log.c.account_id == bindparam("account_id"))
    .order_by(request_log.c.row.desc())
    .offset(KEPT)
    .limit(1)
)
_TRIM = delete(request_log).where(
    request_log.c.account_id == bindparam("account_id"), request_log.c.row <= bindparam("last_row")
)


def write_with(tx: Connection, account: Account, draft: Draft) -> int:
    """Write an entry in the transaction of the request's own work, so that a crash leaves both or neither. Its row."""
    return _INSERT_ONE.insert(
        tx, draft.columns() | {"at_us": account.now_us, "status": None, "client_saw": None, "duration_us": None}
    )


class Recorder:
    """Takes finished entries in; a thread writes them down from `start` until `close`."""

    def __init__(self, store: Store, accounts: Accounts) -> None:
        self._store = store
        self._accounts = accounts
        self._finished: deque[Draft] = deque(maxlen=_MOST_GATHERED)
        self._untrimmed: Counter[int] = Counter()
        self._some = threading.Event()
        self._ending = threading.Event()
        self._writing = threading.Lock()
        self._thread = threading.Thread(target=self._run, daemon=True, name="request-log")

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Write down what there is, and end."""
        self._ending.set()
        self._some.set()
        self._thread.join(timeout=1)

    def finish(self, draft: Draft) -> None:
        """Take in an entry whose answer is about to leave."""
        self._finished.append(draft)
        self._some.set()

    def flush(self) -> None:
        """Write down everything that is finished."""
        with self._writing:
            self._some.clear()
            drafts = [self._finished.popleft() for _ in range(len(self._finished))]
            if not drafts:
                return
            self._untrimmed.update(draft.account_id for draft in drafts)
            crowded = [account_id for account_id, count in self._untrimmed.items() if count >= _TRIMMED_EVERY]
            self._store.write(lambda tx: self._write(tx, drafts, crowded))
            for account_id in crowded:
                del self._untrimmed[account_id]

    def _run(self) -> None:
        while not self._ending.is_set():
            self._some.wait()
            self._ending.wait(_GATHER_SECONDS)
            try:
                self.flush()
            except Exception:
                # A database that is away costs these entries, and must not end the thread.
                log.exception("request_log_not_written")

    def _write(self, tx: Connection, drafts: Sequence[Draft], crowded: Sequence[int]) -> None:
        new = [draft for draft in drafts if draft.row is None]
        known: dict[int, int] = {}
        rows = []
        for draft in new:
            at_us = draft.at_us
            if at_us is None:
                # It was refused before anybody looked at the clock.
                if draft.account_id not in known:
                    known[draft.account_id] = self._accounts.load(tx, draft.account_id).now_us
                at_us = known[draft.account_id]
            rows.append(draft.columns() | {"at_us": at_us})
        if rows:
            tx.execute(_INSERT, rows)
        written = [_finished(draft) for draft in drafts if draft.row is not None]
        if written:
            tx.execute(_FINISH, written)
        for account_id in crowded:
            last = tx.execute(_OLDEST_KEPT, {"account_id": account_id}).scalar()
            if last is not None:
                tx.execute(_TRIM, {"account_id": account_id, "last_row": last})


def _finished(draft: Draft) -> dict[str, object]:
    return {
        "of_row": draft.row,
        "of_request": draft.request_id,
        "now_status": draft.status,
        "now_code": draft.error_code,
        "now_saw": draft.client_saw,
        "now_fault": draft.fault_id,
        "took_us": draft.duration_us,
    }
