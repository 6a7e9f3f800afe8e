"""The simulation as a whole: drawn, put in order, and made into what the model may see beside what it may not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.random import Generator

from fraud_model.places import hour_shift
from fraud_model.simulator import frauds, people
from fraud_model.simulator import scenarios as rules
from fraud_model.simulator.draft import Draft, joined
from fraud_model.simulator.genuine import genuine
from fraud_model.simulator.posterior import posterior
from fraud_model.simulator.scenarios import Scenario
from fraud_model.table import MISSING, NEVER, Flags, Floats, Ints, Table, cleared_at
from fraud_model.times import CLEARED_AFTER, DAY

BEGINNING: Final = 1_767_225_600_000
"""2026-01-01T00:00:00Z."""

_SECONDS_TO_DECLINE: Final = 2_000
_CUSTOMERS_PER_MERCHANT: Final = 8


@dataclass(frozen=True)
class Simulation:
    """Payments in order of time; `scenario` and `posterior` are the maker's knowledge, never a feature."""

    table: Table
    scenario: Ints
    posterior: Floats
    """The probability of fraud for one who knows the rules, everybody's habits and the labels told so far."""

    def rows(self, first_day: float, last_day: float) -> Ints:
        """Some days of it."""
        days = (self.table.at - BEGINNING) / DAY
        return np.flatnonzero((days >= first_day) & (days < last_day))

    def part(self, rows: Ints) -> Simulation:
        """Some of the payments."""
        return Simulation(self.table.part(rows), self.scenario[rows], self.posterior[rows])

    @property
    def fraud(self) -> Flags:
        """Whether it truly was fraud, told or not."""
        found: Flags = self.scenario != Scenario.GENUINE
        return found


def simulate(payments: int, days: int, seed: int) -> Simulation:
    """About so many payments in so many days."""
    rng = np.random.default_rng(seed)
    active = 1 - people.NEWCOMERS / 2
    customers = max(200, round(payments / days / people.PAYMENTS_A_DAY / active))
    merchants = max(40, customers // _CUSTOMERS_PER_MERCHANT)
    world = people.make_people(rng, customers, merchants, days)
    draft = genuine(rng, world, days)
    frauds.compromise_merchants(rng, draft, merchants, days)
    frauds.compromise_customers(rng, draft, customers, days)
    frauds.befriend(rng, draft)
    others = frauds.strangers(world)
    makers = (frauds.high_amounts, frauds.test_cards, frauds.take_accounts_over, frauds.bust_out)
    draft = joined([draft, *(make(rng, world, others, len(draft), days) for make in makers)])
    table = _seen(rng, draft)
    return Simulation(table, draft.scenario, posterior(draft, table, BEGINNING))


def _seen(rng: Generator, draft: Draft) -> Table:
    at = BEGINNING + np.round(draft.day * DAY).astype(np.int64)
    low, high = rules.REPORT_DAYS
    delay = low + (high - low) * rng.beta(*rules.REPORT_SHAPE, len(draft))
    reported = (draft.scenario != Scenario.GENUINE) & ~draft.declined & (rng.random(len(draft)) < rules.REPORTED)
    fraud_at = np.where(reported, at + (delay * DAY).astype(np.int64), NEVER)
    shifts = np.array([hour_shift(name) for name in people.COUNTRIES])

    def told(values: Ints) -> Ints:
        return np.where(draft.context, values, MISSING)

    return Table(
        at=at,
        cents=np.maximum(1, np.round(draft.amount)).astype(np.int64),
        card=draft.card,
        merchant=np.where(draft.at_merchant, draft.merchant, MISSING),
        device=told(draft.device),
        email=told(draft.email),
        domain=told(draft.domain),
        ip=told(draft.ip),
        card_country=draft.card_country,
        ip_country=told(draft.ip_country),
        disposable=draft.domain < people.DISPOSABLE_DOMAINS,
        hour_shift=shifts[draft.card_country],
        declined_at=np.where(draft.declined, at + _SECONDS_TO_DECLINE, NEVER),
        fraud_at=fraud_at,
        cleared_at=cleared_at(at, fraud_at, CLEARED_AFTER),
    )
