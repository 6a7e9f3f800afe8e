"""History in batch: what each payment of a table had before it, by sorting and binary search over whole columns."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fraud_model.features import SPIKE, Card, Domain, Merchant, Shared, shrunk
from fraud_model.features import features as define
from fraud_model.table import MISSING, NEVER, Flags, Floats, Ints, Table
from fraud_model.times import DAY, HOUR, KEPT

_ROOM = 2 * KEPT


def columns(table: Table) -> dict[str, Floats]:
    """Every feature of every payment."""
    count = len(table)
    found = define(_Facts(table), Past(table))
    return {name: np.broadcast_to(np.asarray(values, dtype=np.float64), count) for name, values in found.items()}


class Past:
    """Everybody's past, at each payment of the table."""

    def __init__(self, table: Table) -> None:
        card = _Card(table)
        self.card: Card = card
        self.merchant: Merchant = _Merchant(table, card.placed(~card.spiking))
        self.device: Shared = _Shared(table, table.device)
        self.email: Shared = _Shared(table, table.email)
        self.ip: Shared = _Shared(table, table.ip)
        self.domain: Domain = _Domain(table)
        self.card_age = age_of_pair(table, table.card, np.zeros_like(table.card))
        self.device_age = age_of_pair(table, table.card, table.device)
        self.country_age = age_of_pair(table, table.card, table.ip_country)

    def where(self, condition: Any, yes: Any, no: Any) -> Any:
        """One or the other, per payment."""
        return np.where(condition, yes, no)


class _Facts:
    def __init__(self, table: Table) -> None:
        local = table.at + table.hour_shift
        unknown = (table.card_country == MISSING) | (table.ip_country == MISSING)
        self.cents = table.cents
        self.hour = local % DAY / HOUR
        self.weekend = ((local // DAY + 3) % 7 >= 5).astype(np.float64)
        self.disposable = np.where(table.email == MISSING, np.nan, table.disposable)
        self.country_mismatch = np.where(unknown, np.nan, table.card_country != table.ip_country)


class _Log:
    """Things that happened to the parties of a grouping, in order; asked at each payment, sorted."""

    def __init__(self, keys: Ints, asked: Ints, end: Ints | None = None) -> None:
        self._keys, self._asked = keys, asked
        self.end: Ints = np.searchsorted(keys, asked, "right") if end is None else end
        self._starts: dict[int, Ints] = {}

    def start(self, window: int) -> Ints:
        """Where the window before each payment begins."""
        if window not in self._starts:
            self._starts[window] = np.searchsorted(self._keys, self._asked - window, "right")
        return self._starts[window]

    def count(self, window: int) -> Ints:
        """How many lie in the window."""
        return self.end - self.start(window)

    def total(self, sums: Ints, window: int) -> Ints:
        """A running sum's growth within the window."""
        growth: Ints = sums[self.end] - sums[self.start(window)]
        return growth


class _Party:
    """Payments sorted by one of their parties, then by time; those of the same moment keep the table's order."""

    def __init__(self, table: Table, ids: Ints) -> None:
        self._ids, self._missing = ids, ids == MISSING
        self._first = int(table.at.min()) if len(table) else 0
        self._span = (int(table.at.max()) - self._first if len(table) else 0) + 2 * _ROOM
        keys = self._keys(ids, table.at)
        self.order: Ints = np.argsort(keys, kind="stable")
        self._asked: Ints = keys[self.order]
        self._place: Ints = np.empty_like(self.order)
        self._place[self.order] = np.arange(len(ids))
        self.at: Ints = table.at[self.order]
        self.log = _Log(self._asked, self._asked, np.arange(len(ids)))
        self._spent = running(table.cents[self.order])
        self._declines = self.events(table.declined_at)
        self._frauds = self.events(table.fraud_at)

    def _keys(self, ids: Ints, at: Ints) -> Ints:
        # One number that sorts by party, then by time. No window reaches into the party before.
        return (ids + 1) * self._span + np.minimum(at - self._first, self._span - _ROOM - 1) + _ROOM

    def events(self, at: Ints) -> _Log:
        """A log of what happened to the payments at those times, if it did."""
        rows = np.flatnonzero(at != NEVER)
        return _Log(np.sort(self._keys(self._ids[rows], at[rows])), self._asked)

    def placed(self, values: NDArray[Any]) -> NDArray[Any]:
        """What the sorted payments have, in the table's order again."""
        return values[self._place]

    def answer(self, values: NDArray[Any]) -> Floats:
        """The same, with NaN where there is no such party."""
        return np.where(self._missing, np.nan, self.placed(values))

    def count(self, window: int) -> Floats:
        """Payments."""
        return self.answer(self.log.count(window))

    def cents(self, window: int) -> Floats:
        """What they came to."""
        return self.answer(self.log.total(self._spent, window))

    def declines(self, window: int) -> Floats:
        """Refusals of the issuer."""
        return self.answer(self._declines.count(window))

    def frauds(self, window: int) -> Floats:
        """Payments that we were told in that time were fraud."""
        return self.answer(self._frauds.count(window))

    def mean(self) -> Floats:
        """Of all payments kept, shrunk, of the sorted payments."""
        found: Floats = shrunk(self.log.total(self._spent, KEPT), self.log.count(KEPT))
        return found


class _Card(_Party):
    def __init__(self, table: Table) -> None:
        super().__init__(table, table.card)
        cents = table.cents[self.order]
        self.spiking: Flags = cents > SPIKE * self.mean()
        self._spikes = running(self.spiking)
        self._ordinary_cents = running(np.where(self.spiking, 0, cents))

    def ordinary_count(self) -> Floats:
        """Payments without spikes, of the days kept."""
        return self.answer(self.log.count(KEPT) - self.log.total(self._spikes, KEPT))

    def usual_cents(self) -> Floats:
        """Their mean, shrunk to the prior."""
        count = self.log.count(KEPT) - self.log.total(self._spikes, KEPT)
        return self.answer(shrunk(self.log.total(self._ordinary_cents, KEPT), count))

    def spikes(self, window: int) -> Floats:
        """Payments far above what had been usual."""
        return self.answer(self.log.total(self._spikes, window))

    def quiet(self) -> Floats:
        """Milliseconds since the payment before."""
        before = np.concatenate((self.at[:1], self.at[:-1]))
        return self.answer(np.where(self.log.count(KEPT) > 0, self.at - before, np.nan))


class _Merchant(_Party):
    def __init__(self, table: Table, ordinary: Flags) -> None:
        super().__init__(table, table.merchant)
        ordinary = ordinary & (table.cents <= SPIKE * self.placed(self.mean()))
        frauds = np.flatnonzero(ordinary & (table.fraud_at != NEVER))
        cleared = np.flatnonzero(ordinary & (table.cleared_at != NEVER))
        rows = np.concatenate((cleared, frauds))
        fraud = np.arange(len(rows)) >= len(cleared)
        keys = self._keys(table.merchant[rows], np.where(fraud, table.fraud_at[rows], table.cleared_at[rows]))
        order = np.lexsort((table.at[rows], fraud, keys))
        self._told = _Log(keys[order], self._asked)
        fraud, self._paid = fraud[order], np.append(table.at[rows][order], 0)
        self._fraud = running(fraud)
        self._fraud_paid = np.append(table.at[rows[order]][fraud], 0)
        self._last_cleared = np.maximum.accumulate(np.append(-1, np.where(fraud, -1, np.arange(len(fraud)))))

    def usual_cents(self) -> Floats:
        """The mean of all its payments, shrunk to the prior."""
        return self.answer(self.mean())

    def frauds(self, window: int) -> Floats:
        """Payments of ordinary amounts that we were told in that time were fraud."""
        return self.answer(self._told.total(self._fraud, window))

    def cleared(self, window: int) -> Floats:
        """Payments about which nobody had complained for long enough, in that time."""
        return self.answer(self._told.count(window) - self._told.total(self._fraud, window))

    def _run_start(self) -> Ints:
        start: Ints = np.maximum(self._last_cleared[self._told.end] + 1, self._told.start(KEPT))
        return start

    def run(self) -> Floats:
        """Frauds we were told of since a payment was last cleared."""
        return self.answer(self._told.end - self._run_start())

    def run_age(self) -> Floats:
        """Milliseconds since the first payment of that run."""
        start = self._run_start()
        return self.answer(np.where(start < self._told.end, self.at - self._paid[start], np.nan))

    def cleared_age(self) -> Floats:
        """Milliseconds since the payment that was cleared last."""
        last = self._last_cleared[self._told.end]
        return self.answer(np.where(last >= self._told.start(KEPT), self.at - self._paid[last], np.nan))

    def first_fraud_age(self) -> Floats:
        """Milliseconds since the payment of the first fraud told in the days kept."""
        return self._fraud_age(self._fraud[self._told.start(KEPT)])

    def last_fraud_age(self) -> Floats:
        """Milliseconds since the payment of the last fraud told in the days kept."""
        return self._fraud_age(self._fraud[self._told.end] - 1)

    def _fraud_age(self, number: Ints) -> Floats:
        # `number` counts the frauds told of any merchant, in the log's order.
        known = self._told.total(self._fraud, KEPT) > 0
        return self.answer(np.where(known, self.at - self._fraud_paid[np.where(known, number, 0)], np.nan))


class _Shared(_Party):
    def __init__(self, table: Table, ids: Ints) -> None:
        super().__init__(table, ids)
        self._new = age_of_pair(table, table.card, ids) == 0
        self._news = running(self._new[self.order])

    def new_cards(self, window: int) -> Floats:
        """Cards it had not shown before, this payment's included."""
        known: Floats = self.answer(self.log.total(self._news, window)) + self._new
        return known


class _Domain(_Party):
    def __init__(self, table: Table) -> None:
        super().__init__(table, table.domain)
        self._cleared = self.events(table.cleared_at)

    def cleared(self, window: int) -> Floats:
        """Payments cleared in that time."""
        return self.answer(self._cleared.count(window))


def running(values: NDArray[Any]) -> Ints:
    """Sums before each place, and of all at the end."""
    return np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(values, dtype=np.int64)))


def age_of_pair(table: Table, one: Ints, other: Ints) -> Floats:
    """Milliseconds since the two first met, `KEPT` at most; 0 where they had not met in the days kept, NaN where one is
    missing."""
    pair = one * (int(other.max(initial=0)) + 2) + other - MISSING
    order = np.argsort(pair, kind="stable")
    paired, at = pair[order], table.at[order]
    first = np.ones(len(table), dtype=bool)
    first[1:] = (paired[1:] != paired[:-1]) | (at[1:] - at[:-1] >= KEPT)
    began = at[np.maximum.accumulate(np.where(first, np.arange(len(table)), 0))]
    found = np.empty(len(table))
    # Who met in the same moment has met: only the first payment of all is new.
    found[order] = np.where(first, 0, np.clip(at - began, 1, KEPT))
    return np.where((one == MISSING) | (other == MISSING), np.nan, found)
