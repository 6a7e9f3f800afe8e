"""Fault rules for webhooks: decided when an event is written, so that the same seed brings the same each time."""

import json
import time
from collections.abc import Sequence

from pydantic import TypeAdapter
from sqlalchemy import Connection, String, bindparam, select
from typing_extensions import TypedDict

from sandbox_gateway.accounts import Account
from sandbox_gateway.faults.effects import (
    WebhookBadSignature,
    WebhookBeforeResponse,
    WebhookDelay,
    WebhookDrop,
    WebhookDuplicate,
    WebhookEffect,
    WebhookOversized,
    WebhookReorder,
    WebhookStaleTimestamp,
)
from sandbox_gateway.faults.rules import FaultCreate, strike
from sandbox_gateway.storage import Store
from sandbox_gateway.times import HOUR_US
from sandbox_gateway.webhooks import deliveries
from sandbox_gateway.webhooks.deliveries import Cause, Handling, webhook_deliveries

_LONGEST_HOLD_US = HOUR_US
_LONGEST_WAIT_SECONDS = 3.0
_PAUSE_SECONDS = 0.01

_EFFECT: TypeAdapter[WebhookEffect] = TypeAdapter(WebhookEffect)
_EARLY = (
    select(webhook_deliveries.c.row)
    .where(
        webhook_deliveries.c.account_id == bindparam("account_id"),
        webhook_deliveries.c.claimable_us.is_not(None),
        webhook_deliveries.c.faults.contains(bindparam("type", type_=String)),
    )
    .limit(1)
)


class Struck(TypedDict):
    """A fault rule that struck a delivery."""

    id: str
    type: str
    why: str


def send(tx: Connection, account: Account, cause: Cause, endpoint_ids: Sequence[str]) -> list[str]:
    """Let the event be sent to these endpoints, as the account's fault rules want it. Ids of the deliveries."""
    if not account.faults:
        return deliveries.enqueue(tx, account, cause, endpoint_ids)
    made: list[str] = []
    for endpoint_id in endpoint_ids:
        handling = _handling(tx, account, cause, endpoint_id)
        made += deliveries.enqueue(tx, account, cause, [endpoint_id], handling)
        if not (handling.dropped or handling.delay_us):
            deliveries.release(tx, account, endpoint_id, cause.subject)
    return made


def let_go(tx: Connection, account: Account) -> None:
    """Send what is held back for a later event."""
    deliveries.release(tx, account)


def _handling(tx: Connection, account: Account, cause: Cause, endpoint_id: str) -> Handling:
    def is_match(rule: FaultCreate) -> bool:
        return (
            isinstance(rule.effect, WebhookEffect)
            and rule.match.event_type in (None, cause.type)
            and rule.match.endpoint in (None, endpoint_id)
        )

    struck: list[dict[str, object]] = []
    dropped = held = False
    copies, delay_us = 1, 0
    for one in strike(tx, account, is_match):
        struck.append({"id": one.rule_id, **one.effect.model_dump()})
        match one.effect:
            case WebhookDrop():
                dropped = True
            case WebhookDuplicate(copies=wanted):
                copies = max(copies, wanted)
            case WebhookDelay(ms=ms):
                delay_us += ms * 1000
            case WebhookReorder():
                held = True
    if held:
        delay_us = max(delay_us, _LONGEST_HOLD_US)
    return Handling(json.dumps(struck) if struck else None, copies, delay_us, held=held, dropped=dropped)


def effects_of(stored: str | None) -> list[WebhookEffect]:
    """What strikes a delivery when it is sent."""
    if stored is None:
        return []
    return [
        _EFFECT.validate_python({name: value for name, value in one.items() if name != "id"})
        for one in json.loads(stored)
    ]


def show(stored: str | None) -> list[Struck]:
    """The rules that struck a delivery, in plain words."""
    if stored is None:
        return []
    return [
        {"id": one["id"], "type": effect.type, "why": _why(effect)}
        for one, effect in zip(json.loads(stored), effects_of(stored), strict=True)
    ]


def _why(effect: WebhookEffect) -> str:
    match effect:
        case WebhookDrop():
            return "A fault rule let it get lost: it was never sent."
        case WebhookDuplicate():
            return f"A fault rule had it sent {effect.copies} times."
        case WebhookDelay():
            return f"A fault rule delayed it by {effect.ms} ms of the account's clock."
        case WebhookReorder():
            return "A fault rule held it until the next event of the same object had gone."
        case WebhookBeforeResponse():
            return "A fault rule had it delivered before the API answered."
        case WebhookStaleTimestamp():
            return f"A fault rule signed it with a time {effect.seconds} s ago."
        case WebhookBadSignature():
            return "A fault rule signed it with a secret that is not in force."
        case WebhookOversized():
            return f"A fault rule filled its body up to {effect.bytes} bytes with white space, not repeated here."


def wait_for_early(store: Store, account_id: int) -> None:
    """Wait, not for long, until what is to arrive before the API's answer has arrived."""
    deadline = time.monotonic() + _LONGEST_WAIT_SECONDS
    parameters = {"account_id": account_id, "type": "webhook_before_response"}
    while store.read(lambda tx: tx.execute(_EARLY, parameters).first()) and time.monotonic() < deadline:
        time.sleep(_PAUSE_SECONDS)
