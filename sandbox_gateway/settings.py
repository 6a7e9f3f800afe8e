"""What an account can set about itself. Kept as JSON with the account; a reset leaves it alone."""

from functools import lru_cache
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from sandbox_gateway.fields import text_field
from sandbox_gateway.settlements.terms import Fees, PayoutTerms
from sandbox_gateway.webhooks import targets


def _check_origin(value: str) -> str:
    parts = urlsplit(value)
    try:
        whole = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        whole = False
    if not whole or value != f"{parts.scheme}://{parts.netloc}" or "@" in parts.netloc or "\\" in value:
        raise ValueError("must be an origin such as https://shop.example or http://localhost:8000, without a path")
    return value.lower()


def _check_webhook_target(value: str) -> str:
    try:
        targets.check_entry(value)
    except targets.TargetRefusedError:
        raise ValueError(
            "must be a host, a host with its port, or an origin: hooks.example, 127.0.0.1:9000, https://hooks.example"
        ) from None
    return value.lower()


Origin = Annotated[str, text_field(300), AfterValidator(_check_origin)]
WebhookTarget = Annotated[str, text_field(300, least=1), AfterValidator(_check_webhook_target)]


class RateLimit(BaseModel):
    """At most `requests` in each window of `window_seconds`, by the wall clock."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    requests: Annotated[int, Field(ge=1, le=1_000_000)]
    window_seconds: Annotated[int, Field(ge=1, le=3600)] = 1


class Settings(BaseModel):
    """Each member has a default; a change names only the members that it changes."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    require_idempotency_keys: Annotated[bool, Field(description="Refuse a POST without Idempotency-Key.")] = False
    return_origins: Annotated[
        list[Origin] | None,
        Field(max_length=50, description="Where `return_url` may lead; null: any loopback origin."),
    ] = None
    allow_private_webhook_targets: Annotated[
        bool, Field(description="Whether webhooks may go to loopback and private addresses.")
    ] = True
    webhook_targets: Annotated[
        list[WebhookTarget] | None,
        Field(
            max_length=50,
            description="Where webhooks may go: hosts, hosts with ports, origins; null: anywhere. Checked when an "
            "endpoint is saved and at each sending, beside the setting before this.",
            examples=[["hooks.example", "127.0.0.1:9000", "https://shop.example"]],
        ),
    ] = None
    hold_days: Annotated[int, Field(ge=1, le=30, description="How long authorized funds are held.")] = 7
    fees: Annotated[Fees, Field(description="The fee schedule, given whole: members left out take their defaults.")] = (
        Fees()
    )
    payouts: Annotated[
        PayoutTerms, Field(description="Payouts and reserve, given whole: members left out take their defaults.")
    ] = PayoutTerms()
    rate_limit: Annotated[RateLimit | None, Field(description="null: no limit.")] = None
    seed: Annotated[
        Annotated[str, text_field(100, least=1)] | None,
        Field(
            description="Fixes ids, chances, card fingerprints; set it first, it starts their row anew. null: random."
        ),
    ] = None


@lru_cache(maxsize=1024)
def parse_settings(stored: str) -> Settings:
    return Settings.model_validate_json(stored)
