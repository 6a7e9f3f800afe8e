"""What nobody can do better than: the probability of fraud for one who knows the rules and everybody's habits.

Of each payment the odds of every scenario against genuine are added up: how often it comes, how likely it brings such
circumstances (counted over the whole simulation) and such an amount (the densities it was drawn from). Whether the
merchant leaks or the customer is being robbed is inferred from what was disputed and paid before.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from fraud_model.past import Past
from fraud_model.simulator import inference
from fraud_model.simulator import scenarios as rules
from fraud_model.simulator.draft import Draft
from fraud_model.simulator.scenarios import Scenario
from fraud_model.table import Flags, Floats, Ints, Table
from fraud_model.times import DAY

_YOUNG_DAYS: Final = 2.0
_BY_CIRCUMSTANCES: Final = (
    Scenario.HIGH_AMOUNT,
    Scenario.CARD_TESTING,
    Scenario.ACCOUNT_TAKEOVER,
    Scenario.BUST_OUT_RING,
)


def posterior(draft: Draft, table: Table, beginning: int) -> Floats:
    """One probability per payment."""
    genuine = draft.scenario == Scenario.GENUINE
    cell, hour = _circumstances(draft, table), _hours(table)
    ordinary = _normal(draft.amount, draft.expected)
    odds = np.zeros(len(draft))
    for scenario in _BY_CIRCUMSTANCES:
        own = draft.scenario == scenario
        hours = _ratio(hour, own, genuine) * genuine.sum() / max(own.sum(), 1)
        odds += _ratio(cell, own, genuine) * hours * _density(scenario, draft) / ordinary
    leak = rules.MERCHANT_SHARE * inference.leaking(draft, table, beginning)
    odds += leak / (1 - leak)
    fivefold = _normal(draft.amount / rules.CUSTOMER_TIMES, draft.expected) / rules.CUSTOMER_TIMES / ordinary
    share = rules.CUSTOMER_SHARE
    theft = share * inference.robbed(draft, np.log1p(share * (fivefold - 1)))
    odds += theft / (1 - theft) * fivefold
    odds += (draft.scenario == Scenario.FRIENDLY_FRAUD).sum() / genuine.sum()
    return odds / (1 + odds)


def _circumstances(draft: Draft, table: Table) -> Ints:
    """A number for all that counts beside amount and hour."""
    card_age = _age(draft.card, draft.day)
    device_age = _age(draft.card * (int(draft.device.max()) + 1) + draft.device, draft.day)
    news = np.nan_to_num(Past(table).device.new_cards(DAY))
    levels: list[tuple[Ints, int]] = [
        (np.where(draft.context, device_age, 3), 4),
        (card_age, 3),
        (np.where(draft.context, draft.ip_country != draft.card_country, 2).astype(np.int64), 3),
        (np.searchsorted(np.array([1, 2, 4]), news, "right").astype(np.int64), 4),
        ((draft.context & table.disposable).astype(np.int64), 2),
    ]
    cell = np.zeros(len(draft), dtype=np.int64)
    for values, count in levels:
        cell = cell * count + values
    return cell


def _age(ids: Ints, day: Floats) -> Ints:
    """0: never seen before, 1: seen first within two days, 2: older. The payments are in order of time."""
    _, first, inverse = np.unique(ids, return_index=True, return_inverse=True)
    age = day - day[first[inverse]]
    return np.where(first[inverse] == np.arange(len(ids)), 0, np.where(age < _YOUNG_DAYS, 1, 2))


def _hours(table: Table) -> Ints:
    return (table.at + table.hour_shift) % DAY * 24 // DAY


def _ratio(group: Ints, one: Flags, other: Flags) -> Floats:
    """How many of the one there are for each of the other, in each payment's group."""
    groups = int(group.max()) + 1
    counts = [np.bincount(group[kind], minlength=groups) for kind in (one, other)]
    return ((counts[0] + 1e-3) / (counts[1] + 0.5))[group]


def _normal(amount: Floats, mean: Floats) -> Floats:
    """Normal with half the mean as its deviation; the part below zero spread evenly up to twice the mean."""
    distance = (amount - mean) / (mean / 2)
    bell = np.exp(-(distance**2) / 2) / (np.sqrt(2 * np.pi) * mean / 2)
    below_zero = 0.02275
    density: Floats = bell + np.where(amount < 2 * mean, below_zero / (2 * mean), 0) + 1e-300
    return density


def _density(scenario: Scenario, draft: Draft) -> Floats:
    if scenario is Scenario.CARD_TESTING:
        low, high = (100 * bound for bound in rules.TESTING_AMOUNT)
        return np.where((draft.amount >= low) & (draft.amount <= high), 1 / (high - low), 0.0)
    low, high = rules.TIMES_USUAL[scenario]
    times = draft.amount / draft.expected
    inside = (times > low * (1 - 1e-9)) & (times < high * (1 + 1e-9))
    return np.where(inside, 1 / (draft.amount * np.log(high / low)), 0.0)
