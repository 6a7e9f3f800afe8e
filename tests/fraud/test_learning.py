"""Training: nothing learned where there is nothing, equal to scikit-learn, near the ceiling."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from fraud_model import learner, shipped
from fraud_model.evaluate import compare
from fraud_model.live import State
from fraud_model.past import columns
from fraud_model.payments import Payment
from fraud_model.reasons import WORDS
from fraud_model.simulator import Scenario, Simulation, simulate
from fraud_model.table import Flags, Floats


@pytest.fixture(scope="module")
def half(simulation: Simulation, features: dict[str, Floats]) -> tuple[dict[str, Floats], Flags]:
    """What is learned from."""
    rows = simulation.rows(30, 48)
    return {name: values[rows] for name, values in features.items()}, simulation.fraud[rows]


def test_the_arrays_equal_scikit_learn(half: tuple[dict[str, Floats], Flags]) -> None:
    found, fraud = ({name: values[::8] for name, values in half[0].items()}, half[1][::8])
    model = learner.learn(found, fraud, seed=1, genuine_share=1.0)
    matrix = np.column_stack([found[name] for name in model.features])
    members = [
        learner.fitted(settings, matrix, fraud, np.ones(len(fraud)), 1).decision_function(matrix)
        for settings in learner.MEMBERS
    ]
    ours = model.log_odds(found)
    assert np.abs(ours - np.mean(members, axis=0)).max() < 1e-12
    for index in range(0, len(fraud), len(fraud) // 50):
        leaves = model.forest.leaves(matrix[index].tolist())
        assert abs(model.intercept + model.forest.log_odds(leaves) - ours[index]) < 1e-12


def test_shuffled_labels_teach_nothing(
    simulation: Simulation, features: dict[str, Floats], half: tuple[dict[str, Floats], Flags]
) -> None:
    found, fraud = half
    model = learner.learn(found, np.random.default_rng(4).permutation(fraud), seed=1)
    rows = simulation.rows(55, 70)
    probability = model.probabilities({name: features[name][rows] for name in model.features})
    truth = np.random.default_rng(5).permutation(simulation.fraud[rows])
    assert average_precision_score(truth, probability) < 2 * truth.mean()
    assert average_precision_score(simulation.fraud[rows], probability) < 0.2


def test_a_sandbox_without_labels_and_context_can_be_learned_from(half: tuple[dict[str, Floats], Flags]) -> None:
    found, fraud = half
    unknown = ("device", "email", "ip", "domain", "merchant", "country")
    bare = {
        name: np.full_like(values, np.nan) if any(word in name for word in unknown) else values
        for name, values in found.items()
    }
    model = learner.learn(bare, fraud, seed=1)
    assert not [name for name in model.features if any(word in name for word in unknown)]
    assert model.probabilities(bare)[fraud].mean() > 5 * model.probabilities(bare)[~fraud].mean()


@pytest.mark.parametrize("label", [False, True])
def test_one_kind_alone_is_refused_in_words(half: tuple[dict[str, Floats], Flags], *, label: bool) -> None:
    found, fraud = half
    with pytest.raises(learner.NothingToLearn, match="both kinds are needed"):
        learner.learn(found, np.full_like(fraud, label), seed=1)


def test_the_shipped_model_comes_near_the_ceiling_on_people_it_never_saw() -> None:
    simulation = simulate(300_000, 75, seed=77)
    evaluation, probability, tested = compare(shipped(), columns(simulation.table), simulation, 45, 75)
    assert evaluation.ap_of_ceiling >= 0.95
    assert evaluation.model.ece < 0.005
    assert abs(tested.posterior.sum() / tested.fraud.sum() - 1) < 0.1
    assert {scenario.words for scenario in Scenario if scenario} == set(evaluation.scenarios)
    assert probability[tested.fraud].mean() > 0.5


def test_the_same_seed_simulates_the_same() -> None:
    one, same, other = simulate(5_000, 30, 1), simulate(5_000, 30, 1), simulate(5_000, 30, 2)
    assert (one.table.cents == same.table.cents).all()
    assert (one.posterior == same.posterior).all()
    assert len(one.table) != len(other.table) or (one.table.cents != other.table.cents).any()


def test_every_feature_has_its_words() -> None:
    payment = Payment("p", 1_800_000_000_000, 1_000, "USD", "c", "m", "d", "a@example.com", "i", "US", "US")
    assert set(State().features(payment)) == set(WORDS)
