"""What one who knows the rules makes of the past: Bayes' rule over each day on which a leak or robbery may have begun.

Both know a little more than anybody could: labels up to the end of the day, and which payments are of other frauds.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from fraud_model.simulator import scenarios as rules
from fraud_model.simulator.draft import Draft
from fraud_model.simulator.scenarios import Scenario
from fraud_model.table import NEVER, Floats, Ints, Table
from fraud_model.times import DAY

_FARTHEST: Final = rules.MERCHANT_DAYS + 45
_ALIKE: Final = (Scenario.GENUINE, Scenario.COMPROMISED_MERCHANT, Scenario.FRIENDLY_FRAUD)
"""What nothing but the merchant's past could tell apart."""
_AS_OTHERS: Final = (
    Scenario.GENUINE,
    Scenario.COMPROMISED_MERCHANT,
    Scenario.COMPROMISED_CUSTOMER,
    Scenario.FRIENDLY_FRAUD,
)
"""The same, with those that amounts tell of."""


def leaking(draft: Draft, table: Table, beginning: int) -> Floats:
    """The probability that the payment's merchant leaks, by how many of its payments of which days were disputed."""
    rows = np.flatnonzero(draft.at_merchant & np.isin(draft.scenario, _ALIKE))
    day = draft.day.astype(np.int64)
    days, merchants = int(day.max()) + 1, int(draft.merchant.max()) + 1
    made = _counted(day[rows], draft.merchant[rows], days, merchants)
    told = rows[table.fraud_at[rows] != NEVER]
    told_day = (table.fraud_at[told] - beginning) // DAY
    told = told[np.argsort(told_day, kind="stable")]
    told_day = np.sort(told_day)
    leaks = (draft.scenario[told] == Scenario.COMPROMISED_MERCHANT).sum()
    background = (len(told) - leaks + 1) / len(rows)
    disputed = np.zeros((days, merchants))
    found = np.zeros((days, merchants))
    arrived = _arrived(_FARTHEST + 1)
    done = 0
    for today in range(days):
        until = int(np.searchsorted(told_day, today, "right"))
        np.add.at(disputed, (day[told[done:until]], draft.merchant[told[done:until]]), 1)
        done = until
        first = max(0, today - _FARTHEST + 1)
        age = arrived[today - np.arange(first, today + 1)][:, None]
        leak = rules.MERCHANT_SHARE * (1 - rules.DECLINED) * rules.REPORTED * age
        here = disputed[first : today + 1]
        speaks = here * np.log1p(leak / np.maximum(background * age, 1e-12))
        speaks += (made[first : today + 1] - here) * np.log1p(-leak)
        sums = np.concatenate((np.zeros((1, merchants)), np.cumsum(speaks, axis=0)))
        starts = np.arange(today - _FARTHEST + 1, today + 1)
        ends = np.minimum(starts + rules.MERCHANT_DAYS, today + 1)
        evidence = sums[np.clip(ends - first, 0, None)] - sums[np.clip(starts - first, 0, None)]
        most = np.maximum(evidence.max(axis=0), 0)
        weight = rules.MERCHANTS_A_DAY * np.exp(evidence - most)
        running = starts > today - rules.MERCHANT_DAYS
        found[today] = weight[running].sum(axis=0) / (np.exp(-most) + weight.sum(axis=0))
    return np.where(draft.at_merchant, found[day, draft.merchant], 0.0)


def robbed(draft: Draft, speaks: Floats) -> Floats:
    """The probability that the payment's customer is being robbed, by the amounts before it; `speaks` is how much more
    likely each payment's amount is then, as a logarithm."""
    span = rules.CUSTOMER_DAYS
    day = draft.day.astype(np.int64)
    room = int(day.max()) + 4 * span
    keys = draft.customer * room + day + 2 * span
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    own = np.isin(draft.scenario, _AS_OTHERS)
    sums = np.concatenate(([0.0], np.cumsum(np.where(own, speaks, 0.0)[order])))
    place = np.arange(len(keys))
    evidence = np.empty((2 * span, len(keys)))
    for back in range(2 * span):
        start = np.searchsorted(keys, keys - back, "left")
        end = np.searchsorted(keys, keys - back + span, "left") if back >= span else place
        evidence[back] = sums[end] - sums[start]
    most = np.maximum(evidence.max(axis=0), 0)
    weight = rules.CUSTOMERS_A_DAY * np.exp(evidence - most)
    found = np.empty(len(keys))
    found[order] = weight[:span].sum(axis=0) / (np.exp(-most) + weight.sum(axis=0))
    return found


def _counted(day: Ints, party: Ints, days: int, parties: int) -> Floats:
    counts = np.bincount(day * parties + party, minlength=days * parties)
    return counts.reshape(days, parties).astype(np.float64)


def _arrived(days: int) -> Floats:
    """By each age in days, the share of disputes that have come."""
    low, high = rules.REPORT_DAYS
    grid = np.linspace(0, 1, 2_001)
    density = grid ** (rules.REPORT_SHAPE[0] - 1) * (1 - grid) ** (rules.REPORT_SHAPE[1] - 1)
    shares = np.cumsum(density) / density.sum()
    found: Floats = np.interp((np.arange(days) + 0.5 - low) / (high - low), grid, shares, left=0.0)
    return found
