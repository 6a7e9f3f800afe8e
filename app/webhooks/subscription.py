"""Our endpoint at the gateway: made once, moved when our address does; its secret lies in the data folder (0600)."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

import structlog

from app.config import Settings, secret_path
from app.errors import GatewayRefused
from app.gateway import gateway
from app.ids import new_key

log = structlog.get_logger("webhooks")

_FILE = "webhook_endpoint"


def _read(data: Path) -> dict[str, str]:
    try:
        kept = json.loads(secret_path(data, _FILE).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return kept if isinstance(kept, dict) else {}


def signing_secrets(settings: Settings) -> list[str]:
    """The secrets that a delivery may be signed with: the settings', and the one kept in the data folder."""
    kept = _read(settings.data).get("secret")
    return [*settings.webhook_secrets, *([kept] if kept else [])]


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
    _write(settings.data, {**mine, "id": endpoint["id"], "secret": endpoint["secret"]})
    log.info("subscribed to the gateway's events", endpoint=endpoint["id"], url=settings.webhook_url)


def _write(data: Path, kept: dict[str, str]) -> None:
    path = secret_path(data, _FILE)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(kept, file)
        file.flush()
        os.fsync(file.fileno())
    Path(draft).replace(path)
