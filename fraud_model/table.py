"""Payments as columns, for everything that looks at many at once."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

MISSING: Final = -1
NEVER: Final = 2**60
"""An arrival that has not come."""


@dataclass(frozen=True)
class Table:
    """One entry per payment, in order of time. Parties are numbers from 0, `MISSING` where there is none."""

    at: Ints
    cents: Ints
    card: Ints
    merchant: Ints
    device: Ints
    email: Ints
    domain: Ints
    ip: Ints
    card_country: Ints
    ip_country: Ints
    disposable: Flags
    hour_shift: Ints
    """Milliseconds to add to UTC for the hour where the card lives."""
    declined_at: Ints
    fraud_at: Ints
    """When we were told that it was fraud; `NEVER` if nobody told."""
    cleared_at: Ints
    """When it counted as genuine, because nobody had complained by then."""

    def __len__(self) -> int:
        return len(self.at)

    def part(self, rows: Ints | Flags | slice) -> Table:
        """Some of the payments."""
        return Table(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})


def blank(count: int) -> dict[str, NDArray[np.generic]]:
    """Columns of payments about which nothing is known, to be replaced by what is."""
    missing = np.full(count, MISSING)
    return {
        **dict.fromkeys(("card", "merchant", "device", "email", "domain", "ip", "card_country", "ip_country"), missing),
        "disposable": np.zeros(count, dtype=bool),
        "hour_shift": np.zeros(count, dtype=np.int64),
        "declined_at": np.full(count, NEVER),
        "fraud_at": np.full(count, NEVER),
        "cleared_at": np.full(count, NEVER),
    }


def cleared_at(at: Ints, fraud_at: Ints, after: int) -> Ints:
    """When payments count as genuine, of which some were told to be fraud before."""
    due = at + after
    return np.where(fraud_at <= due, NEVER, due)
