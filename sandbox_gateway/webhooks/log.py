"""What was sent to webhook endpoints and what they said, one entry for each try; and waiting until all is sent."""

import json
import time
from typing import Annotated, Any, Literal

from pydantic import Field
from sqlalchemy import BigInteger, Connection, Row, bindparam, func, select
from typing_extensions import TypedDict

from sandbox_gateway import lists, times
from sandbox_gateway.accounts import Account
from sandbox_gateway.events import events
from sandbox_gateway.fields import Body, text_field
from sandbox_gateway.pipeline import do_due
from sandbox_gateway.problems import not_found
from sandbox_gateway.routes import Answer, Gateway, Route
from sandbox_gateway.webhooks import chaos
from sandbox_gateway.webhooks.deliveries import PENDING, SENDING, webhook_deliveries
from sandbox_gateway.webhooks.endpoints import EventType

Status = Literal["pending", "sending", "delivered", "failed", "exhausted", "canceled", "dropped"]

_ALL = (
    select(webhook_deliveries, events.c.body.label("body"))
    .join(events, events.c.row == webhook_deliveries.c.event_row)
    .where(webhook_deliveries.c.account_id == bindparam("account_id"))
)
_BY_ID = _ALL.where(webhook_deliveries.c.id == bindparam("delivery_id"))
_UNFINISHED = (
    select(webhook_deliveries.c.status, func.count())
    .where(
        webhook_deliveries.c.account_id == bindparam("account_id"),
        webhook_deliveries.c.claimable_us.is_not(None),
        (webhook_deliveries.c.status == SENDING)
        | (webhook_deliveries.c.claimable_us <= bindparam("wall_us", type_=BigInteger)),
    )
    .group_by(webhook_deliveries.c.status)
)
_WAITING = select(func.count()).where(
    webhook_deliveries.c.account_id == bindparam("account_id"),
    webhook_deliveries.c.status == PENDING,
    webhook_deliveries.c.claimable_us.is_(None),
)
_PAUSE_SECONDS = 0.01
_LONGEST_PAUSE_SECONDS = 0.1


class Request(TypedDict):
    """What was sent."""

    method: Literal["POST"]
    url: str
    headers: dict[str, str]
    body: str


class Response(TypedDict):
    """What came back; the body's first 4 KiB."""

    status: int
    headers: dict[str, str]
    body: str


class Delivery(TypedDict):
    """One try at sending one event to one endpoint; `request` is null until it was made."""

    id: str
    object: Literal["webhook_delivery"]
    event: str
    event_type: EventType
    endpoint: str
    attempt: int
    status: Status
    due_at: str
    sent_at: str | None
    duration_ms: int | None
    request: Request | None
    response: Response | None
    error: str | None
    next_attempt_at: str | None
    faults: Annotated[list[chaos.Struck], Field(description="The fault rules that struck it.")]


class DeliveryQuery(lists.PageQuery):
    """Filters of the delivery log."""

    status: Status | None = None
    event: Annotated[str, text_field(40, least=1), Field(description="An event's id.")] | None = None
    endpoint: Annotated[str, text_field(40, least=1), Field(description="An endpoint's id.")] | None = None


class DrainOrder(Body):
    """How long to wait."""

    timeout: Annotated[int, Field(ge=0, le=60, description="Seconds, by the wall clock.")] = 10


class Drained(TypedDict):
    """`drained` is false if the time was over first. `scheduled` counts the tries that wait for the account's clock."""

    drained: bool
    due: int
    sending: int
    scheduled: int


def list_deliveries(tx: Connection, account: Account, query: DeliveryQuery) -> Answer:
    rows = _ALL.params(account_id=account.id)
    if query.status is not None:
        rows = rows.where(webhook_deliveries.c.status == query.status)
    if query.event is not None:
        rows = rows.where(webhook_deliveries.c.event_id == query.event)
    if query.endpoint is not None:
        rows = rows.where(webhook_deliveries.c.endpoint_id == query.endpoint)
    order = (webhook_deliveries.c.row, webhook_deliveries.c.due_us)
    found, cursor = lists.fetch(tx, account, "webhook_deliveries", rows, order, query)
    return Answer(lists.page_of(found, cursor, _shown))


def get_delivery(tx: Connection, account: Account, delivery_id: str) -> Answer:
    found = tx.execute(_BY_ID, {"account_id": account.id, "delivery_id": delivery_id}).first()
    if found is None:
        raise not_found("webhook delivery")
    return Answer(_shown(found))


def drain(gateway: Gateway, account_id: int, _base_url: str, body: DrainOrder) -> Answer:
    """Wait until no delivery of the account is due or under way, or the time is over."""
    deadline = time.monotonic() + body.timeout
    pause = _PAUSE_SECONDS
    do_due(gateway, account_id)
    while True:
        state = gateway.store.read(lambda tx: _unfinished(tx, account_id))
        if state["drained"] or time.monotonic() >= deadline:
            return Answer(state)
        time.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_PAUSE_SECONDS)


def _unfinished(tx: Connection, account_id: int) -> Drained:
    parameters = {"account_id": account_id, "wall_us": times.wall_us()}
    counts: dict[str, int] = dict(tx.execute(_UNFINISHED, parameters).tuples().all())
    return {
        "drained": not counts,
        "due": counts.get(PENDING, 0),
        "sending": counts.get(SENDING, 0),
        "scheduled": tx.execute(_WAITING, {"account_id": account_id}).scalar_one(),
    }


def _shown(row: Row[Any]) -> Delivery:
    request: Request | None = None
    if row.request_headers is not None:
        request = {"method": "POST", "url": row.url, "headers": json.loads(row.request_headers), "body": row.body}
    response: Response | None = None
    if row.response_status is not None:
        response = {
            "status": row.response_status,
            "headers": json.loads(row.response_headers),
            "body": row.response_body,
        }
    return {
        "id": row.id,
        "object": "webhook_delivery",
        "event": row.event_id,
        "event_type": row.event_type,
        "endpoint": row.endpoint_id,
        "attempt": row.attempt,
        "status": row.status,
        "due_at": times.to_wire(row.due_us),
        "sent_at": times.optional_to_wire(row.sent_us),
        "duration_ms": None if row.duration_us is None else round(row.duration_us / 1000),
        "request": request,
        "response": response,
        "error": row.error,
        "next_attempt_at": times.optional_to_wire(row.next_attempt_us),
        "faults": chaos.show(row.faults),
    }


_TAG = "Webhook deliveries"

ROUTES = [
    Route(
        "GET",
        "/v1/webhook_deliveries",
        list_deliveries,
        "List webhook deliveries",
        tag=_TAG,
        query=DeliveryQuery,
        answer=lists.Page[Delivery],
        operation="list",
        problems=("invalid_cursor",),
        description="Each try at sending an event to an endpoint, newest first: request, response, duration, next try.",
    ),
    Route(
        "GET",
        "/v1/webhook_deliveries/<delivery_id>",
        get_delivery,
        "Retrieve a webhook delivery",
        tag=_TAG,
        answer=Delivery,
        operation="get",
    ),
    Route(
        "POST",
        "/_sandbox/drain",
        drain,
        "Wait for webhook deliveries",
        tag="Simulation",
        body=DrainOrder,
        answer=Drained,
        outside=True,
        description="Waits until no delivery is due or under way. Tries that wait for the account's clock aside.",
    ),
]
