"""What a fault rule can do: to the answer of a request, or to a webhook on its way."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from sandbox_gateway.fields import Body

MOST_WAIT_MS = 60_000
_MOST_DELAY_MS = 7 * 24 * 3600 * 1000
_MOST_PADDED = 8 * 1024 * 1024

Milliseconds = Annotated[int, Field(ge=0, le=MOST_WAIT_MS)]


class Latency(Body):
    """The answer is late. The key, if there is one, counts as in use meanwhile."""

    type: Literal["latency"]
    ms: Milliseconds | None = None
    min_ms: Milliseconds | None = None
    max_ms: Milliseconds | None = None

    @model_validator(mode="after")
    def _check_one_form(self) -> "Latency":
        span = self.min_ms is not None and self.max_ms is not None
        if (self.ms is not None) == span or (self.min_ms is None) != (self.max_ms is None):
            raise ValueError("needs either ms, or min_ms and max_ms")
        if self.min_ms is not None and self.max_ms is not None and self.min_ms > self.max_ms:
            raise ValueError("min_ms must not be above max_ms")
        return self

    def wait_ms(self, draw: float) -> int:
        """How long, by a number from 0 to 1."""
        if self.ms is not None:
            return self.ms
        assert self.min_ms is not None
        assert self.max_ms is not None
        return self.min_ms + int(draw * (self.max_ms - self.min_ms + 1))


class Status(Body):
    """An error answer, before anything is done or after all is done and stored."""

    type: Literal["status"]
    status: Literal[429, 500, 502, 503]
    at: Literal["before", "after"] = "before"
    retry_after: Annotated[int | None, Field(ge=0, le=3600, description="Seconds.")] = None


class DropBefore(Body):
    """The connection closes without a byte; nothing is done."""

    type: Literal["drop_before"]


class DropAfter(Body):
    """Everything is done and stored; the connection closes without a byte."""

    type: Literal["drop_after"]


class Stall(Body):
    """The request is taken and never answered: until the client gives up, or `ms` have passed."""

    type: Literal["stall"]
    at: Literal["before", "after"] = "before"
    ms: Annotated[int, Field(ge=1, le=MOST_WAIT_MS)] = MOST_WAIT_MS


class Malformed(Body):
    """Everything is done and stored; the answer makes no sense."""

    type: Literal["malformed"]
    shape: Annotated[
        Literal["not_json", "wrong_types", "empty", "html"],
        Field(
            description="not_json: the text ends too soon. wrong_types: numbers, true and false come as text. "
            "empty: no body. html: a proxy's page, status 502."
        ),
    ] = "not_json"


class Truncated(Body):
    """Everything is done and stored; the connection closes in the middle of the promised body."""

    type: Literal["truncated"]


class SlowDrip(Body):
    """Everything is done and stored; the body comes in small pieces, whole in the end, within a minute."""

    type: Literal["slow_drip"]
    ms: Annotated[int, Field(ge=1, le=10_000, description="Between two pieces.")] = 100
    bytes: Annotated[int, Field(ge=1, le=65_536, description="In each piece.")] = 16


class WebhookDrop(Body):
    """Never sent, nor tried again; the event itself stands."""

    type: Literal["webhook_drop"]


class WebhookDuplicate(Body):
    """Sent more than once."""

    type: Literal["webhook_duplicate"]
    copies: Annotated[int, Field(ge=2, le=20, description="In all.")] = 2


class WebhookDelay(Body):
    """Sent later, by the account's clock; what comes after it may overtake it."""

    type: Literal["webhook_delay"]
    ms: Annotated[int, Field(ge=1, le=_MOST_DELAY_MS)]


class WebhookReorder(Body):
    """Held until the next event of the same object has gone, at most for an hour of the account's clock."""

    type: Literal["webhook_reorder"]


class WebhookBeforeResponse(Body):
    """Delivered before the API's answer leaves, which waits for it, at most three seconds."""

    type: Literal["webhook_before_response"]


class WebhookStaleTimestamp(Body):
    """Signed as it should be, but with a time that is long past. Tried again, it is right."""

    type: Literal["webhook_stale_timestamp"]
    seconds: Annotated[int, Field(ge=1, le=31_536_000)] = 3600


class WebhookBadSignature(Body):
    """Signed with a secret that is not the endpoint's, or not any more. Tried again, it is right."""

    type: Literal["webhook_bad_signature"]
    signed_with: Annotated[
        Literal["wrong", "rotated"],
        Field(description="A secret never given out, or one that a rotation made invalid (wrong where there is none)."),
    ] = "wrong"


class WebhookOversized(Body):
    """Signed as it should be, the body filled up with white space to this size. Tried again, it is right."""

    type: Literal["webhook_oversized"]
    bytes: Annotated[int, Field(ge=1, le=_MOST_PADDED)] = 1024 * 1024


Spoiling = Malformed | Truncated | SlowDrip
RequestEffect = Latency | Status | DropBefore | DropAfter | Stall | Spoiling
WebhookEffect = (
    WebhookDrop
    | WebhookDuplicate
    | WebhookDelay
    | WebhookReorder
    | WebhookBeforeResponse
    | WebhookStaleTimestamp
    | WebhookBadSignature
    | WebhookOversized
)
Effect = Annotated[RequestEffect | WebhookEffect, Field(discriminator="type")]
