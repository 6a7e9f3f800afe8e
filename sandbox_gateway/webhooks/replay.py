"""Sending on request: an event once more, all events since a time, or a test event to one endpoint."""

import json
from typing import Annotated

from pydantic import Field, model_validator
from sqlalchemy import Connection, bindparam, select
from typing_extensions import TypedDict

from sandbox_gateway import events, times
from sandbox_gateway.accounts import Account
from sandbox_gateway.fields import Body, Time, text_field
from sandbox_gateway.problems import Problem, invalid
from sandbox_gateway.routes import Answer, Route
from sandbox_gateway.webhooks import chaos, deliveries, endpoints

MOST_REPLAYED = 1000

_SINCE = (
    select(events.events.c.id)
    .where(
        events.events.c.account_id == bindparam("account_id"),
        events.events.c.row > bindparam("after_row"),
        events.events.c.timestamp_us >= bindparam("since_us"),
        events.events.c.type.in_(bindparam("types", expanding=True)),
    )
    .order_by(events.events.c.row)
    .limit(MOST_REPLAYED + 1)
)


class ResendOrder(Body):
    """Where to."""

    endpoint: (
        Annotated[str, text_field(40, least=1), Field(description="An endpoint's id; null: all that subscribe to it.")]
        | None
    ) = None


class Sent(TypedDict):
    """What will be sent: the deliveries' ids, to be found in the delivery log."""

    event: str
    deliveries: list[str]


class ReplayOrder(Body):
    """From when on; or from behind which event, to go on after a replay that had more."""

    since: Annotated[Time | None, Field(description="By the account's clock.")] = None
    after: Annotated[str, text_field(40, least=1), Field(description="An event's id.")] | None = None

    @model_validator(mode="after")
    def _check_one_beginning(self) -> "ReplayOrder":
        if (self.since is None) == (self.after is None):
            raise ValueError("needs either since or after")
        return self


class Replayed(TypedDict):
    """How much will be sent. With `has_more`, replay again with `last_event` as `after`."""

    endpoint: str
    events: int
    has_more: bool
    last_event: str | None


def resend(tx: Connection, account: Account, event_id: str, body: ResendOrder) -> Answer:
    """Begin anew: the same event, the same id, with all its tries."""
    cause, event = events.find(tx, account, event_id)
    if body.endpoint is None:
        to = endpoints.subscribed(tx, account, event["type"])
    else:
        to = [_enabled(tx, account, body.endpoint)]
    return _sent(event_id, chaos.send(tx, account, cause, to))


def replay(tx: Connection, account: Account, endpoint_id: str, body: ReplayOrder) -> Answer:
    """Send again what the endpoint subscribes to, the oldest first, whether it was delivered or not."""
    endpoint = endpoints.find(tx, account, endpoint_id)
    if not endpoint.enabled:
        raise Problem("endpoint_disabled")
    after_row = 0
    if body.after is not None:
        try:
            after_row = events.find(tx, account, body.after)[0].row
        except Problem:
            raise invalid("/after", "must be the id of an event of this account") from None
    parameters = {
        "account_id": account.id,
        "after_row": after_row,
        "since_us": 0 if body.since is None else times.from_wire(body.since),
        "types": endpoints.types_of(json.loads(endpoint.events)),
    }
    found = tx.execute(_SINCE, parameters).scalars().all()
    to_send = found[:MOST_REPLAYED]
    for event_id in to_send:
        chaos.send(tx, account, events.find(tx, account, event_id)[0], [endpoint_id])
    answer: Replayed = {
        "endpoint": endpoint_id,
        "events": len(to_send),
        "has_more": len(found) > len(to_send),
        "last_event": to_send[-1] if to_send else None,
    }
    return Answer(answer)


def test_endpoint(tx: Connection, account: Account, endpoint_id: str) -> Answer:
    """Send `endpoint.test` to this endpoint alone, whatever it subscribes to."""
    shown = endpoints.get_endpoint(tx, account, endpoint_id).body
    assert shown is not None
    _enabled(tx, account, endpoint_id)
    event_id, row = events.record(tx, account, "endpoint.test", dict(shown))
    cause = deliveries.Cause(row, event_id, "endpoint.test", endpoint_id)
    return _sent(event_id, chaos.send(tx, account, cause, [endpoint_id]))


def _enabled(tx: Connection, account: Account, endpoint_id: str) -> str:
    try:
        found = endpoints.find(tx, account, endpoint_id)
    except Problem:
        raise invalid("/endpoint", "must be the id of a webhook endpoint of this account") from None
    if not found.enabled:
        raise Problem("endpoint_disabled")
    return endpoint_id


def _sent(event_id: str, delivery_ids: list[str]) -> Answer:
    answer: Sent = {"event": event_id, "deliveries": delivery_ids}
    return Answer(answer)


ROUTES = [
    Route(
        "POST",
        "/v1/events/<event_id>/resend",
        resend,
        "Send an event again",
        tag="Events",
        body=ResendOrder,
        answer=Sent,
        status=202,
        problems=("endpoint_disabled",),
        description="The same event under the same id, signed anew, with all its tries.",
    ),
    Route(
        "POST",
        "/v1/webhook_endpoints/<endpoint_id>/replay",
        replay,
        "Send all events since a time again",
        tag="Webhook endpoints",
        body=ReplayOrder,
        answer=Replayed,
        status=202,
        problems=("endpoint_disabled",),
        description="Every event since then that the endpoint subscribes to, the oldest first, delivered before or "
        f"not, at most {MOST_REPLAYED} at once.",
    ),
    Route(
        "POST",
        "/v1/webhook_endpoints/<endpoint_id>/test",
        test_endpoint,
        "Send a test event",
        tag="Webhook endpoints",
        answer=Sent,
        status=202,
        problems=("endpoint_disabled",),
        description="Sends `endpoint.test`, with the endpoint as its data, to this endpoint whatever it subscribes to.",
    ),
]
