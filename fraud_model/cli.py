"""The terminal's door to the model: train, benchmark, evaluate, score, explain."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import IO, Any, Final

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table as Grid

from fraud_model import benchmark as bench
from fraud_model import evaluate as evaluation_of
from fraud_model import learner, lines
from fraud_model import model as models
from fraud_model import train as training
from fraud_model.payments import InvalidPayment, Payment
from fraud_model.scorer import FraudScorer
from fraud_model.simulator import simulate

_WIDTH: Final = 120
_FOLDER = click.Path(path_type=Path, file_okay=False)


class _Commands(click.Group):
    """Turns what can go wrong into one line and a status, never a stack trace."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (bench.NoData, InvalidPayment, learner.NothingToLearn, models.ModelRefused) as error:
            raise click.ClickException(str(error)) from None


_MODEL = click.option(
    "--model", "path", type=click.Path(path_type=Path, dir_okay=False), help="A model.json; the shipped one by default."
)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def main() -> None:
    """The fraud model: simulated payments in, a scorer out.

    \b
    python -m fraud_model score < payments.jsonl        a score and three reasons for each payment
    python -m fraud_model benchmark --data FOLDER       the handbook's yardstick, week by week
    python -m fraud_model train --out FOLDER            the shipped model anew, to the byte
    """


@main.command()
@click.option("--out", type=_FOLDER, required=True, help="Where model.json, CARD.md and the pictures go.")
@click.option(
    "--payments",
    type=click.IntRange(20_000, 20_000_000),
    default=training.PAYMENTS,
    show_default=True,
    help="How many to simulate.",
)
@click.option("--days", type=click.IntRange(75, 1_000), default=training.DAYS, show_default=True, help="In how many.")
@click.option("--seed", type=click.IntRange(0), default=training.SEED, show_default=True, help="Same seed, same file.")
def train(out: Path, payments: int, days: int, seed: int) -> None:
    """Simulate payments, learn from them, test on the last 14 days, write model, card and pictures.

    The first 45 days are history only; then comes the training time, a week of delay, and the test. The same arguments
    give the same files on one machine. Pictures need matplotlib (pip install 'counterfoil[train]'); without it the
    model is the same.
    """
    with _bar() as progress:
        trained = training.train(payments=payments, days=days, seed=seed, progress=progress)
    for path in training.write(trained, out):
        click.echo(path)
    evaluation = trained.evaluation
    click.echo(
        f"average precision {evaluation.model.ap:.4f}, the true posterior's {evaluation.ceiling.ap:.4f}:"
        f" {evaluation.ap_of_ceiling:.1%} of the ceiling"
    )
    if not trained.pictures:
        click.echo("no pictures: matplotlib is not installed", err=True)


@main.command()
@_MODEL
@click.option(
    "--payments",
    type=click.IntRange(20_000, 20_000_000),
    default=200_000,
    show_default=True,
    help="How many to simulate.",
)
@click.option("--days", type=click.IntRange(50, 1_000), default=75, show_default=True, help="In how many days.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Other than the training's.")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON instead of tables.")
def evaluate(path: Path | None, payments: int, days: int, seed: int, as_json: bool) -> None:
    """Test a model on people and merchants it has never seen, beside the true posterior.

    The first 45 days are history only; all after them is the test.
    """
    model = _model(path)
    evaluation = evaluation_of.evaluate(model, simulate(payments, days, seed), training.HISTORY_DAYS, days)
    found = evaluation.as_json()
    if as_json:
        click.echo(json.dumps(found))
        return
    console = _console()
    grid = Grid("", "model", "ceiling", title=f"{found['payments']:,} payments, {found['frauds']:,} frauds")
    for name, value in found["model"].items():
        grid.add_row(name, f"{value:.4f}", f"{found['ceiling'][name]:.4f}")
    console.print(grid)
    grid = Grid("scenario", "payments", "found at 1 % alerts", "ceiling")
    for name, row in found["scenarios"].items():
        grid.add_row(name, f"{row['payments']:,}", f"{row['model']:.1%}", f"{row['ceiling']:.1%}")
    console.print(grid)
    click.echo(f"average precision is {found['ap_of_ceiling']:.1%} of the ceiling's")


@main.command()
@click.option("--data", type=_FOLDER, required=True, help="A folder with handbook_*.npz files.")
@click.option("--train-days", type=click.IntRange(1, 365), default=30, show_default=True, help="Days to learn from.")
@click.option("--delay-days", type=click.IntRange(0, 60), default=7, show_default=True, help="How late labels are.")
@click.option("--weeks", help="First days of the test weeks, with commas; by default all with 45 days of history.")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON instead of the table.")
def benchmark(data: Path, train_days: int, delay_days: int, weeks: str | None, as_json: bool) -> None:
    """Run the Fraud-Detection-Handbook's protocol on its simulated payments.

    For each test week a model is learned from the days before the delay, with the features and the learner of the
    shipped model (customer as card, terminal as merchant), and tested on the week. A label is known only once it is as
    old as the delay, for features as for learning. Cards known as compromised are taken out of the test.
    """
    handbook = bench.read(data)
    chosen = _dates(weeks) if weeks else bench.weeks_of(handbook, train_days, delay_days)
    if not chosen:
        raise bench.NoData(f"{data} holds no week with {train_days} + {delay_days} days before it")
    with _bar() as progress:
        results, mean = bench.run(handbook, chosen, train_days, delay_days, progress)
    if as_json:
        click.echo(json.dumps(bench.as_json(results, mean)))
        return
    grid = Grid("week of", "payments", "frauds", "AUC", "AP", "CP@100", "recall 0.5 %", "recall 1 %", "ECE")
    for result in results:
        measures = [f"{getattr(result, name):.4f}" for name in bench.MEASURES]
        grid.add_row(result.week, f"{result.payments:,}", f"{result.frauds:,}", *measures)
    grid.add_section()
    grid.add_row("mean", "", "", *(f"{mean[name]:.4f}" for name in bench.MEASURES))
    _console().print(grid)


@main.command()
@_MODEL
@click.argument("file", type=click.File(encoding="utf-8"), default="-")
def score(path: Path | None, file: IO[str]) -> None:
    """Score payments: JSON lines in, in order of time, JSON lines out.

    \b
    In:  {"id": "p1", "at": "2026-03-01T12:00:00Z", "amount": 1999, "currency": "USD", "card": "fp_1"}
         and, where known: merchant, device, email, ip, card_country, ip_country (countries as two letters),
         declined (true), fraud_at (when somebody told that it was fraud)
    Out: {"id", "score", "probability", "reasons": [{"text", "points"}], "version"}

    Each payment is scored by what the lines before it say, as a gateway would see them.
    """
    scorer = FraudScorer(_model(path))
    for payment, assessment, news in lines.assessed(scorer, file):
        told = [{"text": reason.text, "points": round(reason.points, 2)} for reason in assessment.reasons]
        click.echo(
            json.dumps(
                {
                    "id": payment.id,
                    "score": assessment.score,
                    "probability": round(assessment.probability, 6),
                    "reasons": told,
                    "version": assessment.version,
                }
            )
        )
        for item in news:
            scorer.learn(item)


@main.command()
@_MODEL
@click.option("--id", "wanted", help="Which payment; the last one by default.")
@click.argument("file", type=click.File(encoding="utf-8"), default="-")
def explain(path: Path | None, wanted: str | None, file: IO[str]) -> None:
    """Say of one payment how its score came about, to the last point.

    Reads the same lines as `score`. The points of all rows add up to the score before it is cut to 0 to 99.
    """
    scorer = FraudScorer(_model(path))
    found: tuple[Payment, Any] | None = None
    for payment, assessment, news in lines.assessed(scorer, file):
        if wanted is None or payment.id == wanted:
            found = payment, assessment
        if payment.id == wanted:
            break
        for item in news:
            scorer.learn(item)
    if found is None:
        raise click.ClickException(f"no payment {wanted!r} among the lines" if wanted else "no payments to explain")
    payment, assessment = found
    grid = Grid("points", "because", title=f"{payment.id}: score {assessment.score}, {assessment.probability:.2%}")
    grid.add_row(f"{assessment.base_points:+.1f}", "where every payment begins")
    for reason in assessment.reasons:
        grid.add_row(f"{reason.points:+.1f}", reason.text)
    grid.add_row(f"{assessment.other_points:+.1f}", "everything else")
    grid.add_section()
    grid.add_row(f"{assessment.exact_points:+.1f}", "together")
    _console().print(grid)


def _model(path: Path | None) -> models.Model:
    return models.load(path) if path else models.shipped()


def _dates(text: str) -> list[date]:
    try:
        return [date.fromisoformat(part.strip()) for part in text.split(",")]
    except ValueError:
        raise click.BadParameter(f"{text!r}: days such as 2018-08-08,2018-08-01", param_hint="--weeks") from None


def _console() -> Console:
    return Console(width=None if sys.stdout.isatty() else _WIDTH)


@contextmanager
def _bar() -> Iterator[learner.Progress]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        TimeElapsedColumn(),
    )
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, console=Console(stderr=True)) as bar:

        def show(what: str, done: int, of: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=of)
            bar.update(tasks[what], completed=done, total=of)

        yield show
