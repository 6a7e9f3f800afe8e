"""One party's past online. `now` is set before anything is asked, so that the questions are those of the batch."""

from __future__ import annotations

import math
from typing import Final

from fraud_model.features import shrunk
from fraud_model.logs import Log, Outcomes
from fraud_model.times import KEPT

_CENTS, _SPIKES, _ORDINARY_CENTS = range(3)
_NEW_CARDS: Final = 1


class Party:
    """What every kind of party has: payments, declines, frauds."""

    __slots__ = ("_declines", "_frauds", "last", "now", "payments")
    sums = 1

    def __init__(self) -> None:
        self.now = 0
        self.last = 0
        self.payments = Log(self.sums)
        self._declines: Log | None = None
        self._frauds: Log | None = None

    def paid(self, at: int, *values: int) -> None:
        """A payment of theirs."""
        self.payments.add(at, *values)
        self.payments.prune(at)

    def declined(self, at: int) -> None:
        """The issuer declined one."""
        if self._declines is None:
            self._declines = Log()
        self._declines.add(at)
        self._declines.prune(at)

    def defrauded(self, at: int) -> None:
        """One was told to be fraud."""
        if self._frauds is None:
            self._frauds = Log()
        self._frauds.add(at)
        self._frauds.prune(at)

    def count(self, window: int) -> float:
        """Payments."""
        return self.payments.count(self.now, window)

    def cents(self, window: int) -> float:
        """What they came to."""
        return self.payments.total(_CENTS, self.now, window)

    def declines(self, window: int) -> float:
        """Refusals of the issuer."""
        return 0 if self._declines is None else self._declines.count(self.now, window)

    def frauds(self, window: int) -> float:
        """Payments that we were told in that time were fraud."""
        return 0 if self._frauds is None else self._frauds.count(self.now, window)

    def mean_cents(self) -> float:
        """Of all payments kept, shrunk."""
        mean: float = shrunk(self.cents(KEPT), self.count(KEPT))
        return mean


class Card(Party):
    """Sums: cents, spikes, cents without the spikes."""

    __slots__ = ()
    sums = 3

    def ordinary_count(self) -> float:
        """Payments without spikes, of the days kept."""
        return self.count(KEPT) - self.spikes(KEPT)

    def usual_cents(self) -> float:
        """Their mean, shrunk to the prior."""
        usual: float = shrunk(self.payments.total(_ORDINARY_CENTS, self.now, KEPT), self.ordinary_count())
        return usual

    def spikes(self, window: int) -> float:
        """Payments far above what had been usual."""
        return self.payments.total(_SPIKES, self.now, window)

    def quiet(self) -> float:
        """Milliseconds since the payment before."""
        end = self.payments.end(self.now)
        last = self.payments.times[end - 1] if end else self.now - KEPT
        return self.now - last if last > self.now - KEPT else math.nan


class Merchant(Party):
    """Its frauds are those of ordinary amounts: others tell of the card, not of the merchant."""

    __slots__ = ("outcomes",)

    def __init__(self) -> None:
        super().__init__()
        self.outcomes = Outcomes()

    def usual_cents(self) -> float:
        """The mean of all its payments, shrunk to the prior."""
        return self.mean_cents()

    def frauds(self, window: int) -> float:
        """Payments of ordinary amounts that we were told in that time were fraud."""
        return self.outcomes.fraud_count(self.now, window)

    def cleared(self, window: int) -> float:
        """Payments about which nobody had complained for long enough, in that time."""
        return self.outcomes.cleared_count(self.now, window)

    def run(self) -> float:
        """Frauds we were told of since a payment was last cleared."""
        return self.outcomes.run(self.now)[0]

    def run_age(self) -> float:
        """Milliseconds since the first payment of that run."""
        first = self.outcomes.run(self.now)[1]
        return math.nan if first is None else self.now - first

    def cleared_age(self) -> float:
        """Milliseconds since the payment that was cleared last."""
        paid = self.outcomes.last_cleared_paid(self.now)
        return math.nan if paid is None else self.now - paid

    def first_fraud_age(self) -> float:
        """Milliseconds since the payment of the first fraud told in the days kept."""
        paid = self.outcomes.fraud_paid(self.now)[0]
        return math.nan if paid is None else self.now - paid

    def last_fraud_age(self) -> float:
        """Milliseconds since the payment of the last fraud told in the days kept."""
        paid = self.outcomes.fraud_paid(self.now)[1]
        return math.nan if paid is None else self.now - paid


class Shared(Party):
    """Sums: cents, cards it had not shown before. `newcomer` says whether the payment that waits brings one."""

    __slots__ = ("newcomer",)
    sums = 2

    def __init__(self) -> None:
        super().__init__()
        self.newcomer = 0

    def new_cards(self, window: int) -> float:
        """Cards it had not shown before, this payment's included."""
        return self.payments.total(_NEW_CARDS, self.now, window) + self.newcomer


class Domain(Party):
    """An e-mail domain: only what its payments turned out to be."""

    __slots__ = ("_cleared",)

    def __init__(self) -> None:
        super().__init__()
        self._cleared = Log()

    def was_cleared(self, at: int) -> None:
        """One of its payments was cleared."""
        self._cleared.add(at)
        self._cleared.prune(at)

    def cleared(self, window: int) -> float:
        """Payments cleared in that time."""
        return self._cleared.count(self.now, window)


class Nobody:
    """Stands where the payment names no such party: nothing is known."""

    now = 0
    newcomer = 0

    def _unknown(self, _window: int = 0) -> float:
        return math.nan

    count = cents = declines = frauds = cleared = new_cards = _unknown
    usual_cents = run = run_age = cleared_age = first_fraud_age = last_fraud_age = _unknown
