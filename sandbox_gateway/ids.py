"""Ids and chances of one account: random, or the same each time when the account has a seed."""

import base64
import hashlib
import os


class Chance:
    """Where an account's random bytes come from.

    With a seed each draw is a hash of the seed and of how many were drawn before; that count is kept with the account.
    """

    __slots__ = ("drawn", "seed")

    def __init__(self, seed: str | None, drawn: int) -> None:
        self.seed = seed
        self.drawn = drawn

    def draw(self, size: int) -> bytes:
        """`size` random bytes, at most 64."""
        if self.seed is None:
            return os.urandom(size)
        self.drawn += 1
        return hashlib.blake2b(f"{self.seed}\n{self.drawn}".encode(), digest_size=size).digest()

    def digits(self, count: int) -> str:
        return str(int.from_bytes(self.draw(16)) % 10**count).zfill(count)


def make_id(prefix: str, at_us: int, chance: Chance) -> str:
    """`prefix_` and 26 letters and digits: 48 bits of time in milliseconds, 80 of chance; sorts by time."""
    return f"{prefix}_{text_of((at_us // 1000).to_bytes(6) + chance.draw(10))}"


def make_request_id() -> str:
    return f"req_{text_of(os.urandom(16))}"


def text_of(raw: bytes) -> str:
    """Letters and digits, 8 for every 5 bytes; sorts as the bytes do."""
    # The hex alphabet of base 32 keeps the order of the bytes; the usual one does not.
    return base64.b32hexencode(raw).decode().rstrip("=").lower()
