"""Our endpoint at the gateway: made once, moved when our address does; its secret lies in the data folder (0600)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import structlog

from app.clock import wall_now
from app.config import Settings, replace_secret, secret_path
from app.errors import GatewayRefused, RuleBroken
from app.gateway import gateway
from app.ids import new_key

log = structlog.get_logger("webhooks")

_FILE = "webhook_endpoint"
_OVERLAP = timedelta(hours=24)


@dataclass(frozen=True)
class Subscription:
    """Our endpoint at the gateway: its id, where it delivers, and until when the secret before is believed as well."""

    endpoint: str
    url: str
    previous_until: str | None


def _read(data: Path) -> dict[str, str]:
    try:
        kept = json.loads(secret_path(data, _FILE).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return kept if isinstance(kept, dict) else {}


def signing_secrets(settings: Settings) -> list[str]:
    """The secrets that a delivery may be signed with: the settings', the one kept in the data folder, and before a
    rotation is a day old, the one before."""
    kept = _read(settings.data)
    previous = kept.get("previous") if kept.get("previous_until", "") > wall_now().isoformat() else None
    return [*settings.webhook_secrets, *filter(None, (kept.get("secret"), previous))]


def subscription(settings: Settings) -> Subscription | None:
    """Our endpoint, as far as it is ours to tell; None before there is one."""
    kept = _read(settings.data)
    if not kept:
        return None
    return Subscription(kept["id"], settings.webhook_url, kept.get("previous_until"))


def rotate_secret(settings: Settings) -> None:
    """Have the gateway sign with a new secret; the old one is believed for another day, as the gateway signs with both.

    Raises GatewayUnavailable (the same key is used again next time, so nothing is lost), RuleBroken without endpoint.
    """
    kept = _read(settings.data)
    if not kept:
        raise RuleBroken("not_subscribed", "The gateway does not deliver to us yet: there is no secret to rotate.")
    key = kept.get("rotation") or new_key()
    replace_secret(settings.data, _FILE, json.dumps(kept | {"rotation": key}))
    answer = gateway().rotate_endpoint_secret(kept["id"], key)
    rotated = {name: value for name, value in kept.items() if name != "rotation"}
    rotated |= {
        "secret": str(answer["secret"]),
        "previous": kept["secret"],
        "previous_until": (wall_now() + _OVERLAP).isoformat(),
    }
    replace_secret(settings.data, _FILE, json.dumps(rotated))
    log.info("the signing secret is rotated", endpoint=kept["id"])


def ensure_subscribed(settings: Settings) -> None:
    """See to it that the gateway delivers to us; GatewayUnavailable if it cannot be asked."""
    kept = _read(settings.data)
    mine = {"account": settings.gateway_secret_key[-4:], "gateway": settings.gateway_url}
    if kept and {name: kept.get(name) for name in mine} == mine:
        try:
            endpoint = gateway().get_endpoint(kept["id"])
        except GatewayRefused as refusal:
            if refusal.status != 404:
                raise
        else:
            if endpoint.get("url") != settings.webhook_url or not endpoint.get("enabled", True):
                gateway().move_endpoint(kept["id"], settings.webhook_url)
            return
    endpoint = gateway().create_endpoint(settings.webhook_url, new_key())
    kept = {**mine, "id": endpoint["id"], "secret": endpoint["secret"]}
    replace_secret(settings.data, _FILE, json.dumps(kept))
    log.info("subscribed to the gateway's events", endpoint=endpoint["id"], url=settings.webhook_url)
