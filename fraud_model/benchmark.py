"""The yardstick: the Fraud-Detection-Handbook's simulated payments under its published protocol.

For each test week: a model is trained on the days before a delay, tested on the week after it; a label is known only
when it is `delay` days old, for features and for training alike; cards known as compromised are taken out of the test.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np

from fraud_model.learner import Progress, learn
from fraud_model.metrics import card_precision, measure
from fraud_model.past import columns
from fraud_model.table import NEVER, Flags, Floats, Ints, Table, blank
from fraud_model.times import DAY, KEPT, milliseconds

WEEK: Final = 7
KNOWN_DAYS: Final = 7
"""Cards with a fraud in so many days before the delay, and since, are known: the published split's training week,
whatever one trains on, so that the test payments are the published ones."""

SEED: Final = 7
_ORIGIN: Final = date(2018, 4, 1)
_NEEDED: Final = ("first_tx_id", "first_seconds", "gap_seconds", "customer", "terminal", "amount_cents", "scenario")


class NoData(Exception):
    """The folder has not what the benchmark needs; says what."""


@dataclass(frozen=True)
class Handbook:
    """All payments of a folder."""

    at: Ints
    cents: Ints
    customer: Ints
    terminal: Ints
    fraud: Flags

    @property
    def day(self) -> Ints:
        """Days since the handbook's first."""
        return self.at // DAY - milliseconds(datetime.combine(_ORIGIN, datetime.min.time(), UTC)) // DAY


@dataclass(frozen=True)
class Week:
    """What was measured in one."""

    week: str
    payments: int
    frauds: int
    auc: float
    ap: float
    cp100: float
    recall_005: float
    recall_01: float
    ece: float


MEASURES: Final = ("auc", "ap", "cp100", "recall_005", "recall_01", "ece")


def read(folder: Path) -> Handbook:
    """Every `handbook_*.npz` of the folder, put together by time; payments that two files share count once."""
    files = sorted(folder.glob("handbook_*.npz"))
    if not files:
        raise NoData(f"{folder} holds no handbook_*.npz")
    parts = []
    for path in files:
        with np.load(path, allow_pickle=False) as arrays:
            missing = [name for name in _NEEDED if name not in arrays]
            if missing:
                raise NoData(f"{path} lacks {', '.join(missing)}")
            count = len(arrays["customer"])
            seconds = int(arrays["first_seconds"][0]) + np.cumsum(arrays["gap_seconds"].astype(np.int64))
            parts.append(
                np.column_stack(
                    [
                        int(arrays["first_tx_id"][0]) + np.arange(count),
                        seconds,
                        *(
                            arrays[name].astype(np.int64)
                            for name in ("customer", "terminal", "amount_cents", "scenario")
                        ),
                    ]
                )
            )
    rows = np.concatenate(parts)
    _, first = np.unique(rows[:, 0], return_index=True)
    rows = rows[first]
    start = milliseconds(datetime.combine(_ORIGIN, datetime.min.time(), UTC))
    return Handbook(start + rows[:, 1] * 1000, rows[:, 4], rows[:, 2], rows[:, 3], rows[:, 5] > 0)


def features_of(data: Handbook, delay_days: int) -> dict[str, Floats]:
    """The model's own features, with customer as card, terminal as merchant, and labels that come late."""
    told = data.at + delay_days * DAY
    fields = blank(len(data.at)) | {
        "at": data.at,
        "cents": data.cents,
        "card": data.customer,
        "merchant": data.terminal,
        "fraud_at": np.where(data.fraud, told, NEVER),
        "cleared_at": np.where(data.fraud, NEVER, told),
    }
    return columns(Table(**fields))


def weeks_of(data: Handbook, train_days: int, delay_days: int) -> list[date]:
    """The test weeks, counted back from the folder's end, that have a whole training and delay before them, and before
    that the days that features look back on; if there is no such week, those without."""
    first, last = int(data.day.min()), int(data.day.max()) + 1
    earliest = first + train_days + delay_days
    history = KEPT // DAY
    if last - WEEK >= earliest + history:
        earliest += history
    starts = range(last - WEEK, earliest - 1, -WEEK)
    return [_ORIGIN + timedelta(days=start) for start in reversed(starts)]


def rows_to_test(data: Handbook, start: int, delay_days: int) -> Ints:
    """The week's payments without cards that are known by then to be compromised."""
    day = data.day
    known_until = start - delay_days
    known = set(data.customer[data.fraud & (day >= known_until - KNOWN_DAYS) & (day < known_until)].tolist())
    rows = []
    for today in range(start, start + WEEK):
        known.update(data.customer[data.fraud & (day == today - delay_days - 1)].tolist())
        today_rows = np.flatnonzero(day == today)
        rows.append(today_rows[~np.isin(data.customer[today_rows], list(known))])
    return np.concatenate(rows)


def run(
    data: Handbook, weeks: Sequence[date], train_days: int, delay_days: int, progress: Progress
) -> tuple[list[Week], dict[str, float]]:
    """Train and test for each week; the weeks, and the mean over them."""
    progress("features", 0, 1)
    found = features_of(data, delay_days)
    progress("features", 1, 1)
    results = []
    for number, week in enumerate(weeks):
        progress("weeks", number, len(weeks))
        results.append(_week(data, found, week, train_days, delay_days))
    progress("weeks", len(weeks), len(weeks))
    mean = {name: float(np.mean([getattr(result, name) for result in results])) for name in MEASURES}
    return results, mean


def _week(data: Handbook, found: dict[str, Floats], week: date, train_days: int, delay_days: int) -> Week:
    start = (week - _ORIGIN).days
    day = data.day
    trained = np.flatnonzero((day >= start - delay_days - train_days) & (day < start - delay_days))
    tested = rows_to_test(data, start, delay_days)
    if len(np.unique(day[trained])) < train_days or len(np.unique(day[tested])) < WEEK:
        raise NoData(
            f"the week of {week} needs payments from {week - timedelta(days=delay_days + train_days)} to"
            f" {week + timedelta(days=WEEK - 1)}; the folder has {_ORIGIN + timedelta(days=int(day.min()))} to"
            f" {_ORIGIN + timedelta(days=int(day.max()))}"
        )
    model = learn({name: values[trained] for name, values in found.items()}, data.fraud[trained], seed=SEED)
    probability = model.probabilities({name: found[name][tested] for name in model.features})
    fraud = data.fraud[tested]
    return Week(
        week=week.isoformat(),
        payments=len(tested),
        frauds=int(fraud.sum()),
        cp100=card_precision(probability, fraud, data.customer[tested], day[tested]),
        **asdict(measure(probability, fraud)),
    )


def as_json(results: Sequence[Week], mean: dict[str, float]) -> dict[str, Any]:
    """The line that programs read."""
    return {"weeks": [asdict(result) for result in results], "mean": mean}
