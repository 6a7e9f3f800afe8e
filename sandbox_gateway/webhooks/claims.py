"""The dispatcher's transactions: claiming what is due, keeping the claim, and writing down how it went."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import BigInteger, Connection, bindparam, func, select, update

from sandbox_gateway import times
from sandbox_gateway.accounts import Account, Accounts
from sandbox_gateway.events import emit, events
from sandbox_gateway.faults.effects import WebhookBadSignature, WebhookOversized, WebhookStaleTimestamp
from sandbox_gateway.ids import Chance
from sandbox_gateway.webhooks import chaos, deliveries, endpoints
from sandbox_gateway.webhooks.deliveries import CANCELED, DELIVERED, EXHAUSTED, FAILED, PENDING, SENDING, Cause
from sandbox_gateway.webhooks.deliveries import webhook_deliveries as table
from sandbox_gateway.webhooks.endpoints import webhook_endpoints
from sandbox_gateway.webhooks.sender import Outcome

LEASE_US = 10 * times.SECOND_US
_GONE = 410

_CLAIMABLE = (
    select(
        table.c.row,
        table.c.id,
        table.c.account_id,
        table.c.event_row,
        table.c.event_id,
        table.c.event_type,
        table.c.endpoint_id,
        table.c.subject,
        table.c.attempt,
        table.c.faults,
        events.c.body,
        webhook_endpoints.c.url,
        webhook_endpoints.c.enabled,
        webhook_endpoints.c.secrets,
        webhook_endpoints.c.failing_since_us,
    )
    .join(events, events.c.row == table.c.event_row)
    .outerjoin(
        webhook_endpoints,
        (webhook_endpoints.c.account_id == table.c.account_id) & (webhook_endpoints.c.id == table.c.endpoint_id),
    )
    .where(
        table.c.claimable_us.is_not(None),
        table.c.claimable_us <= bindparam("wall_us", type_=BigInteger),
        table.c.endpoint_id.not_in(bindparam("crowded", expanding=True)),
    )
    .order_by(table.c.claimable_us, table.c.row)
    .limit(bindparam("most"))
    .with_for_update(of=table, skip_locked=True)
)
_CLAIM = (
    update(table)
    .where(table.c.row.in_(bindparam("rows", expanding=True)))
    .values(status=SENDING, owner=bindparam("by"), claimable_us=bindparam("until_us"))
)
_CANCEL = (
    update(table)
    .where(table.c.row.in_(bindparam("rows", expanding=True)))
    .values(status=CANCELED, owner=None, claimable_us=None)
)
_MINE = (table.c.claimable_us.is_not(None), table.c.status == SENDING, table.c.owner == bindparam("by"))
_PROLONG = update(table).where(*_MINE).values(claimable_us=bindparam("until_us"))
_GIVE_BACK = update(table).where(*_MINE).values(status=PENDING, owner=None, claimable_us=bindparam("from_us"))
_GIVE_BACK_ALL = (
    update(table)
    .where(table.c.claimable_us.is_not(None), table.c.status == SENDING)
    .values(status=PENDING, owner=None, claimable_us=bindparam("from_us"))
)
_CLOSE = (
    update(table)
    .where(table.c.row == bindparam("of_row"), table.c.status == SENDING, table.c.owner == bindparam("by"))
    .values(
        status=bindparam("new_status"),
        owner=None,
        claimable_us=None,
        sent_us=bindparam("sent_at"),
        duration_us=bindparam("took_us"),
        url=bindparam("to_url"),
        request_headers=bindparam("sent_headers"),
        response_status=bindparam("answer_status"),
        response_headers=bindparam("answer_headers"),
        response_body=bindparam("answer_body"),
        error=bindparam("why"),
        next_attempt_us=bindparam("next_us"),
    )
)
# Locked, so that no other dispatcher takes over a lapsed claim between this and the writing down.
# By id as well: a restored snapshot may have put another delivery where this one was.
_STILL_MINE = (
    select(table.c.row, table.c.id).where(*_MINE, table.c.row.in_(bindparam("rows", expanding=True))).with_for_update()
)
_NEXT = select(func.min(table.c.claimable_us)).where(table.c.claimable_us.is_not(None))
_ENDPOINT = select(webhook_endpoints.c.enabled).where(
    webhook_endpoints.c.account_id == bindparam("account_id"), webhook_endpoints.c.id == bindparam("endpoint_id")
)


@dataclass(frozen=True, slots=True)
class Task:
    """A claimed delivery, with all that sending it takes."""

    row: int
    id: str
    account_id: int
    cause: Cause
    endpoint_id: str
    attempt: int
    url: str
    body: bytes
    secrets: tuple[str, ...]
    allow_private: bool
    listed: tuple[str, ...] | None
    sent_us: int
    # The endpoint had been failing when this was claimed.
    was_failing: bool
    # What fault rules want: a timestamp of the past, a body of at least this size.
    stale_seconds: int
    padded_bytes: int

    @property
    def sent_body(self) -> bytes:
        return self.body.ljust(self.padded_bytes)

    @property
    def receiver(self) -> tuple[int, str]:
        return self.account_id, self.endpoint_id

    @property
    def lane(self) -> str:
        return self.cause.subject


@dataclass(frozen=True, slots=True)
class Result:
    """A delivery that was tried: what was sent, and how it went."""

    task: Task
    headers: dict[str, str]
    outcome: Outcome


def claim(tx: Connection, accounts: Accounts, owner: str, most: int, crowded: Sequence[str]) -> list[Task]:
    """Take at most `most` of what is due, oldest first, leaving out endpoints that have enough to do."""
    wall_us = times.wall_us()
    found = tx.execute(_CLAIMABLE, {"wall_us": wall_us, "crowded": crowded, "most": most}).all()
    if not found:
        return []
    off = [row.row for row in found if not row.enabled]
    if off:
        tx.execute(_CANCEL, {"rows": off})
    to_send = [row for row in found if row.enabled]
    if to_send:
        tx.execute(_CLAIM, {"rows": [row.row for row in to_send], "by": owner, "until_us": wall_us + LEASE_US})
    loaded: dict[int, Account] = {}
    for row in to_send:
        if row.account_id not in loaded:
            loaded[row.account_id] = accounts.load(tx, row.account_id)
    return [_task(loaded[row.account_id], row) for row in to_send]


def prolong(tx: Connection, owner: str) -> None:
    """Keep what this dispatcher has claimed."""
    tx.execute(_PROLONG, {"by": owner, "until_us": times.wall_us() + LEASE_US})


def give_back(tx: Connection, owner: str) -> None:
    """Let others have what this dispatcher has claimed and not sent."""
    tx.execute(_GIVE_BACK, {"by": owner, "from_us": times.wall_us()})


def give_back_all(tx: Connection) -> None:
    """Free every claim; right only when no other process can hold one."""
    tx.execute(_GIVE_BACK_ALL, {"from_us": times.wall_us()})


def next_claimable(tx: Connection) -> int | None:
    """When the next delivery or lapsed claim is there to be taken, by the wall clock; None if there is none at all."""
    next_us: int | None = tx.execute(_NEXT).scalar()
    return next_us


def write_down(tx: Connection, accounts: Accounts, owner: str, results: Sequence[Result]) -> None:
    """Close tried deliveries, and plan the next try of those that failed. Skips what is no longer ours."""
    # All accounts first, in one order, then the rows: so it never waits for somebody who waits for it.
    locked = {
        account_id: accounts.lock(tx, account_id)
        for account_id in sorted({one.task.account_id for one in results if _touches_endpoint(one)})
    }
    mine = set(tx.execute(_STILL_MINE, {"by": owner, "rows": [one.task.row for one in results]}).tuples())
    closing = []
    for result in results:
        if (result.task.row, result.task.id) not in mine:
            continue
        status, next_us = DELIVERED, None
        if not result.outcome.acknowledged:
            status, next_us = _follow_up(tx, locked[result.task.account_id], result)
        elif result.task.was_failing:
            endpoints.count_success(tx, locked[result.task.account_id], result.task.endpoint_id)
        closing.append(_closed(result, owner, status, next_us))
    if closing:
        tx.execute(_CLOSE, closing)


def _touches_endpoint(result: Result) -> bool:
    return result.task.was_failing or not result.outcome.acknowledged


def _follow_up(tx: Connection, account: Account, result: Result) -> tuple[str, int | None]:
    """What becomes of a failed try, and when the next one is."""
    task, outcome = result.task, result.outcome
    parameters = {"account_id": account.id, "endpoint_id": task.endpoint_id}
    if not tx.execute(_ENDPOINT, parameters).scalar():
        return FAILED, None
    failed_for_days = endpoints.count_failure(tx, account, task.endpoint_id)
    if failed_for_days or outcome.status == _GONE:
        _switch_off(tx, account, task, "gone" if outcome.status == _GONE else "failing")
        return FAILED, None
    next_us = deliveries.schedule_retry(
        tx,
        account,
        task.cause,
        task.endpoint_id,
        failed_id=task.id,
        failed_attempt=task.attempt,
        not_before_us=account.now_us + outcome.retry_after * times.SECOND_US,
    )
    return (EXHAUSTED if next_us is None else FAILED), next_us


def _switch_off(tx: Connection, account: Account, task: Task, reason: str) -> None:
    endpoints.switch_off(tx, account, task.endpoint_id, reason)
    # The chance hangs on the failed delivery, as that of its retries does: receivers must not disturb the seeded row.
    apart = replace(account, chance=Chance(f"{task.id} off", 0))
    shown = endpoints.get_endpoint(tx, account, task.endpoint_id).body
    assert shown is not None
    emit(tx, apart, "endpoint.disabled", shown)


def _closed(result: Result, owner: str, status: str, next_us: int | None) -> dict[str, Any]:
    task, outcome = result.task, result.outcome
    answered = outcome.status is not None
    return {
        "of_row": task.row,
        "by": owner,
        "new_status": status,
        "sent_at": task.sent_us,
        "took_us": outcome.duration_us,
        "to_url": task.url,
        "sent_headers": json.dumps(result.headers),
        "answer_status": outcome.status,
        "answer_headers": json.dumps(dict(outcome.headers)) if answered else None,
        "answer_body": outcome.body if answered else None,
        "why": outcome.error,
        "next_us": next_us,
    }


def _task(account: Account, row: Any) -> Task:
    secrets = endpoints.secrets_in_force(account, row.endpoint_id, row.secrets)
    stale_seconds = padded_bytes = 0
    for effect in chaos.effects_of(row.faults):
        match effect:
            case WebhookBadSignature(signed_with=kind):
                rotated = kind == "rotated"
                secrets = [endpoints.secret_not_in_force(account, row.endpoint_id, row.secrets, rotated=rotated)]
            case WebhookStaleTimestamp(seconds=seconds):
                stale_seconds += seconds
            case WebhookOversized(bytes=size):
                padded_bytes = max(padded_bytes, size)
    return Task(
        row=row.row,
        id=row.id,
        account_id=row.account_id,
        cause=Cause(row.event_row, row.event_id, row.event_type, row.subject),
        endpoint_id=row.endpoint_id,
        attempt=row.attempt,
        url=row.url,
        body=row.body.encode(),
        secrets=tuple(secrets),
        allow_private=account.settings.allow_private_webhook_targets,
        listed=None if account.settings.webhook_targets is None else tuple(account.settings.webhook_targets),
        sent_us=account.now_us,
        was_failing=row.failing_since_us is not None,
        stale_seconds=stale_seconds,
        padded_bytes=padded_bytes,
    )
