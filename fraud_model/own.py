"""A desk's own past, for what looks at all of it at once: its features in batch, a model learned from its own labels,
and the champion beside a challenger."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from fraud_model.drift import reference
from fraud_model.learner import NothingToLearn, Progress, learn, versions
from fraud_model.model import Model
from fraud_model.past import columns
from fraud_model.payments import News, Payment, Told
from fraud_model.places import DISPOSABLE, hour_shift
from fraud_model.simulator import simulate
from fraud_model.table import MISSING, NEVER, Flags, Floats, Ints, Table, cleared_at
from fraud_model.times import CLEARED_AFTER

SIMULATED: Final = 200_000
"""Simulated payments that one learns from beside one's own: a desk's own frauds are few, and of few kinds."""
SIMULATED_DAYS: Final = 75
HISTORY_DAYS: Final = 45
LEAST_FRAUDS: Final = 10
SEED: Final = 2026

_DRAWS: Final = 200


@dataclass(frozen=True)
class Past:
    """Payments in order of time, with their features as they were then."""

    payments: Sequence[Payment]
    table: Table
    columns: dict[str, Floats]

    def rows(self, since: int, until: int, *, known_at: int) -> Ints:
        """Payments of that time of which it was known at `known_at` what they are. Of one that the issuer declined
        nobody complains, so silence says nothing of it."""
        table = self.table
        known = (table.fraud_at <= known_at) | ((table.cleared_at <= known_at) & (table.declined_at == NEVER))
        return np.flatnonzero((table.at >= since) & (table.at < until) & known)

    def fraud(self, known_at: int) -> Flags:
        """Which of all payments were known as fraud by then."""
        found: Flags = self.table.fraud_at <= known_at
        return found


def past_of(rows: Iterable[Payment | Told]) -> Past:
    """From the same rows that `State.replay` reads, in any order; payments of one moment in the order in which they are
    given."""
    payments: dict[str, Payment] = {}
    told: dict[tuple[str, News], int] = {}
    for row in rows:
        if isinstance(row, Payment):
            payments.setdefault(row.id, row)
        else:
            key = row.payment.id, row.news
            told[key] = min(told.get(key, NEVER), row.at)
    ordered = sorted(payments.values(), key=lambda payment: payment.at)
    table = _table(ordered, told)
    return Past(ordered, table, columns(table) if ordered else {})


def relearn(past: Past, now: int, *, progress: Progress, seed: int = SEED, simulated: int = SIMULATED) -> Model:
    """A challenger: learned from all own payments of which it is known what they are, and from simulated ones."""
    rows = past.rows(0, now, known_at=now)
    own_fraud = past.fraud(now)[rows]
    if own_fraud.sum() < LEAST_FRAUDS:
        raise NothingToLearn(
            f"{own_fraud.sum():,} own frauds are known among {len(rows):,} payments: {LEAST_FRAUDS} are needed"
        )
    progress("simulating", 0, 1)
    simulation = simulate(simulated, SIMULATED_DAYS, seed)
    progress("simulating", 1, 1)
    learned = simulation.rows(HISTORY_DAYS, SIMULATED_DAYS)
    made_up = columns(simulation.table)
    both = {name: np.concatenate((past.columns[name][rows], values[learned])) for name, values in made_up.items()}
    fraud = np.concatenate((own_fraud, simulation.fraud[learned]))
    model = learn(both, fraud, seed=seed, genuine_share=1.0, progress=progress)
    own = {name: past.columns[name][rows] for name in model.features}
    about = {
        "data": {
            "source": "own labels and fraud_model.simulator",
            "payments": len(rows),
            "frauds": int(own_fraud.sum()),
            "simulated": len(learned),
            "seed": seed,
            "until": now,
        },
        "versions": versions(),
        "reference": reference(model, own),
    }
    return Model(model.features, model.intercept, model.nodes, about)


@dataclass(frozen=True)
class Duel:
    """Average precision of two models on the same payments; `low` and `high` bound the challenger's lead, 95 % sure."""

    payments: int
    frauds: int
    champion: float
    challenger: float
    low: float
    high: float

    @property
    def is_won(self) -> bool:
        """Whether the challenger is better beyond doubt."""
        return self.low > 0


def duel(champion: Model, challenger: Model, past: Past, since: int, now: int, *, seed: int = SEED) -> Duel:
    """On payments that neither should have learned from. Payments are drawn anew, again and again (bootstrap)."""
    from sklearn.metrics import average_precision_score

    rows = past.rows(since, now, known_at=now)
    fraud = past.fraud(now)[rows]
    if not 0 < fraud.sum() < len(fraud):
        raise NothingToLearn(f"{fraud.sum():,} frauds among {len(fraud):,} payments: nothing to compare models by")
    found = {name: values[rows] for name, values in past.columns.items()}
    one, other = champion.log_odds(found), challenger.log_odds(found)
    rng = np.random.default_rng(seed)
    leads = []
    for _ in range(_DRAWS):
        drawn = rng.integers(0, len(rows), len(rows))
        if fraud[drawn].any():
            truth = fraud[drawn]
            leads.append(average_precision_score(truth, other[drawn]) - average_precision_score(truth, one[drawn]))
    low, high = np.quantile(leads, (0.025, 0.975)) if leads else (-1.0, 1.0)
    return Duel(
        payments=len(rows),
        frauds=int(fraud.sum()),
        champion=float(average_precision_score(fraud, one)),
        challenger=float(average_precision_score(fraud, other)),
        low=float(low),
        high=float(high),
    )


def _table(payments: Sequence[Payment], told: dict[tuple[str, News], int]) -> Table:
    at = np.array([payment.at for payment in payments], dtype=np.int64)
    fraud_at = _arrivals(payments, told, News.FRAUD)
    countries: dict[str, int] = {}
    return Table(
        at=at,
        cents=np.array([payment.cents for payment in payments], dtype=np.int64),
        card=_numbered(payment.card for payment in payments),
        merchant=_numbered(payment.merchant for payment in payments),
        device=_numbered(payment.device for payment in payments),
        email=_numbered(payment.email for payment in payments),
        domain=_numbered(payment.domain for payment in payments),
        ip=_numbered(payment.ip for payment in payments),
        card_country=_numbered((payment.card_country for payment in payments), countries),
        ip_country=_numbered((payment.ip_country for payment in payments), countries),
        disposable=np.array([payment.domain in DISPOSABLE for payment in payments], dtype=bool),
        hour_shift=np.array([hour_shift(payment.card_country) for payment in payments], dtype=np.int64),
        declined_at=_arrivals(payments, told, News.DECLINED),
        fraud_at=fraud_at,
        cleared_at=cleared_at(at, fraud_at, CLEARED_AFTER),
    )


def _numbered(names: Iterable[str | None], known: dict[str, int] | None = None) -> Ints:
    numbers: dict[str, int] = {} if known is None else known
    found = [MISSING if name is None else numbers.setdefault(name, len(numbers)) for name in names]
    return np.array(found, dtype=np.int64)


def _arrivals(payments: Sequence[Payment], told: dict[tuple[str, News], int], news: News) -> Ints:
    return np.array([told.get((payment.id, news), NEVER) for payment in payments], dtype=np.int64)
