"""Signing secrets at rest: encrypted under a key from the pepper, bound to the one endpoint they belong to."""

from __future__ import annotations

import base64
import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12


class UnsealError(Exception):
    """A sealed secret that this pepper does not open."""


class Sealer:
    """AES-256-GCM under a key derived from the gateway's pepper."""

    def __init__(self, pepper: bytes) -> None:
        self._cipher = AESGCM(hmac.digest(pepper, b"webhook endpoint secrets v1", "sha256"))

    def seal(self, secret: str, endpoint_id: str) -> str:
        """ASCII text to store, different at each call."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return base64.b64encode(nonce + self._cipher.encrypt(nonce, secret.encode(), endpoint_id.encode())).decode()

    def unseal(self, sealed: str, endpoint_id: str) -> str:
        """The secret. UnsealError if it was sealed for another endpoint or under another pepper."""
        raw = base64.b64decode(sealed)
        try:
            return self._cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], endpoint_id.encode()).decode()
        except InvalidTag:
            raise UnsealError("the endpoint's secret was sealed under another pepper; rotate it") from None
