"""Whether a delivery is the gateway's: Standard Webhooks, and every malformed one refused alike."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Protocol

from pydantic import ValidationError
from standardwebhooks.webhooks import Webhook

from app.clock import wall_now
from app.gateway.wire import GatewayEvent

TOLERANCE = timedelta(seconds=300)
"""How old, or how far in the future, a delivery's timestamp may be; the library's own."""


class Headers(Protocol):
    """Looks a header up without regard to case."""

    def get(self, key: str, default: str, /) -> str: ...


class Refusal(enum.StrEnum):
    """Why a delivery is not believed."""

    MALFORMED = "malformed"
    STALE = "stale"
    SIGNATURE = "signature"
    OVERSIZED = "oversized"


class BadDelivery(Exception):
    """The delivery is forged, stale or malformed; nothing of it is believed."""

    def __init__(self, kind: Refusal, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind


_TIMESTAMP = re.compile(r"^[0-9]{1,12}$")
_ID = re.compile(r"^[\x21-\x7e]{1,200}$")


def verify_delivery(headers: Headers, body: bytes, secrets: Iterable[str]) -> tuple[str, GatewayEvent]:
    """The `webhook-id` and the event of a delivery that one of the secrets signed within 300 s, else BadDelivery.

    The library raises bare ValueError and UnicodeDecodeError on malformed headers and bodies, and takes fractional
    timestamps; here all of these are BadDelivery.
    """
    delivery_id = headers.get("webhook-id", "")
    if not _ID.match(delivery_id) or not _TIMESTAMP.match(headers.get("webhook-timestamp", "")):
        raise BadDelivery(Refusal.MALFORMED, "webhook-id or webhook-timestamp is missing or malformed")
    named = {name: headers.get(name, "") for name in ("webhook-id", "webhook-timestamp", "webhook-signature")}
    for secret in secrets:
        try:
            Webhook(secret).verify(body, named)
        except Exception:  # noqa: BLE001, S112 - whatever the library raises, this secret did not sign it
            continue
        break
    else:
        if not named["webhook-signature"]:
            raise BadDelivery(Refusal.MALFORMED, "webhook-signature is missing")
        if abs(wall_now().timestamp() - int(named["webhook-timestamp"])) > TOLERANCE.total_seconds():
            raise BadDelivery(Refusal.STALE, "webhook-timestamp is too far from now")
        raise BadDelivery(Refusal.SIGNATURE, "no signature of ours fits")
    try:
        event = GatewayEvent.model_validate_json(body)
    except ValidationError as error:
        raise BadDelivery(Refusal.MALFORMED, "the signed body is no event") from error
    return delivery_id, event
