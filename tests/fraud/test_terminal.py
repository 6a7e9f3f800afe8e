"""`python -m fraud_model`, through the terminal."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from fraud_model.cli import main
from fraud_model.train import train, write
from tests.building.files import ROOT

LINE = {"id": "p1", "at": "2026-03-01T12:00:00Z", "amount": 1999, "currency": "USD", "card": "fp_1"}


def run(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    """As one would type it, but in this process: a new one takes most of a second to import NumPy."""
    done = CliRunner().invoke(main, arguments, input=given, catch_exceptions=False)
    return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)


def run_program(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    """As one would type it."""
    command = [sys.executable, "-m", "fraud_model", *arguments]
    return subprocess.run(command, cwd=ROOT, input=given, capture_output=True, text=True, check=False)


def lines(*rows: dict[str, object]) -> str:
    """JSON lines."""
    return "".join(json.dumps(LINE | row) + "\n" for row in rows)


def test_scoring_reads_and_writes_json_lines() -> None:
    tries = [
        {
            "id": f"p{n}",
            "at": f"2026-03-01T12:{n:02}:00Z",
            "amount": 120,
            "card": f"fp_{n}",
            "device": "d",
            "declined": True,
        }
        for n in range(15)
    ]
    done = run_program("score", given=lines(*tries))
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["id"] for answer in answers] == [row["id"] for row in tries]
    assert answers[-1]["score"] > answers[0]["score"]
    assert len(answers[0]["reasons"]) == 3
    assert answers[0].keys() == {"id", "score", "probability", "reasons", "version"}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (lines({"amount": "12"}), "line 1: amount must be a whole number"),
        (lines({}, {"at": "yesterday"}), "line 2: at must be a time such as"),
        (lines({"currency": "usd"}), "currency must be three capital letters"),
        (lines({"ip_country": "Germany"}), "ip_country must be two capital letters"),
        (lines({"colour": "red"}), "colour is no field of a payment"),
        (lines({}, {"at": "2026-02-01T12:00:00Z"}), "line 2: at must not be before"),
        (lines({"declined": "no"}), "declined must be true or false"),
        ("nonsense\n", "line 1: not JSON"),
    ],
)
def test_a_wrong_line_is_named(given: str, words: str) -> None:
    done = run("score", given=given)
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_score_is_explained() -> None:
    done = run("explain", "--id", "p2", given=lines({}, {"id": "p2", "amount": 250_000}))
    assert done.returncode == 0, done.stderr
    assert "p2: score" in done.stdout
    assert "this card's usual amount" in done.stdout
    assert "together" in done.stdout


def test_a_changed_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    path.write_text((ROOT / "fraud_model/shipped/model.json").read_text().replace("0.", "0.1", 1))
    done = run("score", "--model", str(path), given=lines({}))
    assert done.returncode == 1
    assert "was changed after it was written" in done.stderr


def test_training_gives_the_same_files_twice_and_says_how_far_the_ceiling_is(tmp_path: Path) -> None:
    done = run_program("train", "--out", str(tmp_path), "--payments", "20000", "--days", "75", "--seed", "5")
    assert done.returncode == 0, done.stderr
    assert "of the ceiling" in done.stdout
    assert "true posterior" in (tmp_path / "CARD.md").read_text()
    again = write(train(payments=20_000, days=75, seed=5, progress=lambda _what, _done, _of: None), tmp_path / "again")
    assert {path.name for path in again} >= {"model.json", "CARD.md", "roc.svg", "value.svg"}
    for path in again:
        assert path.read_bytes() == (tmp_path / path.name).read_bytes(), path.name
    done = run("evaluate", "--model", str(tmp_path / "model.json"), "--payments", "20000", "--days", "60", "--json")
    found = json.loads(done.stdout)
    assert 0 < found["model"]["ap"] < 1
    assert found["ap_of_ceiling"] == pytest.approx(found["model"]["ap"] / found["ceiling"]["ap"], abs=1e-3)


def handbook(folder: Path, *, days: int = 33) -> None:
    """Payments in the handbook's format, in two files that overlap: whose amounts are above 220 is fraud."""
    rng = np.random.default_rng(8)
    count = days * 400
    seconds = np.sort(rng.integers(0, days * 86_400, count))
    customer = rng.integers(0, 150, count)
    cents = np.where(rng.random(count) < 0.01, rng.integers(22_100, 60_000, count), rng.integers(500, 15_000, count))
    scenario = np.where(cents > 22_000, 1, 0)
    hidden = rng.random(count) < 0.002
    scenario[hidden] = 2
    for number, part in enumerate((slice(0, 10_000), slice(9_000, count))):
        np.savez(
            folder / f"handbook_{number}.npz",
            first_tx_id=np.array([part.start], dtype=np.uint32),
            first_seconds=np.array([seconds[part][0]], dtype=np.uint32),
            gap_seconds=np.diff(seconds[part], prepend=seconds[part][0]).astype(np.uint16),
            customer=customer[part].astype(np.uint16),
            terminal=rng.integers(0, 60, count)[part].astype(np.uint16),
            amount_cents=cents[part].astype(np.uint32),
            scenario=scenario[part].astype(np.uint8),
        )


def test_the_benchmark_runs_the_weeks_that_a_folder_holds(tmp_path: Path) -> None:
    handbook(tmp_path)
    done = run("benchmark", "--data", str(tmp_path), "--train-days", "12", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [week["week"] for week in found["weeks"]] == ["2018-04-20", "2018-04-27"]
    assert set(found["mean"]) == {"auc", "ap", "cp100", "recall_005", "recall_01", "ece"}
    assert found["mean"]["ap"] > 0.6
    asked = run("benchmark", "--data", str(tmp_path), "--train-days", "12", "--weeks", "2018-04-27")
    assert "2018-04-27" in asked.stdout
    assert "mean" in asked.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--weeks", "2018-04-02"), "the week of 2018-04-02 needs payments from"),
        (("--weeks", "soon"), "days such as 2018-08-08"),
        (("--train-days", "300"), "holds no week"),
    ],
)
def test_the_benchmark_says_what_it_needs(arguments: tuple[str, ...], words: str, tmp_path: Path) -> None:
    handbook(tmp_path, days=30)
    done = run("benchmark", "--data", str(tmp_path), *arguments)
    assert done.returncode != 0
    assert words in done.stderr


def test_an_empty_folder_is_no_benchmark(tmp_path: Path) -> None:
    done = run("benchmark", "--data", str(tmp_path))
    assert done.returncode == 1
    assert "holds no handbook_*.npz" in done.stderr


def test_the_scorer_starts_without_what_only_training_needs() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import sys, fraud_model; fraud_model.FraudScorer(); print('sklearn' in sys.modules)"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "False"
