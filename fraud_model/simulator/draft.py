"""Payments in the making: columns that are drawn in pieces and put together."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

import numpy as np

from fraud_model.table import Flags, Floats, Ints

TRAVEL_DAYS: Final = 7.0
NO_EPISODE: Final = -1


@dataclass
class Draft:
    """Some payments, in any order. Days are counted from the beginning, amounts are in cents."""

    day: Floats
    amount: Floats
    expected: Floats
    """What this customer usually pays at this merchant."""
    customer: Ints
    card: Ints
    merchant: Ints
    device: Ints
    email: Ints
    domain: Ints
    ip: Ints
    card_country: Ints
    ip_country: Ints
    context: Flags
    at_merchant: Flags
    merchant_episode: Ints
    """Which leak of the merchant's card data is running, -1 if none."""
    customer_episode: Ints
    scenario: Ints
    declined: Flags

    def __len__(self) -> int:
        return len(self.day)


def joined(drafts: list[Draft]) -> Draft:
    """All of them, in order of time."""
    columns = {field.name: np.concatenate([getattr(draft, field.name) for draft in drafts]) for field in fields(Draft)}
    order = np.argsort(columns["day"], kind="stable")
    return Draft(**{name: values[order] for name, values in columns.items()})
