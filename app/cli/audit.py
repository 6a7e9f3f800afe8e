"""`counterfoil audit`: whether what was done is still what is written down."""

from __future__ import annotations

import json

import click

from app.audit.chain import verify as verify_chain
from app.cli.database import checked, opened
from app.cli.options import Place, database_options, json_option
from app.cli.telling import Found


@click.group()
def audit() -> None:
    """The audit log: one entry per act of people and programs, chained by hashes."""


@audit.command()
@database_options
@json_option
def verify(place: Place, as_json: bool) -> None:
    """Compute the whole chain anew: a changed byte, a missing entry and a cut-off end are found.

    The newest link is compared with audit-head.json in the data folder, which the worker keeps outside the database.
    Note the number and hash that are printed elsewhere to compare them later.

    \b
    Examples
      counterfoil audit verify
      counterfoil audit verify --json | jq .faults

    Exit codes: 0 it holds, 1 it does not, 2 wrong usage.
    """
    settings = place.settings()
    checked(settings)
    with opened(settings):
        found = verify_chain(settings.data)
    if as_json:
        told = {"sealed": found.sealed, "waiting": found.waiting, "head": found.head.hash, "faults": found.faults}
        click.echo(json.dumps(told))
    else:
        click.echo(f"{found.sealed} acts sealed, {found.waiting} not yet. Link {found.head.number}: {found.head.hash}")
        for fault in found.faults:
            click.echo(f"  {fault}")
    if found.faults:
        count = len(found.faults)
        raise Found(f"the audit log does not hold: {count} fault{'s' if count != 1 else ''}")
