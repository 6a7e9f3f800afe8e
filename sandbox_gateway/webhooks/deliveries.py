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
    Boolean,
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
    false,
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
DELIVERED, FAILED, EXHAUSTED, CANCELED, DROPPED = "delivered", "failed", "exhausted", "canceled", "dropped"

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
_LATER = "webhook_delivery.delayed"

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
    # A JSON array of the fault rules that struck it, each with its effect.
    Column("faults", Text, nullable=True),
    # Whether it waits for the next event of its subject.
    Column("held", Boolean, nullable=False, server_default=false()),
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
Index(
    "ix_webhook_deliveries_held",
    webhook_deliveries.c.account_id,
    sqlite_where=webhook_deliveries.c.held,
    postgresql_where=webhook_deliveries.c.held,
)

_INSERT = insert(webhook_deliveries)
_CANCEL = (
    update(webhook_deliveries)
    .where(
        webhook_deliveries.c.account_id == bindparam("of_account"),
        webhook_deliveries.c.endpoint_id == bindparam("of_endpoint"),
        webhook_deliveries.c.status == PENDING,
    )
    .values(status=CANCELED, claimable_us=None, held=False)
    .returning(webhook_deliveries.c.id)
)
_HAND_OVER = (
    update(webhook_deliveries)
    .where(
        webhook_deliveries.c.account_id == bindparam("of_account"),
        webhook_deliveries.c.id == bindparam("delivery_id"),
        webhook_deliveries.c.status == PENDING,
    )
    .values(claimable_us=bindparam("from_us"), held=False)
)
_RELEASE_ALL = (
    update(webhook_deliveries)
    .where(webhook_deliveries.c.account_id == bindparam("of_account"), webhook_deliveries.c.held)
    .values(claimable_us=bindparam("from_us"), held=False)
    .returning(webhook_deliveries.c.id)
)
_RELEASE = _RELEASE_ALL.where(
    webhook_deliveries.c.endpoint_id == bindparam("of_endpoint"), webhook_deliveries.c.subject == bindparam("about")
)
_TAKE_UP = (
    update(webhook_deliveries)
    .where(
        webhook_deliveries.c.account_id == bindparam("of_account"),
        webhook_deliveries.c.claimable_us.is_not(None),
    )
    .values(status=PENDING, owner=None, claimable_us=bindparam("from_us"))
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


@dataclass(frozen=True, slots=True)
class Handling:
    """How fault rules want a delivery sent. `faults` is stored with it; `delay_us` is by the account's clock."""

    faults: str | None = None
    copies: int = 1
    delay_us: int = 0
    held: bool = False
    dropped: bool = False


_AS_USUAL = Handling()


def enqueue(
    tx: Connection, account: Account, cause: Cause, endpoint_ids: Sequence[str], handling: Handling = _AS_USUAL
) -> list[str]:
    """Let the event be sent to these endpoints, at once unless `handling` wants it otherwise. Ids of the deliveries."""
    if not endpoint_ids:
        return []
    wall_us = times.wall_us()
    waits = handling.dropped or handling.delay_us > 0
    rows = [
        _row(
            account,
            cause,
            account.new_id("wd"),
            endpoint_id,
            attempt=1,
            due_us=account.now_us + handling.delay_us,
            claimable_us=None if waits else wall_us,
        )
        | {
            "status": DROPPED if handling.dropped else PENDING,
            "faults": handling.faults,
            "held": handling.held and not handling.dropped,
        }
        for endpoint_id in endpoint_ids
        for _ in range(1 if handling.dropped else handling.copies)
    ]
    tx.execute(_INSERT, rows)
    if handling.delay_us and not handling.dropped:
        for row in rows:
            jobs.schedule(tx, account, _LATER, row["id"], row["due_us"])
    on_commit(tx, claimable.set)
    return [row["id"] for row in rows]


def release(tx: Connection, account: Account, endpoint_id: str | None = None, subject: str | None = None) -> None:
    """Let what is held go out, right behind what is claimable now: all of it, or that about one subject."""
    parameters = {"of_account": account.id, "from_us": times.wall_us() + 1}
    if endpoint_id is None:
        found = tx.execute(_RELEASE_ALL, parameters)
    else:
        found = tx.execute(_RELEASE, {**parameters, "of_endpoint": endpoint_id, "about": subject})
    for (delivery_id,) in found.all():
        jobs.cancel(tx, account, _LATER, delivery_id)
    on_commit(tx, claimable.set)


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


def take_up(tx: Connection, account: Account) -> None:
    """Send what waits or was under way when these rows were copied: whoever held a claim then holds none now."""
    tx.execute(_TAKE_UP, {"of_account": account.id, "from_us": times.wall_us()})
    on_commit(tx, claimable.set)


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
        "faults": None,
        "held": False,
    }


jobs.register(_RETRY, _hand_over, "The webhook is sent again.")
jobs.register(_LATER, _hand_over, "The webhook is sent, later than usual.")
