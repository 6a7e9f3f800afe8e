"""`counterfoil ledger`: whether the books balance, are whole, and agree with what they are about."""

from __future__ import annotations

import json

import click

from app import models  # noqa: F401 - every table, so that each foreign key finds its own
from app.cli.database import checked, opened
from app.cli.options import Place, database_options, json_option
from app.cli.telling import Found
from app.db import reading
from app.ledger.balances import trial_balance
from app.ledger.chain import verify_chain
from app.ledger.verify import imbalances
from app.settlements.agree import disagreements


@click.group()
def ledger() -> None:
    """The books: double entry, only ever added to."""


@ledger.command()
@database_options
@json_option
def verify(place: Place, as_json: bool) -> None:
    """Prove the books: they balance, nothing was changed or cut off, and they agree with what they are about.

    Balance: each ledger transaction, in each currency. Whole: every digest and the chain of hashes are computed anew;
    the newest link is compared with ledger-head.json in the data folder. Agreement: every payment, refund, dispute,
    settlement and payout (the gateway's and merchants') is compared with its postings.

    \b
    Examples
      counterfoil ledger verify
      counterfoil ledger verify --json | jq .faults

    Exit codes: 0 they hold, 1 they do not, 2 wrong usage.
    """
    settings = place.settings()
    checked(settings)
    with opened(settings):
        chain = verify_chain(settings.data)
        with reading() as session:
            balance = imbalances(session)
            agreement = disagreements(session)
            sums = trial_balance(session)
    faults = {"balance": balance, "chain": list(chain.faults), "agreement": agreement}
    count = sum(len(found) for found in faults.values())
    if as_json:
        told = {
            "sealed": chain.sealed,
            "waiting": chain.waiting,
            "head": chain.head.hash,
            "accounts": [
                {"account": one.account_id, "debit": one.debit.amount_minor, "credit": one.credit.amount_minor}
                for one in sums
            ],
            "faults": faults,
        }
        click.echo(json.dumps(told))
    else:
        click.echo(
            f"{chain.sealed} ledger transactions sealed, {chain.waiting} not yet."
            f" Link {chain.head.number}: {chain.head.hash}"
        )
        for what, found in faults.items():
            click.echo(f"{what}: " + ("holds" if not found else f"{len(found)} fault{'s' if len(found) != 1 else ''}"))
            for fault in found:
                click.echo(f"  {fault}")
    if count:
        raise Found(f"the books do not hold: {count} fault{'s' if count != 1 else ''}")
