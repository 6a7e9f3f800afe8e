"""Ids that carry their kind and sort by the time they were made: `pay_01K…`."""

from __future__ import annotations

import secrets
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32, lower case


def new_id(prefix: str) -> str:
    """`prefix_` and 26 characters: 48 bits of milliseconds, 80 random bits (the layout of a ULID)."""
    number = (int(time.time() * 1000) << 80) | secrets.randbits(80)
    characters = []
    for _ in range(26):
        number, index = divmod(number, 32)
        characters.append(_ALPHABET[index])
    return f"{prefix}_{''.join(reversed(characters))}"


def new_key() -> str:
    """An idempotency key: 128 random bits, never used twice."""
    return secrets.token_hex(16)
