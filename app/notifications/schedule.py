"""When a message is tried again: Standard Webhooks' example for callbacks, a day for e-mails. The wall clock."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import timedelta
from random import Random

CALLBACK = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""The pauses after each failed try; ten tries in about three days."""
MAIL = (
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(minutes=30),
    timedelta(hours=1),
    timedelta(hours=3),
    timedelta(hours=8),
    timedelta(hours=12),
)
_JITTER = 0.1
_random = Random(secrets.randbits(64))  # noqa: S311 - jitter, not a secret


def pause_after(tries: int, pauses: Sequence[timedelta], wanted: timedelta = timedelta(0)) -> timedelta | None:
    """How long to wait after so many failed tries, and no less than `wanted`; None when it is given up."""
    if tries > len(pauses):
        return None
    usual = pauses[tries - 1] * _random.uniform(1 - _JITTER, 1 + _JITTER)
    return max(usual, wanted)
