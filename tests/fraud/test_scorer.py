"""The scorer: scores that rise with card testing, reasons that add up, files that are refused, bounded memory."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from fraud_model import FraudScorer, ModelRefused, News, Payment, State, Told, load, loads, shipped
from fraud_model.model import probability_of, score_of
from fraud_model.times import DAY, HOUR

NOON = 20_500 * DAY + 12 * HOUR


def payment(number: int, at: int, **fields: str) -> Payment:
    """A small payment at one shop."""
    return Payment(f"p{number}", at, 150, "USD", fields.pop("card", "card"), "shop", **fields)


@pytest.fixture(scope="module")
def scorer() -> FraudScorer:
    """With a shop that has been selling for a month."""
    made = FraudScorer()
    for number in range(600):
        at = NOON - 30 * DAY + number * 72 * 60_000
        made.observe(
            Payment(
                f"old{number}",
                at,
                4_000 + number % 7 * 500,
                "USD",
                f"card{number % 60}",
                "shop",
                f"device{number % 60}",
                f"{number % 60}@example.com",
                f"ip{number % 60}",
                "US",
                "US",
            )
        )
    return made


def test_card_testing_from_one_device_climbs_and_says_why(scorer: FraudScorer) -> None:
    scores = []
    for number in range(20):
        tried = payment(
            number,
            NOON + number * 60_000,
            card=f"stolen{number}",
            device="thief",
            ip="thief",
            email=f"x{number}@example.com",
            card_country="US",
            ip_country="US",
        )
        assessment = scorer.assess(tried)
        scores.append(assessment.score)
        scorer.observe(tried)
        scorer.learn(Told(tried, News.DECLINED, tried.at))
    assert scores[-1] >= 90
    assert scores[0] < scores[-1]
    assert any("new cards" in reason.text or "declines" in reason.text for reason in assessment.reasons)
    known = scorer.assess(
        Payment("g", NOON + HOUR, 4_500, "USD", "card7", "shop", "device7", "7@example.com", "ip7", "US", "US")
    )
    assert known.score < 40


def test_the_reasons_add_up_to_the_score(scorer: FraudScorer) -> None:
    for number, fields in enumerate(
        ({}, {"device": "new", "ip_country": "BR", "card_country": "US"}, {"card": "card1"})
    ):
        assessment = scorer.assess(payment(number, NOON + DAY, **fields))
        assert len(assessment.reasons) == 3
        total = assessment.base_points + sum(reason.points for reason in assessment.reasons) + assessment.other_points
        assert math.isclose(total, assessment.exact_points, abs_tol=1e-9)
        assert assessment.score == min(99, max(0, math.floor(assessment.exact_points)))
        assert all(reason.text for reason in assessment.reasons)


def test_a_decision_is_replayed_from_its_stored_features(scorer: FraudScorer) -> None:
    assessment = scorer.assess(payment(1, NOON + DAY, device="d"))
    stored = json.loads(json.dumps(dict(assessment.features), allow_nan=False))
    assert stored["email_disposable"] is None
    assert scorer.explain(stored) == assessment


def test_asking_alone_changes_nothing() -> None:
    scorer = FraudScorer()
    first = scorer.assess(payment(1, NOON, device="d", ip="i"))
    assert scorer.assess(payment(1, NOON, device="d", ip="i")).exact_points == first.exact_points
    scorer.observe(payment(1, NOON, device="d", ip="i"))
    assert scorer.assess(payment(2, NOON + 1, device="d", ip="i")).features["device_payments_1h"] == 1


def test_what_is_told_twice_counts_once() -> None:
    state = State()
    paid, asked = payment(1, NOON, device="d"), payment(2, NOON + 2, device="d")
    for _ in range(2):
        state.observe(paid)
        state.learn(Told(paid, News.DECLINED, NOON + 1))
        state.learn(Told(paid, News.FRAUD, NOON + 2))
    found = state.features(asked)
    names = ("device_payments_1h", "device_declines_1d", "device_frauds_30d", "card_payments_1d", "merchant_run")
    assert {name: found[name] for name in names} == dict.fromkeys(names, 1)


def test_news_counts_from_its_own_time_on() -> None:
    state = State()
    paid = payment(1, NOON, device="d")
    state.observe(paid)
    state.learn(Told(paid, News.FRAUD, NOON + 3 * DAY))
    before, after = payment(2, NOON + 3 * DAY - 1, device="d"), payment(3, NOON + 3 * DAY, device="d")
    assert state.features(before)["device_frauds_30d"] == 0
    assert state.features(after)["device_frauds_30d"] == 1
    assert state.features(after)["merchant_run"] == 1


@pytest.mark.parametrize(
    ("probability", "score"), [(0.5, 80), (1 / 3, 72), (0.001, 0), (0.0001, 0), (0.9999, 99), (0.8, 96)]
)
def test_the_score_is_a_fixed_map_of_the_odds(probability: float, score: int) -> None:
    log_odds = math.log(probability / (1 - probability))
    assert score_of(log_odds + 1e-12) == score
    assert math.isclose(probability_of(log_odds), probability)


def changed(text: str) -> str:
    """One threshold moved."""
    content = json.loads(text)
    content["trees"]["threshold"][0] += 1
    return json.dumps(content)


def other_schema(text: str) -> str:
    """Of another program."""
    return json.dumps(json.loads(text) | {"schema": 99})


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (changed, "was changed"),
        (lambda text: text.replace('"seed": ', '"seed": 1'), "was changed"),
        (other_schema, "schema is 99"),
        (lambda text: text[: len(text) // 2], "not a model"),
        (lambda _: "[]", "schema is None"),
    ],
)
def test_what_is_not_as_it_was_written_is_refused(spoil: object, words: str, tmp_path: Path) -> None:
    assert callable(spoil)
    path = tmp_path / "model.json"
    path.write_text(spoil(shipped().dumps()))
    with pytest.raises(ModelRefused, match=words):
        load(path)


def test_a_model_of_unknown_features_is_refused() -> None:
    model = shipped()
    renamed = type(model)(("moon_phase", *model.features[1:]), model.intercept, model.nodes, model.about)
    with pytest.raises(ModelRefused, match="moon_phase"):
        loads(renamed.dumps())


def test_a_written_model_is_read_back_the_same() -> None:
    text = shipped().dumps()
    assert loads(text).dumps() == text
    assert len(text) < 1_000_000


def test_memory_is_bounded_by_forgetting_the_longest_silent() -> None:
    state = State(limit=100)
    for number in range(1_000):
        state.observe(Payment(str(number), NOON + number, 100, "USD", f"c{number}", ip=f"i{number}"))
    assert state.dropped == 2 * 900
    assert state.features(Payment("x", NOON + 2_000, 100, "USD", "c999"))["card_payments_1d"] == 1
    assert state.features(Payment("x", NOON + 2_000, 100, "USD", "c1"))["card_payments_1d"] == 0
