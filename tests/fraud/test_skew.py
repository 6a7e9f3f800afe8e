"""Batch and online say the same of every payment, and a rebuilt state the same as one that never ended."""

from __future__ import annotations

import math
import random

import numpy as np

from fraud_model import FraudScorer, News, Payment, State, Told, shipped
from fraud_model.model import points_of
from fraud_model.simulator import Simulation
from fraud_model.simulator.rows import rows
from fraud_model.table import Floats
from fraud_model.times import DAY, WARM_UP

AT_LEAST = 100_000


def test_a_replay_gives_every_feature_and_score_of_the_batch(
    simulation: Simulation, features: dict[str, Floats]
) -> None:
    model, state = shipped(), State()
    names = list(features)
    batch = np.column_stack([features[name] for name in names])
    scores = model.log_odds({name: features[name] for name in names})
    online = np.empty_like(batch)
    payments = 0
    for index, (payment, news) in enumerate(rows(simulation.table)):
        values = state.features(payment)
        online[index] = [values[name] for name in names]
        state.observe(payment)
        for told in news:
            state.learn(told)
        payments += 1
    assert payments >= AT_LEAST
    apart = {
        name: float(np.nanmax(np.abs(online[:, column] - batch[:, column]), initial=0))
        for column, name in enumerate(names)
        if (np.isnan(online[:, column]) != np.isnan(batch[:, column])).any()
        or np.nanmax(np.abs(online[:, column] - batch[:, column]), initial=0) > 1e-9
    }
    assert apart == {}
    again = model.log_odds({name: online[:, column] for column, name in enumerate(names)})
    assert np.abs(again - scores).max() < 1e-12


def test_one_payment_scores_as_in_batch(simulation: Simulation, features: dict[str, Floats]) -> None:
    scorer = FraudScorer()
    log_odds = scorer.model.log_odds(features)
    for index in np.argsort(-log_odds)[:: len(log_odds) // 200]:
        assessment = scorer.explain({name: float(values[index]) for name, values in features.items()})
        assert math.isclose(assessment.exact_points, points_of(float(log_odds[index])), abs_tol=1e-9)


def test_a_state_rebuilt_from_the_last_months_is_the_same() -> None:
    long_ago, lately = State(), State()
    past: list[Payment | Told] = []
    random.seed(5)
    start = 20_000 * DAY
    for day in range(260):
        for number in range(6):
            card = random.randrange(8)
            payment = Payment(
                id=f"{day}-{number}",
                at=start + day * DAY + number * 1000,
                amount_minor=random.choice([900, 2_000, 4_000, 30_000, 90_000]),
                currency="EUR",
                card=f"c{card}",
                merchant=f"m{random.randrange(3)}",
                device=f"d{random.randrange(5)}",
                email=f"{card}@example.com",
                ip=f"i{random.randrange(4)}",
                card_country="DE",
                ip_country=random.choice(["DE", "FR"]),
            )
            past.append(payment)
    told = [
        Told(row, random.choice(list(News)), row.at + random.randrange(1, 30) * DAY)
        for row in past
        if isinstance(row, Payment) and random.random() < 0.2
    ]
    everything = sorted([*past, *told], key=lambda row: row.at)
    long_ago.replay(everything)
    end = start + 260 * DAY
    lately.replay(row for row in everything if (row.payment.at if isinstance(row, Told) else row.at) > end - WARM_UP)
    for card in range(8):
        for merchant in range(3):
            asked = Payment(
                f"x{card}", end, 5_000, "EUR", f"c{card}", f"m{merchant}", "d1", f"{card}@example.com", "i2", "DE", "FR"
            )
            one, other = long_ago.features(asked), lately.features(asked)
            assert {name: value for name, value in one.items() if not same(value, other[name])} == {}


def test_what_comes_late_counts_from_its_own_time_on() -> None:
    in_order, late = State(), State()
    payments = [Payment(str(n), 20_000 * DAY + n * 60_000, 1_500, "USD", "c", device="d") for n in range(40)]
    in_order.replay(payments)
    shuffled = payments[:]
    random.seed(3)
    random.shuffle(shuffled)
    late.replay(shuffled)
    asked = Payment("x", payments[25].at + 1, 1_500, "USD", "c", device="d")
    for name in ("card_payments_1h", "card_spent_1d", "card_usual", "card_age_days", "device_payments_1h"):
        assert late.features(asked)[name] == in_order.features(asked)[name], name
    assert in_order.features(asked)["device_payments_1h"] == 26


def same(one: float, other: float) -> bool:
    """Equal, NaN included."""
    return one == other or (math.isnan(one) and math.isnan(other))
