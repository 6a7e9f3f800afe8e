"""Pictures of an evaluation, for the model card. matplotlib draws them where it is installed (the `train` extra)."""

from __future__ import annotations

import io
from importlib.util import find_spec
from typing import Any, Final

import numpy as np

from fraud_model.evaluate import Evaluation
from fraud_model.metrics import CALIBRATION_BINS
from fraud_model.model import scores_of
from fraud_model.simulator import Simulation
from fraud_model.table import Floats
from fraud_model.thresholds import best, curve, saved_per_thousand

_STYLE: Final[Any] = {
    "svg.hashsalt": "counterfoil",
    "svg.fonttype": "none",
    "path.simplify_threshold": 1.0,
    "font.family": "sans-serif",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "figure.figsize": (6.0, 4.0),
    "figure.constrained_layout.use": True,
}
_MODEL: Final = {"color": "#1f5fbf", "label": "model"}
_CEILING: Final = {"color": "#8a8a8a", "label": "true posterior", "linestyle": "--"}
_POINTS: Final = 400


def available() -> bool:
    """Whether there is anything to draw with."""
    return find_spec("matplotlib") is not None


def draw(probability: Floats, tested: Simulation, evaluation: Evaluation) -> dict[str, str]:
    """Every picture, by name."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    pictures = {
        "roc": _roc,
        "precision-recall": _precision_recall,
        "calibration": _calibration,
        "alert-rate": _alert_rate,
        "scenarios": _scenarios,
        "value": _value,
    }
    drawn = {}
    with mpl.rc_context(_STYLE):
        for name, paint in pictures.items():
            figure = Figure()
            paint(figure.add_subplot(), probability, tested, evaluation)
            text = io.StringIO()
            figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
            drawn[name] = "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n"
    return drawn


def _both(probability: Floats, tested: Simulation) -> tuple[tuple[Floats, dict[str, str]], ...]:
    return (probability, _MODEL), (tested.posterior, _CEILING)


def _roc(axes: Any, probability: Floats, tested: Simulation, _evaluation: Evaluation) -> None:
    from sklearn.metrics import roc_curve

    for scores, style in _both(probability, tested):
        genuine, fraud, _ = roc_curve(tested.fraud, scores)
        axes.plot(*_thinned(genuine, fraud), **style)
    axes.set(title="ROC", xlabel="genuine payments flagged", ylabel="frauds found")
    axes.legend()


def _precision_recall(axes: Any, probability: Floats, tested: Simulation, _evaluation: Evaluation) -> None:
    from sklearn.metrics import precision_recall_curve

    for scores, style in _both(probability, tested):
        precision, recall, _ = precision_recall_curve(tested.fraud, scores)
        axes.plot(*_thinned(recall, precision), **style)
    axes.set(title="Precision and recall", xlabel="recall", ylabel="precision")
    axes.legend()


def _calibration(axes: Any, probability: Floats, tested: Simulation, _evaluation: Evaluation) -> None:
    bins = np.minimum((probability * CALIBRATION_BINS).astype(np.int64), CALIBRATION_BINS - 1)
    held = np.unique(bins)
    count = np.bincount(bins)[held]
    said = np.bincount(bins, weights=probability)[held] / count
    were = np.bincount(bins, weights=tested.fraud)[held] / count
    doubt = 1.96 * np.sqrt(were * (1 - were) / count)
    axes.plot([0, 1], [0, 1], color="#8a8a8a", linestyle="--")
    axes.errorbar(said, were, yerr=doubt, marker="o", capsize=3, color=_MODEL["color"])
    axes.set(title="Calibration (bars: 95 % by chance)", xlabel="probability said", ylabel="share that was fraud")


def _alert_rate(axes: Any, probability: Floats, tested: Simulation, _evaluation: Evaluation) -> None:
    for scores, style in _both(probability, tested):
        found = np.cumsum(tested.fraud[np.argsort(-scores, kind="stable")]) / tested.fraud.sum()
        most = max(1, len(found) // 20)
        axes.plot(*_thinned(np.arange(1, most + 1) / len(found) * 100, found[:most]), **style)
    axes.set(title="Recall by alert rate", xlabel="payments looked at, %", ylabel="frauds found")
    axes.legend()


def _scenarios(axes: Any, _probability: Floats, _tested: Simulation, evaluation: Evaluation) -> None:
    names = list(evaluation.scenarios)[::-1]
    place = np.arange(len(names))
    for offset, (key, style) in zip((0.2, -0.2), (("model", _MODEL), ("ceiling", _CEILING)), strict=True):
        shares = [evaluation.scenarios[name][key] for name in names]
        axes.barh(place + offset, shares, height=0.4, color=style["color"], label=style["label"])
    axes.set_yticks(place, names)
    axes.set(title="Found among the 1 % with the highest scores", xlabel="share of the scenario's payments")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)


def _value(axes: Any, probability: Floats, tested: Simulation, _evaluation: Evaluation) -> None:
    score = scores_of(np.log(probability) - np.log1p(-probability))
    thresholds = curve(score, tested.table.cents, tested.fraud)
    saved = saved_per_thousand(thresholds, len(score))
    from_score = int(np.argmax(saved >= 0))
    axes.plot(np.arange(from_score, len(saved)), saved[from_score:], color=_MODEL["color"])
    most = best(thresholds).score
    axes.axvline(most, color="#8a8a8a", linestyle="--")
    axes.set(
        title=f"Saved by blocking from a score on (most at {most})",
        xlabel="score",
        ylabel="US dollars per 1,000 payments",
    )


def _thinned(across: Floats, up: Floats) -> tuple[Floats, Floats]:
    """A curve of so many points that nobody sees the difference."""
    length = np.concatenate(([0.0], np.cumsum(np.abs(np.diff(across)) + np.abs(np.diff(up)))))
    keep = np.unique(np.searchsorted(length, np.linspace(0, length[-1], _POINTS)))
    keep = np.union1d(keep, [0, len(across) - 1])
    keep = keep[keep < len(across)]
    return np.round(across[keep], 6), np.round(up[keep], 6)
