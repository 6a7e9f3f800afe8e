"""The benchmark's protocol: no label before its delay, known cards out of the test, metrics as the handbook counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from fraud_model.benchmark import Handbook, features_of, rows_to_test
from fraud_model.metrics import card_precision, recall_at
from fraud_model.times import DAY, milliseconds

START = milliseconds(datetime(2018, 4, 1, tzinfo=UTC))


def made(count: int = 3_000, days: int = 30) -> Handbook:
    rng = np.random.default_rng(2)
    return Handbook(
        at=START + np.sort(rng.integers(0, days * 86_400, count)) * 1000,
        cents=rng.integers(500, 20_000, count),
        customer=rng.integers(0, 80, count),
        terminal=rng.integers(0, 20, count),
        fraud=rng.random(count) < 0.05,
    )


def test_no_feature_sees_a_label_before_its_delay() -> None:
    data = made()
    day = 15
    flipped = replace(data, fraud=np.where(data.day >= day, ~data.fraud, data.fraud))
    one, other = features_of(data, 7), features_of(flipped, 7)
    early = data.at < START + (day + 7) * DAY
    for name in one:
        np.testing.assert_array_equal(one[name][early], other[name][early], err_msg=name)
    assert any((one[name][~early] != other[name][~early]).any() for name in one if name.startswith("merchant_fraud"))


def test_known_cards_are_taken_out_of_the_test_once_their_label_has_come() -> None:
    data = made()
    start, delay = 20, 7
    rows = rows_to_test(data, start, delay)
    for row in range(len(data.at)):
        today = int(data.day[row])
        if not start <= today < start + 7:
            assert row not in rows
            continue
        told = data.fraud & (data.day >= start - delay - 7) & (data.day < today - delay)
        assert (row in rows) == (data.customer[row] not in data.customer[told])


def test_card_precision_counts_cards_once_and_forgets_those_found() -> None:
    day = np.array([0, 0, 0, 1, 1])
    card = np.array([1, 1, 2, 1, 3])
    fraud = np.array([True, True, False, True, True])
    probability = np.array([0.9, 0.8, 0.7, 0.9, 0.6])
    assert card_precision(probability, fraud, card, day, cards=2) == (0.5 + 0.5) / 2
    assert recall_at(probability, fraud, 0.4) == 0.5
