"""Who pays and who is paid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.random import Generator

from fraud_model.table import Flags, Floats, Ints

COUNTRIES: Final = ("US", "DE", "GB", "FR", "ES", "IT", "NL", "PL", "SE", "CA", "BR", "JP")
_COUNTRY_WEIGHTS: Final = np.array([30, 14, 12, 9, 7, 6, 5, 4, 3, 4, 3, 3]) / 100
DOMAINS: Final = 40
DISPOSABLE_DOMAINS: Final = 6
"""The first so many of the domains."""

PAYMENTS_A_DAY: Final = 1.0
FAVORITES: Final = 8
_WITHOUT_CONTEXT: Final = 0.15
_WITHOUT_MERCHANT: Final = 0.12
NEWCOMERS: Final = 0.2


@dataclass(frozen=True)
class People:
    """Customers and merchants as columns."""

    usual: Floats
    """What a customer pays on average, in cents, at a merchant of middling prices."""
    rate: Floats
    country: Ints
    domain: Ints
    since: Floats
    """The day of a customer's first payment, at the earliest."""
    favorites: Ints
    second_card: Flags
    new_device: Floats
    """The day from which a customer uses another device."""
    travels: Floats
    """The day on which a customer goes abroad, for a week."""
    abroad: Ints
    context: Flags
    """Whether the shop tells device, e-mail and IP address."""
    at_merchant: Flags
    """Whether the shop tells whom the payment is for."""
    price: Floats
    """A merchant's prices against the middling ones."""


def make_people(rng: Generator, customers: int, merchants: int, days: int) -> People:
    """Draw them all."""
    country = rng.choice(len(COUNTRIES), customers, p=_COUNTRY_WEIGHTS)
    popularity = 1 / np.arange(1, merchants + 1) ** 0.4
    return People(
        usual=np.clip(np.exp(rng.normal(np.log(4_500), 0.6, customers)), 500, 30_000),
        rate=rng.gamma(5.0, PAYMENTS_A_DAY / 5, customers),
        country=country,
        domain=np.where(
            rng.random(customers) < 0.004,
            rng.integers(0, DISPOSABLE_DOMAINS, customers),
            np.minimum(DISPOSABLE_DOMAINS + rng.geometric(0.15, customers), DOMAINS - 1),
        ),
        since=np.where(rng.random(customers) < NEWCOMERS, rng.uniform(0, days, customers), 0.0),
        favorites=rng.choice(merchants, (customers, FAVORITES), p=popularity / popularity.sum()),
        second_card=rng.random(customers) < 0.2,
        new_device=rng.uniform(0, 400, customers),
        travels=rng.uniform(-7, 250, customers),
        abroad=(country + rng.integers(1, len(COUNTRIES), customers)) % len(COUNTRIES),
        context=rng.random(customers) >= _WITHOUT_CONTEXT,
        at_merchant=rng.random(customers) >= _WITHOUT_MERCHANT,
        price=np.exp(rng.normal(0, 0.12, merchants)),
    )
