"""The model card: what the model is, what it was made of, how it did, what it is not for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fraud_model.model import Model

_MEASURES = {
    "auc": "area under the ROC curve",
    "ap": "average precision",
    "recall_005": "recall at 0.5 % alerts",
    "recall_01": "recall at 1 % alerts",
    "ece": "expected calibration error",
}


def card_of(model: Model, pictures: Iterable[str]) -> str:
    """In Markdown."""
    data, test, versions = (model.about[name] for name in ("data", "test", "versions"))
    trained, tested = data["trained_days"], data["tested_days"]
    lines = [
        f"# Model {model.version}",
        "",
        "Written by `python -m fraud_model train`. Made of simulated payments alone: it shows how scoring works and",
        "claims nothing about real cards.",
        "",
        f"- **Is**: {len(model.nodes.roots)} boosted trees over {len(model.features)} features; the log odds of "
        "two shapes of trees averaged.",
        "- **Says**: the probability that a payment is fraud, and a score of 0 to 99: even odds are 80, every 8 points"
        " double them.",
        f"- **Learned from**: {data['payments']:,} payments of {data['days']} days (`{data['source']}`, seed "
        f"{data['seed']}), days {trained[0]} to {trained[1]}; then a week without, for labels to arrive; tested on days"
        f" {tested[0]} to {tested[1]}, in which new customers appear.",
        f"- **Data's SHA-256**: `{data['sha256']}`",
        f"- **Model's SHA-256**: `{model.seal}`",
        f"- **Made with**: {', '.join(f'{name} {version}' for name, version in versions.items())}",
        "",
        f"## Test: {test['payments']:,} payments, {test['frauds']:,} frauds",
        "",
        "The ceiling is the true posterior: one who knows the simulator's rules and everybody's habits.",
        "",
        *_table(
            ["", "model", "ceiling"],
            [[words, test["model"][name], test["ceiling"][name]] for name, words in _MEASURES.items()],
        ),
        "",
        f"Average precision is {test['ap_of_ceiling']:.1%} of the ceiling's.",
        "",
        *_table(
            ["scenario", "payments", "found at 1 % alerts", "ceiling"],
            [[name, *row.values()] for name, row in test["scenarios"].items()],
        ),
        "",
        *_table(["alerts", "frauds found"], [[rate, share] for rate, share in test["recall"].items()]),
        "",
        "## Limits",
        "",
        "- Friendly fraud gives no signal; nobody finds it here.",
        "- A merchant whose card data leaks is found only once somebody has complained.",
        "- Amounts are compared in US dollars at fixed, rough rates.",
        "- Without device, e-mail and IP address, card testing and account takeovers look like other payments.",
        "",
        *(f"![{name}]({name}.svg)" for name in pictures),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _table(head: list[str], rows: list[list[Any]]) -> list[str]:
    lines = [head, ["---"] * len(head), *([_cell(cell) for cell in row] for row in rows)]
    return [f"| {' | '.join(line)} |" for line in lines]


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
