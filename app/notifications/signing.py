"""The secrets that callbacks are signed with (Standard Webhooks): kept in a file, rolled over with an overlap."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from standardwebhooks.webhooks import Webhook

from app.clock import wall_now
from app.config import Settings, replace_secret, secret_path, write_secret_once
from app.errors import RuleBroken

FILE = "order_service_secret"
OVERLAP = timedelta(hours=24)
_BYTES = 32


@dataclass(frozen=True)
class Secrets:
    """The one in force, and the one before it while receivers may still check with that."""

    current: str
    previous: str | None = None
    previous_until: datetime | None = None

    @property
    def signing(self) -> list[str]:
        """Those that a callback is signed with now, the newest first."""
        overlaps = self.previous is not None and self.previous_until is not None and self.previous_until > wall_now()
        return [self.current, *([self.previous] if overlaps and self.previous else [])]


def new_secret() -> str:
    """`whsec_` and the base64 of 32 random bytes."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(_BYTES)).decode()


def ensure_secret(data: Path) -> None:
    """Make the secret of an installation, if it has none."""
    write_secret_once(data, FILE, json.dumps({"current": new_secret()}))


def read_secrets(settings: Settings) -> Secrets | None:
    """The secrets of the setting, else of the data folder; None where there is none."""
    if settings.order_service_secrets:
        first, *others = settings.order_service_secrets
        return Secrets(first, *((others[0], datetime.max.replace(tzinfo=wall_now().tzinfo)) if others else ()))
    try:
        kept = json.loads(secret_path(settings.data, FILE).read_text(encoding="ascii"))
    except FileNotFoundError:
        return None
    until = kept.get("previous_until")
    return Secrets(kept["current"], kept.get("previous"), datetime.fromisoformat(until) if until else None)


def roll_secret(settings: Settings) -> str:
    """Put a new secret in force; for a day callbacks carry both signatures. RuleBroken where a setting holds it."""
    if settings.order_service_secrets:
        raise RuleBroken(
            "secret_is_a_setting",
            "The secret is the setting COUNTERFOIL_ORDER_SERVICE_SECRET: write the new one before the old one there.",
        )
    standing, fresh = read_secrets(settings), new_secret()
    kept = {"current": fresh}
    if standing is not None:
        kept |= {"previous": standing.current, "previous_until": (wall_now() + OVERLAP).isoformat()}
    replace_secret(settings.data, FILE, json.dumps(kept))
    return fresh


def signed_headers(in_force: Sequence[str], message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The three headers of one try, signed with each secret in force."""
    signatures = [Webhook(secret).sign(message_id, at, body.decode()) for secret in in_force]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
