"""`counterfoil settlements import` and `counterfoil bank import`: a file compared with our books, from a terminal."""

from __future__ import annotations

import json
from pathlib import Path

import click

from app import (
    gateway,
    models,  # noqa: F401 - every table, so that each foreign key finds its own
)
from app.api.told import connect_messages
from app.checkout import links
from app.cli.database import checked, opened
from app.cli.options import Place, client_options, json_option
from app.cli.telling import Found
from app.errors import InvalidInput
from app.logs import configure_logs
from app.reconciliation.bring import Brought, bring
from app.reconciliation.models import FileKind
from app.timeline import Actor, ActorKind

_FILE = click.argument("path", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))


@click.group()
def settlements() -> None:
    """The gateway's reports."""


@click.group()
def bank() -> None:
    """The bank's statements."""


@settlements.command("import")
@_FILE
@client_options
@json_option
def import_report(place: Place, path: Path, as_json: bool) -> None:
    """Compare a settlement report with our books: CSV in our own layout, Stripe's or Adyen's, known by its header.

    Nothing is booked. What differs is a break of the dashboard's list; the same file again changes nothing.

    \b
    Examples
      counterfoil settlements import settlement_detail_report_batch_4.csv
      counterfoil settlements import report.csv --json | jq .differing

    Exit codes: 0 all agrees, 1 something differs or the file cannot be read, 2 wrong usage.
    """
    _bring(place, path, FileKind.REPORT, as_json=as_json)


@bank.command("import")
@_FILE
@client_options
@json_option
def import_statement(place: Place, path: Path, as_json: bool) -> None:
    """Match a bank's statement (camt.053) with the gateway's payouts and with ours to merchants.

    What left the bank ends a payout to a merchant as paid, what came back as bounced. The rest that is not matched is a
    break of the dashboard's list; the same file again changes nothing.

    \b
    Examples
      counterfoil bank import statement.xml
      counterfoil bank import statement.xml --json | jq .differing

    Exit codes: 0 all agrees, 1 something differs or the file cannot be read, 2 wrong usage.
    """
    _bring(place, path, FileKind.STATEMENT, as_json=as_json)


def _bring(place: Place, path: Path, kind: FileKind, *, as_json: bool) -> None:
    settings = place.settings()
    checked(settings)
    configure_logs()
    gateway.connect(settings)
    links.connect(settings)
    connect_messages(settings)  # what turns out to be lost is asked for, and told
    with opened(settings), path.open("rb") as file:
        try:
            brought = bring(file, path.name, Actor(ActorKind.TERMINAL, f"counterfoil {_COMMANDS[kind]}"), kind)
        except InvalidInput as wrong:
            raise Found(f"{path.name}: {wrong.detail}") from None
    one = brought.file
    if as_json:
        click.echo(json.dumps(_as_json(brought)))
    else:
        click.echo(f"{one.name}: {one.rows:,} lines, {one.matched:,} agree, {one.differing:,} differ")
        if not brought.is_new:
            click.echo("this very file was brought before: nothing has changed")
    if one.differing:
        raise click.exceptions.Exit(1)


_COMMANDS = {FileKind.REPORT: "settlements import", FileKind.STATEMENT: "bank import"}


def _as_json(brought: Brought) -> dict[str, object]:
    one = brought.file
    return {
        "id": one.id,
        "is_new": brought.is_new,
        "layout": one.layout,
        "sha256": one.sha256,
        "begins": one.begins.isoformat(),
        "ends": one.ends.isoformat(),
        "rows": one.rows,
        "matched": one.matched,
        "differing": one.differing,
    }
