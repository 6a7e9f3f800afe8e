"""Events: what happened to an object, written in the transaction in which it happened, and never changed after that."""

import json
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field
from sqlalchemy import Column, Connection, Index, String, Table, UniqueConstraint, bindparam, insert, select
from typing_extensions import TypedDict

from sandbox_gateway import lists, times
from sandbox_gateway.accounts import Account
from sandbox_gateway.fields import text_field
from sandbox_gateway.problems import Problem, not_found
from sandbox_gateway.routes import Answer, Route
from sandbox_gateway.schema import (
    account_column,
    instant_column,
    json_column,
    metadata,
    public_id_column,
    row_column,
)
from sandbox_gateway.statements import Statement
from sandbox_gateway.webhooks import chaos, deliveries, endpoints
from sandbox_gateway.webhooks.endpoints import EventType

events = Table(
    "events",
    metadata,
    row_column(),
    account_column(),
    public_id_column(),
    Column("type", String(40), nullable=False),
    instant_column("timestamp"),
    # The very text that is signed and sent.
    json_column("body"),
    UniqueConstraint("account_id", "id"),
    Index(None, "account_id", "row"),
)

_INSERT = Statement(insert(events))
_OF_ACCOUNT = select(events.c.row, events.c.timestamp_us, events.c.body).where(
    events.c.account_id == bindparam("account_id")
)
_BY_ID = select(events.c.row, events.c.type, events.c.body).where(
    events.c.account_id == bindparam("account_id"), events.c.id == bindparam("event_id")
)


class Event(TypedDict):
    """An event on the wire: exactly what a webhook's body holds."""

    id: str
    type: EventType
    timestamp: str
    data: Mapping[str, object]


class EventQuery(lists.PageQuery):
    """`after` turns the list round: oldest first, from the event behind the named one, to catch up."""

    type: Annotated[EventType, Field(description="Only events of this type.")] | None = None
    after: (
        Annotated[str, text_field(40, least=1), Field(description="An event's id: what came after it, oldest first.")]
        | None
    ) = None


def emit(tx: Connection, account: Account, type_: EventType, data: Mapping[str, object]) -> str:
    """Write down that something happened to an object, given whole, and who is to be told. Returns the event's id."""
    event_id, row = record(tx, account, type_, data)
    chaos.send(
        tx,
        account,
        deliveries.Cause(row, event_id, type_, _subject(data)),
        endpoints.subscribed(tx, account, type_),
    )
    return event_id


def record(tx: Connection, account: Account, type_: EventType, data: Mapping[str, object]) -> tuple[str, int]:
    """Write an event and tell nobody. Returns its id and its row."""
    event_id = account.new_id("evt")
    event: Event = {"id": event_id, "type": type_, "timestamp": times.to_wire(account.now_us), "data": data}
    row = _INSERT.insert(
        tx,
        {
            "account_id": account.id,
            "id": event_id,
            "type": type_,
            "timestamp_us": account.now_us,
            "body": json.dumps(event, ensure_ascii=False, separators=(",", ":")),
        },
    )
    return event_id, row


def find(tx: Connection, account: Account, event_id: str) -> tuple[deliveries.Cause, Event]:
    """An event of this account. Problem: `not_found`."""
    found = tx.execute(_BY_ID, {"account_id": account.id, "event_id": event_id}).first()
    if found is None:
        raise not_found("event")
    event: Event = json.loads(found.body)
    return deliveries.Cause(found.row, event_id, found.type, _subject(event["data"])), event


def _subject(data: Mapping[str, object]) -> str:
    """What the event is about, for keeping its events in order: the payment, if there is one behind the object."""
    return str(data.get("payment") or data["id"])


def list_events(tx: Connection, account: Account, query: EventQuery) -> Answer:
    rows = _OF_ACCOUNT
    if query.type is not None:
        rows = rows.where(events.c.type == query.type)
    if query.after is not None:
        start = tx.execute(_BY_ID, {"account_id": account.id, "event_id": query.after}).first()
        if start is None:
            raise Problem("invalid_cursor", "after names no event of this account.", param="/after")
        rows = rows.where(events.c.row > start.row)
    found, cursor = lists.fetch(
        tx,
        account,
        "events" if query.after is None else "events after",
        rows.params(account_id=account.id),
        (events.c.row, events.c.timestamp_us),
        query,
        oldest_first=query.after is not None,
    )
    return Answer(lists.page_of(found, cursor, lambda row: json.loads(row.body)))


def get_event(tx: Connection, account: Account, event_id: str) -> Answer:
    return Answer(find(tx, account, event_id)[1])


_TAG: Literal["Events"] = "Events"

ROUTES = [
    Route(
        "GET",
        "/v1/events",
        list_events,
        "List events",
        tag=_TAG,
        query=EventQuery,
        answer=lists.Page[Event],
        operation="list",
        problems=("invalid_cursor",),
        description="Newest first; with `after`, oldest first from behind that event, so that a client can catch up.",
    ),
    Route(
        "GET",
        "/v1/events/<event_id>",
        get_event,
        "Retrieve an event",
        tag=_TAG,
        answer=Event,
        operation="get",
    ),
]
