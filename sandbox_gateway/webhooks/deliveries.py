"""Deliveries: one row for each sending of an event to an endpoint, made before it is tried, closed with how it went.

When a try fails, the next one is a new row. It waits for a job on the account's clock; only then is it claimable, which
is a matter of the wall clock: a dispatcher takes what is claimable and holds it for as long as its lease lasts.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    bindparam,
    insert,
    update,
)

from sandbox_gateway import jobs, times
from sandbox_gateway.accounts import Account
from sandbox_gateway.ids import Chance, make_id
from sandbox_gateway.schema import (
    BIG_ID,
    account_column,
    instant_column,
    metadata,
    optional_instant_column,
    public_id_column,
    row_column,
)
from sandbox_gateway.storage import on_commit
from sandbox_gateway.times import HOUR_US, MINUTE_US, SECOND_US

PENDING, SENDING = "pending", "sending"
DELIVERED, FAILED, EXHAUSTED, CANCELED = "delivered", "failed", "exhausted", "canceled"

# How long after a failed try the next one follows, on the account's clock; after the last there is none.
GAPS_US = (
    5 * SECOND_US,
    5 * MINUTE_US,
    30 * MINUTE_US,
    2 * HOUR_US,
    5 * HOUR_US,
    10 * HOUR_US,
    14 * HOUR_US,
    20 * HOUR_US,
    24 * HOUR_US,
)
_LONGEST_WAIT_US = 7 * times.DAY_US
_RETRY = "webhook_delivery.retry"

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    row_column(),
    account_column(),
    public_id_column(),
    Column("event_row", BIG_ID, ForeignKey("events.row"), nullable=False),
    Column("event_id", String(40), nullable=False),
    Column("event_type", String(40), nullable=False),
    # Not a foreign key: the log of what was sent outlives the endpoint.
    Column("endpoint_id", String(40), nullable=False),
    # What the event is about. Deliveries of one subject to one endpoint go out one after the other.
    Column("subject", String(40), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("status", String(12), nullable=False),
    instant_column("due"),
    # By the wall clock. Pending: from when on a dispatcher may claim it. Sending: when the claim lapses. Else null.
    optional_instant_column("claimable"),
    Column("owner", String(40), nullable=True),
    optional_instant_column("sent"),
    Column("duration_us", BigInteger, nullable=True),
    Column("url", Text, nullable=True),
    Column("request_headers", Text, nullable=True),
    Column("response_status", Integer, nullable=True),
    Column("response_headers", Text, nullable=True),
    Column("response_body", Text, nullable=True),
    Column("error", Text, nullable=True),
    optional_instant_column("next_attempt"),
    UniqueConstraint("account_id", "id"),
    Index(None, "account_id", "row"),
    Index(None, "event_row"),
)
Index(
    None,
    webhook_deliveries.c.claimable_us,
    sqlite_where=webhook_deliveries.c.claimable_us.is_not(None),
    postgresql_where=webhook_deliveries.c.claimable_us.is_not(None),
)

_INSERT = insert(webhook_deliveries)
_CANCEL = (
    update(webhook_deliveries)
    .where(
        webhook_deliveries.c.account_id == bindparam("of_account"),
        webhook_deliveries.c.endpoint_id == bindparam("of_endpoint"),
        webhook_deliveries.c.status == PENDING,
    )
    .values(status=CANCELED, claimable_us=None)
    .returning(webhook_deliveries.c.id)
)
_HAND_OVER = (
    update(webhook_deliveries)
    .where(
        webhook_deliveries.c.account_id == bindparam("of_account"),
        webhook_deliveries.c.id == bindparam("delivery_id"),
        webhook_deliveries.c.status == PENDING,
    )
    .values(claimable_us=bindparam("from_us"))
)

claimable = threading.Event()
"""Set when a transaction of this process has made deliveries claimable; the dispatcher clears it."""


@dataclass(frozen=True, slots=True)
class Cause:
    """The event that a delivery is for."""

    row: int
    id: str
    type: str
    subject: str


def enqueue(tx: Connection, account: Account, cause: Cause, endpoint_ids: Sequence[str]) -> list[str]:
    """Let the event be sent to these endpoints at once. Returns the ids of the deliveries."""
    if not endpoint_ids:
        return []
    wall_us = times.wall_us()
    rows = [
        _row(account, cause, account.new_id("wd"), endpoint_id, attempt=1, due_us=account.now_us, claimable_us=wall_us)
        for endpoint_id in endpoint_ids
    ]
    tx.execute(_INSERT, rows)
    on_commit(tx, claimable.set)
    return [row["id"] for row in rows]


def schedule_retry(
    tx: Connection,
    account: Account,
    cause: Cause,
    endpoint_id: str,
    *,
    failed_id: str,
    failed_attempt: int,
    not_before_us: int,
) -> int | None:
    """Plan the try that follows a failed one, on the account's clock, not earlier than the receiver asked for.

    Returns when, or None if that was the last.
    """
    if failed_attempt > len(GAPS_US):
        return None
    # The chance hangs on the failed delivery, not on the account's row of chances, which this must not disturb.
    chance = Chance(failed_id, 0)
    gap_us = GAPS_US[failed_attempt - 1]
    jitter_us = (int.from_bytes(chance.draw(8)) % (2 * gap_us // 10 + 1)) - gap_us // 10
    wanted_us = min(max(account.now_us + gap_us + jitter_us, not_before_us), account.now_us + _LONGEST_WAIT_US)
    delivery_id = make_id("wd", account.now_us, chance)
    row = _row(
        account, cause, delivery_id, endpoint_id, attempt=failed_attempt + 1, due_us=wanted_us, claimable_us=None
    )
    tx.execute(_INSERT, [row])
    jobs.schedule(tx, account, _RETRY, delivery_id, wanted_us)
    return wanted_us


def cancel(tx: Connection, account: Account, endpoint_id: str) -> None:
    """Send nothing of what still waits for this endpoint."""
    for (delivery_id,) in tx.execute(_CANCEL, {"of_account": account.id, "of_endpoint": endpoint_id}).all():
        jobs.cancel(tx, account, _RETRY, delivery_id)


def _hand_over(tx: Connection, account: Account, delivery_id: str) -> None:
    tx.execute(_HAND_OVER, {"of_account": account.id, "delivery_id": delivery_id, "from_us": times.wall_us()})
    on_commit(tx, claimable.set)


def _row(
    account: Account,
    cause: Cause,
    delivery_id: str,
    endpoint_id: str,
    *,
    attempt: int,
    due_us: int,
    claimable_us: int | None,
) -> dict[str, Any]:
    return {
        "account_id": account.id,
        "id": delivery_id,
        "event_row": cause.row,
        "event_id": cause.id,
        "event_type": cause.type,
        "endpoint_id": endpoint_id,
        "subject": cause.subject,
        "attempt": attempt,
        "status": PENDING,
        "due_us": due_us,
        "claimable_us": claimable_us,
    }


jobs.register(_RETRY, _hand_over)
