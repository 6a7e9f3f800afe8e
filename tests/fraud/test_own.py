"""A desk's own past: the same features whoever computes them, a model of own labels, a duel that is fair, drift that
is seen."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from fraud_model import FraudScorer, News, Payment, Told, loads, shipped
from fraud_model.drift import ALARM, SCORE, WARN, reference, stability
from fraud_model.learner import NothingToLearn
from fraud_model.model import Model
from fraud_model.own import Past, duel, past_of, relearn
from fraud_model.simulator import Simulation
from fraud_model.simulator.rows import rows
from fraud_model.simulator.run import BEGINNING
from fraud_model.table import Floats
from fraud_model.thresholds import Costs, Threshold, best, curve
from fraud_model.times import DAY

NOW = BEGINNING + 30 * DAY


def quiet(_what: str, _done: int, _of: int) -> None:
    """Nobody watches."""


def told(simulation: Simulation, count: int) -> Iterator[Payment | Told]:
    """The first payments of a simulation, with their news."""
    for payment, news in rows(simulation.table.part(slice(0, count))):
        yield payment
        yield from news


@pytest.fixture(scope="module")
def past(simulation: Simulation) -> Past:
    """Of 45,000 payments, their news before them and in no order."""
    everything = list(told(simulation, 45_000))
    news = [row for row in everything if isinstance(row, Told)]
    random.Random(2).shuffle(news)
    return past_of([*news, *(row for row in everything if isinstance(row, Payment))])


@pytest.fixture(scope="module")
def challenger(past: Past) -> Model:
    """Learned from what was known on the sixteenth day."""
    before = int(np.searchsorted(past.table.at, NOW - 14 * DAY))
    known = Past(
        past.payments[:before], past.table.part(slice(0, before)), {n: v[:before] for n, v in past.columns.items()}
    )
    return relearn(known, NOW - 14 * DAY, progress=quiet, simulated=20_000)


def test_own_payments_have_the_features_that_the_simulator_s_have(
    past: Past, simulation: Simulation, features: dict[str, Floats]
) -> None:
    assert set(past.columns) == set(features)
    for name, values in past.columns.items():
        np.testing.assert_allclose(values, features[name][: len(values)], rtol=0, atol=1e-9, err_msg=name)
    assert (past.table.fraud_at == simulation.table.fraud_at[: len(past.table)]).all()


def test_a_payment_is_known_once_it_was_told_or_cleared_and_never_before(past: Past) -> None:
    table = past.table
    known = past.rows(0, NOW, known_at=NOW)
    for row in range(0, len(table), 97):
        silent_long_enough = table.at[row] + 7 * DAY <= NOW and table.declined_at[row] > NOW
        expected = table.at[row] < NOW and (bool(table.fraud_at[row] <= NOW) or bool(silent_long_enough))
        assert (row in known) == expected
    assert past.fraud(NOW)[known].sum() > 100
    assert not (past.table.fraud_at[known][past.fraud(NOW)[known]] > NOW).any()


def test_a_model_of_own_labels_scores_like_any_other(challenger: Model, past: Past) -> None:
    again = loads(challenger.dumps())
    assert again.version == challenger.version != shipped().version
    assert again.about["data"]["frauds"] >= 10
    index = int(np.nanargmax(past.columns["device_new_cards_1d"]))
    stored = {
        name: None if math.isnan(values[index]) else float(values[index]) for name, values in past.columns.items()
    }
    assert FraudScorer(again).explain(stored).score > 50


def test_a_duel_says_who_is_better_and_how_sure_that_is(challenger: Model, past: Past) -> None:
    draw = duel(shipped(), shipped(), past, NOW - 14 * DAY, NOW)
    assert draw.champion == draw.challenger
    assert (draw.low, draw.high) == (0, 0)
    assert not draw.is_won
    worse = replace(challenger, nodes=replace(challenger.nodes, value=-challenger.nodes.value))
    lost = duel(shipped(), worse, past, NOW - 14 * DAY, NOW)
    assert lost.high < 0
    won = duel(worse, shipped(), past, NOW - 14 * DAY, NOW)
    assert won.is_won
    assert won.low <= won.challenger - won.champion <= won.high


@pytest.mark.parametrize("count", [0, 300])
def test_too_few_own_labels_are_refused_in_words(count: int, simulation: Simulation) -> None:
    few = past_of(told(simulation, count))
    with pytest.raises(NothingToLearn, match="10 are needed"):
        relearn(few, NOW, progress=quiet)
    with pytest.raises(NothingToLearn, match="nothing to compare"):
        duel(shipped(), shipped(), few, 0, BEGINNING)


def test_drift_is_seen_where_it_is(features: dict[str, Floats]) -> None:
    model = shipped()
    then, half = ({name: values[first::8] for name, values in features.items()} for first in (0, 4))
    model = replace(model, about={"reference": reference(model, then)})
    assert max(stability(model, half).values()) < WARN
    dearer = {**half, "amount": half["amount"] * 3, "email_disposable": np.full_like(half["amount"], np.nan)}
    found = stability(model, dearer)
    assert found["amount"] > ALARM
    assert found["email_disposable"] > ALARM
    assert found["hour"] < WARN
    assert SCORE in found
    bare = {**half, "ip_payments_1h": np.full_like(half["amount"], np.nan)}
    knew_nothing = replace(model, about={"reference": reference(model, bare)})
    assert stability(knew_nothing, half)["ip_payments_1h"] > ALARM
    assert stability(knew_nothing, bare)["ip_payments_1h"] < WARN


def test_the_shipped_model_knows_what_its_payments_looked_like(features: dict[str, Floats]) -> None:
    found = stability(shipped(), {name: values[::8] for name, values in features.items()})
    assert set(found) == {*shipped().features, SCORE}
    assert found["amount"] < WARN
    assert found[SCORE] < WARN


def test_news_told_twice_counts_at_its_first_time() -> None:
    payment = Payment("p", NOW, 1_000, "USD", "card", merchant="shop")
    found = past_of([Told(payment, News.FRAUD, NOW + 9), payment, Told(payment, News.FRAUD, NOW + 5), payment])
    assert len(found.table) == 1
    assert found.table.fraud_at[0] == NOW + 5


def test_each_threshold_says_what_it_stops_loses_and_saves() -> None:
    score, cents = np.array([10, 60, 60, 99]), np.array([2_000, 1_000, 10_000, 5_000])
    fraud = np.array([False, False, True, True])
    found = curve(score, cents, fraud, Costs(margin_basis_points=1_000, fee_cents=2_000))
    assert len(found) == 101
    assert found[99] == Threshold(99, 1, 1, 0, fraud_cents=5_000, saved_cents=7_000)
    assert found[60] == Threshold(60, 3, 2, 1, fraud_cents=15_000, saved_cents=15_000 + 4_000 - 100)
    assert found[0].saved_cents == found[60].saved_cents - 200
    assert found[100] == Threshold(100, 0, 0, 0, 0, 0)
    assert best(found).score == 60
