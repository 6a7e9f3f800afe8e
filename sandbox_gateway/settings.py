"""What an account can set about itself. Kept as JSON with the account; a reset leaves it alone."""

from functools import lru_cache
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from sandbox_gateway.fields import text_field


def _check_origin(value: str) -> str:
    parts = urlsplit(value)
    try:
        whole = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        whole = False
    if not whole or value != f"{parts.scheme}://{parts.netloc}" or "@" in parts.netloc or "\\" in value:
        raise ValueError("must be an origin such as https://shop.example or http://localhost:8000, without a path")
    return value.lower()


Origin = Annotated[str, text_field(300), AfterValidator(_check_origin)]


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
    rate_limit: Annotated[RateLimit | None, Field(description="null: no limit.")] = None
    seed: Annotated[
        Annotated[str, text_field(100, least=1)] | None,
        Field(description="Fixes ids and chances; setting it starts their row anew. null: random."),
    ] = None


@lru_cache(maxsize=1024)
def parse_settings(stored: str) -> Settings:
    return Settings.model_validate_json(stored)
