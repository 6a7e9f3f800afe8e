"""Sending on request: an event once more, or a test event to one endpoint."""

from typing import Annotated

from pydantic import Field
from sqlalchemy import Connection
from typing_extensions import TypedDict

from sandbox_gateway import events
from sandbox_gateway.accounts import Account
from sandbox_gateway.fields import Body, text_field
from sandbox_gateway.problems import Problem, invalid
from sandbox_gateway.routes import Answer, Route
from sandbox_gateway.webhooks import deliveries, endpoints


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


def resend(tx: Connection, account: Account, event_id: str, body: ResendOrder) -> Answer:
    """Begin anew: the same event, the same id, with all its tries."""
    cause, event = events.find(tx, account, event_id)
    if body.endpoint is None:
        to = endpoints.subscribed(tx, account, event["type"])
    else:
        to = [_enabled(tx, account, body.endpoint)]
    return _sent(event_id, deliveries.enqueue(tx, account, cause, to))


def test_endpoint(tx: Connection, account: Account, endpoint_id: str) -> Answer:
    """Send `endpoint.test` to this endpoint alone, whatever it subscribes to."""
    shown = endpoints.get_endpoint(tx, account, endpoint_id).body
    assert shown is not None
    _enabled(tx, account, endpoint_id)
    event_id, row = events.record(tx, account, "endpoint.test", dict(shown))
    cause = deliveries.Cause(row, event_id, "endpoint.test", endpoint_id)
    return _sent(event_id, deliveries.enqueue(tx, account, cause, [endpoint_id]))


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
