"""How a model does on simulated payments that it has not seen, beside the best that anybody could do on them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

from fraud_model.metrics import ALERT_RATES, Measures, measure, recall_at
from fraud_model.model import Model
from fraud_model.past import columns
from fraud_model.simulator import Scenario, Simulation
from fraud_model.table import Flags, Floats

SCENARIO_ALERT_RATE: Final = 0.01


@dataclass(frozen=True)
class Evaluation:
    """A model on some payments, and the true posterior on the same."""

    payments: int
    frauds: int
    model: Measures
    ceiling: Measures
    scenarios: dict[str, dict[str, float]]
    """By scenario: payments, and the share among the one percent with the highest scores, for model and ceiling."""
    recall: dict[str, float]
    """By alert rate."""

    @property
    def ap_of_ceiling(self) -> float:
        """Average precision as a share of the best possible."""
        return self.model.ap / self.ceiling.ap

    def as_json(self) -> dict[str, Any]:
        """For the card and for programs, to four digits."""
        found: dict[str, Any] = _rounded(asdict(self) | {"ap_of_ceiling": self.ap_of_ceiling})
        return found


def evaluate(model: Model, simulation: Simulation, first_day: float, last_day: float) -> Evaluation:
    """On some days; the days before give the history."""
    return compare(model, columns(simulation.table), simulation, first_day, last_day)[0]


def compare(
    model: Model, found: dict[str, Floats], simulation: Simulation, first_day: float, last_day: float
) -> tuple[Evaluation, Floats, Simulation]:
    """The same with features at hand; also the probabilities, and the payments that they are of."""
    rows = simulation.rows(first_day, last_day)
    probability = model.probabilities({name: found[name][rows] for name in model.features})
    tested = simulation.part(rows)
    fraud = tested.fraud
    scenarios = {
        scenario.words: {
            "payments": int((tested.scenario == scenario).sum()),
            "model": _share_of(tested.scenario == scenario, probability),
            "ceiling": _share_of(tested.scenario == scenario, tested.posterior),
        }
        for scenario in Scenario
        if scenario is not Scenario.GENUINE and (tested.scenario == scenario).any()
    }
    evaluation = Evaluation(
        payments=len(rows),
        frauds=int(fraud.sum()),
        model=measure(probability, fraud),
        ceiling=measure(tested.posterior, fraud),
        scenarios=scenarios,
        recall={f"{rate:.2%}": recall_at(probability, fraud, rate) for rate in ALERT_RATES},
    )
    return evaluation, probability, tested


def _share_of(group: Flags, probability: Floats) -> float:
    return recall_at(probability, group, SCENARIO_ALERT_RATE)


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _rounded(part) for name, part in value.items()}
    return round(value, 4) if isinstance(value, float) else value
