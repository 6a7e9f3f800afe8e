"""Webhook endpoints: who is told of which events, at which URL, signed with which secrets."""

import base64
import json
import re
import threading
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NotRequired, get_args

from pydantic import Field, PlainValidator, WithJsonSchema
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Index,
    Row,
    String,
    Table,
    Text,
    UniqueConstraint,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)
from typing_extensions import TypedDict

from sandbox_gateway import lists, times
from sandbox_gateway.accounts import Account
from sandbox_gateway.fields import Body
from sandbox_gateway.problems import invalid, not_found
from sandbox_gateway.routes import Answer, Route
from sandbox_gateway.schema import (
    KEPT_ON_RESET,
    account_column,
    instant_column,
    json_column,
    metadata,
    optional_instant_column,
    public_id_column,
    row_column,
)
from sandbox_gateway.statements import Statement
from sandbox_gateway.webhooks import deliveries, targets

EventType = Literal[
    "payment.requires_action",
    "payment.processing",
    "payment.authorized",
    "payment.partially_captured",
    "payment.captured",
    "payment.capture_failed",
    "payment.declined",
    "payment.failed",
    "payment.voided",
    "payment.expired",
    "refund.created",
    "refund.succeeded",
    "refund.failed",
    "dispute.opened",
    "dispute.updated",
    "dispute.won",
    "dispute.lost",
    "dispute.closed",
    "settlement.created",
    "payout.created",
    "payout.paid",
    "payout.failed",
    "endpoint.test",
    "endpoint.disabled",
]
Subscribed = Literal[EventType, "*"]
_EVERY = "*"

_OVERLAP_US = times.DAY_US
_MOST_SECRETS = 5
_MOST_FAILING_US = 5 * times.DAY_US
_LOOKUP_SECONDS = 2.0

webhook_endpoints = Table(
    "webhook_endpoints",
    metadata,
    row_column(),
    account_column(),
    public_id_column(),
    Column("url", Text, nullable=False),
    # A JSON array of event types.
    json_column("events"),
    Column("enabled", Boolean, nullable=False),
    Column("disabled_reason", String(20), nullable=True),
    optional_instant_column("disabled"),
    # When the first of an unbroken row of failures was; any success ends it.
    optional_instant_column("failing_since"),
    # A JSON array of [nonce, end of validity or null], the newest first; see `secret_of`.
    json_column("secrets"),
    instant_column("created"),
    instant_column("updated"),
    UniqueConstraint("account_id", "id"),
    Index(None, "account_id", "row"),
    info=KEPT_ON_RESET,
)

_ALL = select(webhook_endpoints).where(webhook_endpoints.c.account_id == bindparam("account_id"))
_BY_ID = _ALL.where(webhook_endpoints.c.id == bindparam("endpoint_id"))
_ENABLED = Statement(
    select(webhook_endpoints.c.id, webhook_endpoints.c.events)
    .where(webhook_endpoints.c.account_id == bindparam("account_id"), webhook_endpoints.c.enabled)
    .order_by(webhook_endpoints.c.row)
)
_THIS = (webhook_endpoints.c.account_id == bindparam("of_account"), webhook_endpoints.c.id == bindparam("endpoint_id"))
_INSERT = insert(webhook_endpoints)
_DELETE = delete(webhook_endpoints).where(*_THIS)
_ROTATE = (
    update(webhook_endpoints).where(*_THIS).values(secrets=bindparam("new_secrets"), updated_us=bindparam("now_us"))
)
_SWITCH_OFF = (
    update(webhook_endpoints)
    .where(*_THIS)
    .values(
        enabled=False,
        disabled_reason=bindparam("reason"),
        disabled_us=bindparam("now_us"),
        updated_us=bindparam("now_us"),
    )
)
_FAILED = (
    update(webhook_endpoints)
    .where(*_THIS)
    .values(failing_since_us=func.coalesce(webhook_endpoints.c.failing_since_us, bindparam("now_us")))
    .returning(webhook_endpoints.c.failing_since_us)
)
_RECOVERED = update(webhook_endpoints).where(*_THIS).values(failing_since_us=None)
_IS_KNOWN = select(webhook_endpoints.c.row).where(
    webhook_endpoints.c.account_id == bindparam("account_id"), webhook_endpoints.c.id == bindparam("endpoint_id")
)

# What stands for a secret in an answer until `reveal` puts it there.
_HIDDEN = re.compile(r"whsec_hidden\.(?P<endpoint>we_[a-z0-9]+)\.(?P<nonce>[0-9a-f]+)")


@dataclass(frozen=True, slots=True)
class CheckedUrl:
    """A URL that webhooks may be sent to as far as its form and the addresses found just now tell."""

    text: str
    addresses: tuple[str, ...]


def _check_url(value: object) -> CheckedUrl:
    if not isinstance(value, str):
        raise ValueError("must be text")
    try:
        target = targets.parse_target(value)
        found = _look_up_in_time(target)
        for address in found:
            targets.check_address(address, allow_private=True)
    except targets.TargetRefusedError as error:
        raise ValueError(str(error)) from None
    return CheckedUrl(value, found)


def _look_up_in_time(target: targets.Target) -> tuple[str, ...]:
    """The addresses behind the name, none if that takes long: each sending looks them up and checks them again."""
    found: list[str] = []

    def look_up() -> None:
        try:
            found.extend(targets.look_up(target))
        except OSError:
            return

    asking = threading.Thread(target=look_up, daemon=True, name="webhook-url")
    asking.start()
    asking.join(_LOOKUP_SECONDS)
    return tuple(found)


WebhookUrl = Annotated[
    CheckedUrl,
    PlainValidator(_check_url),
    WithJsonSchema(
        {
            "type": "string",
            "format": "uri",
            "maxLength": targets.URL_MAXIMUM,
            "description": "http or https. Link-local and metadata addresses are refused, private ones by setting.",
            "examples": ["http://127.0.0.1:9000/webhooks"],
        }
    ),
]
Subscription = Annotated[
    list[Subscribed],
    Field(min_length=1, max_length=len(get_args(Subscribed)), description='Event types, or `["*"]` for every one.'),
]


class EndpointCreate(Body):
    """Where to, and what for."""

    url: WebhookUrl
    events: Subscription = Field(default=["*"])
    enabled: bool = True


def _left_out() -> Any:
    """Stands for a member that was not sent; never read. A plain default would show in the OpenAPI document."""
    return None


class EndpointUpdate(Body):
    """What is to change; what is left out stays."""

    url: WebhookUrl = Field(default_factory=_left_out)
    events: Subscription = Field(default_factory=_left_out)
    enabled: bool = Field(default_factory=_left_out)


class Endpoint(TypedDict):
    """A webhook endpoint. `secret` is there at creation and rotation only."""

    id: str
    object: Literal["webhook_endpoint"]
    url: str
    events: list[Subscribed]
    enabled: bool
    disabled_reason: Annotated[
        Literal["gone", "failing", "by_request"] | None,
        Field(description="gone: it answered 410. failing: nothing but failures for five days."),
    ]
    disabled_at: str | None
    failing_since: Annotated[str | None, Field(description="Since when every try has failed.")]
    previous_secret_expires_at: str | None
    created_at: str
    updated_at: str
    secret: NotRequired[str]


def subscribed(tx: Connection, account: Account, type_: EventType) -> list[str]:
    """Ids of the endpoints that are to be told of an event of this type."""
    found = _ENABLED.all(tx, {"account_id": account.id})
    return [endpoint_id for endpoint_id, wanted in found if _takes(wanted, type_)]


def types_of(wanted: list[str]) -> list[str]:
    """The event types that a subscription stands for."""
    return list(get_args(EventType)) if _EVERY in wanted else wanted


def _takes(wanted: str, type_: str) -> bool:
    types = json.loads(wanted)
    return _EVERY in types or type_ in types


def find(tx: Connection, account: Account, endpoint_id: str) -> Row[Any]:
    """An endpoint of this account. Problem: `not_found`."""
    found = tx.execute(_BY_ID, {"account_id": account.id, "endpoint_id": endpoint_id}).first()
    if found is None:
        raise not_found("webhook endpoint")
    return found


def is_known(tx: Connection, account: Account, endpoint_id: str) -> bool:
    return tx.execute(_IS_KNOWN, {"account_id": account.id, "endpoint_id": endpoint_id}).first() is not None


def secrets_in_force(account: Account, endpoint_id: str, stored: str) -> list[str]:
    """The secrets to sign with at the account's present, the newest first."""
    return [
        _secret_of(account, endpoint_id, nonce)
        for nonce, until_us in json.loads(stored)
        if until_us is None or until_us > account.now_us
    ]


def secret_not_in_force(account: Account, endpoint_id: str, stored: str, *, rotated: bool) -> str:
    """A secret that no receiver should take: one that a rotation made invalid if wanted, else one never given out."""
    ended = [nonce for nonce, until_us in json.loads(stored) if until_us is not None and until_us <= account.now_us]
    return _secret_of(account, endpoint_id, ended[0] if rotated and ended else "")


def reveal(account: Account, answer: str) -> str:
    """The text of an answer with the secret where its stand-in was."""
    return _HIDDEN.sub(lambda found: _secret_of(account, found["endpoint"], found["nonce"]), answer)


def _secret_of(account: Account, endpoint_id: str, nonce: str) -> str:
    """`whsec_` and 32 bytes that follow from the gateway's pepper, which no database, backup or stored answer holds."""
    derived = bytes.fromhex(account.keyed_hash("webhook secret", f"{endpoint_id}.{nonce}"))
    return "whsec_" + base64.b64encode(derived).decode()


def switch_off(tx: Connection, account: Account, endpoint_id: str, reason: str) -> None:
    """Send nothing more to this endpoint, not even what waits for another try."""
    parameters = {"of_account": account.id, "endpoint_id": endpoint_id, "reason": reason, "now_us": account.now_us}
    tx.execute(_SWITCH_OFF, parameters)
    deliveries.cancel(tx, account, endpoint_id)


def count_failure(tx: Connection, account: Account, endpoint_id: str) -> bool:
    """Note that a try failed. Whether nothing but failures came for so long that the endpoint is to be switched off."""
    parameters = {"of_account": account.id, "endpoint_id": endpoint_id, "now_us": account.now_us}
    since_us: int = tx.execute(_FAILED, parameters).scalar_one()
    return account.now_us - since_us >= _MOST_FAILING_US


def count_success(tx: Connection, account: Account, endpoint_id: str) -> None:
    """Note that the endpoint, which had been failing, acknowledges again."""
    tx.execute(_RECOVERED, {"of_account": account.id, "endpoint_id": endpoint_id})


def create_endpoint(tx: Connection, account: Account, body: EndpointCreate) -> Answer:
    _check_addresses(account, body.url)
    endpoint_id = account.new_id("we")
    nonce = account.chance.draw(16).hex()
    tx.execute(
        _INSERT,
        {
            "account_id": account.id,
            "id": endpoint_id,
            "url": body.url.text,
            "events": json.dumps(list(dict.fromkeys(body.events))),
            "enabled": body.enabled,
            "disabled_reason": None if body.enabled else "by_request",
            "disabled_us": None if body.enabled else account.now_us,
            "secrets": json.dumps([[nonce, None]]),
            "created_us": account.now_us,
            "updated_us": account.now_us,
        },
    )
    made = _shown(account, find(tx, account, endpoint_id))
    made["secret"] = f"whsec_hidden.{endpoint_id}.{nonce}"
    return Answer(made, location=f"/v1/webhook_endpoints/{endpoint_id}")


def list_endpoints(tx: Connection, account: Account, query: lists.PageQuery) -> Answer:
    found, cursor = lists.fetch(
        tx,
        account,
        "webhook_endpoints",
        _ALL.params(account_id=account.id),
        (webhook_endpoints.c.row, webhook_endpoints.c.created_us),
        query,
    )
    return Answer(lists.page_of(found, cursor, lambda row: _shown(account, row)))


def get_endpoint(tx: Connection, account: Account, endpoint_id: str) -> Answer:
    return Answer(_shown(account, find(tx, account, endpoint_id)))


def update_endpoint(tx: Connection, account: Account, endpoint_id: str, body: EndpointUpdate) -> Answer:
    find(tx, account, endpoint_id)
    change: dict[str, Any] = {}
    if "url" in body.model_fields_set:
        _check_addresses(account, body.url)
        change["url"] = body.url.text
    if "events" in body.model_fields_set:
        change["events"] = json.dumps(list(dict.fromkeys(body.events)))
    if "enabled" in body.model_fields_set:
        change |= {
            "enabled": body.enabled,
            "disabled_reason": None if body.enabled else "by_request",
            "disabled_us": None if body.enabled else account.now_us,
            "failing_since_us": None,
        }
        if not body.enabled:
            deliveries.cancel(tx, account, endpoint_id)
    if change:
        statement = update(webhook_endpoints).where(*_THIS).values(**change, updated_us=account.now_us)
        tx.execute(statement, {"of_account": account.id, "endpoint_id": endpoint_id})
    return Answer(_shown(account, find(tx, account, endpoint_id)))


def delete_endpoint(tx: Connection, account: Account, endpoint_id: str) -> Answer:
    find(tx, account, endpoint_id)
    deliveries.cancel(tx, account, endpoint_id)
    tx.execute(_DELETE, {"of_account": account.id, "endpoint_id": endpoint_id})
    return Answer(None)


def rotate_secret(tx: Connection, account: Account, endpoint_id: str) -> Answer:
    before = find(tx, account, endpoint_id)
    nonce = account.chance.draw(16).hex()
    until_us = account.now_us + _OVERLAP_US
    older = [[old, until_us if end is None else end] for old, end in json.loads(before.secrets)]
    valid = [[old, end] for old, end in older if end > account.now_us]
    parameters = {
        "of_account": account.id,
        "endpoint_id": endpoint_id,
        "new_secrets": json.dumps([[nonce, None], *valid[: _MOST_SECRETS - 1]]),
        "now_us": account.now_us,
    }
    tx.execute(_ROTATE, parameters)
    made = _shown(account, find(tx, account, endpoint_id))
    made["secret"] = f"whsec_hidden.{endpoint_id}.{nonce}"
    return Answer(made)


def _check_addresses(account: Account, url: CheckedUrl) -> None:
    settings = account.settings
    try:
        targets.check_listed(targets.parse_target(url.text), settings.webhook_targets)
        for address in url.addresses:
            targets.check_address(address, allow_private=settings.allow_private_webhook_targets)
    except targets.TargetRefusedError as error:
        raise invalid("/url", str(error)) from None


def _shown(account: Account, row: Row[Any]) -> Endpoint:
    ends = [end for _, end in json.loads(row.secrets) if end is not None and end > account.now_us]
    return {
        "id": row.id,
        "object": "webhook_endpoint",
        "url": row.url,
        "events": json.loads(row.events),
        "enabled": row.enabled,
        "disabled_reason": row.disabled_reason,
        "disabled_at": times.optional_to_wire(row.disabled_us),
        "failing_since": times.optional_to_wire(row.failing_since_us),
        "previous_secret_expires_at": times.to_wire(max(ends)) if ends else None,
        "created_at": times.to_wire(row.created_us),
        "updated_at": times.to_wire(row.updated_us),
    }


_TAG = "Webhook endpoints"
_ONE = "/v1/webhook_endpoints/<endpoint_id>"

ROUTES = [
    Route(
        "POST",
        "/v1/webhook_endpoints",
        create_endpoint,
        "Create a webhook endpoint",
        tag=_TAG,
        body=EndpointCreate,
        answer=Endpoint,
        status=201,
        reveal=reveal,
        description="The answer holds the endpoint's secret, which is shown here only.",
    ),
    Route(
        "GET",
        "/v1/webhook_endpoints",
        list_endpoints,
        "List webhook endpoints",
        tag=_TAG,
        query=lists.PageQuery,
        answer=lists.Page[Endpoint],
        operation="list",
        problems=("invalid_cursor",),
    ),
    Route("GET", _ONE, get_endpoint, "Retrieve a webhook endpoint", tag=_TAG, answer=Endpoint, operation="get"),
    Route(
        "PATCH",
        _ONE,
        update_endpoint,
        "Change a webhook endpoint",
        tag=_TAG,
        body=EndpointUpdate,
        answer=Endpoint,
        description="Switching it off also cancels the deliveries that wait for another try.",
    ),
    Route("DELETE", _ONE, delete_endpoint, "Delete a webhook endpoint", tag=_TAG, status=204),
    Route(
        "POST",
        f"{_ONE}/rotate_secret",
        rotate_secret,
        "Rotate the signing secret",
        tag=_TAG,
        answer=Endpoint,
        reveal=reveal,
        description="Deliveries are signed with the old and the new secret for 24 hours of the account's clock.",
    ),
]
