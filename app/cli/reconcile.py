"""`counterfoil reconcile`: order, payment and gateway compared in a terminal, and what is safe to settle settled."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import click
from sqlalchemy import select

from app import (
    gateway,
    models,  # noqa: F401 - every table, so that each foreign key finds its own
)
from app.api.told import connect_messages
from app.checkout import links
from app.cli.database import checked, opened
from app.cli.options import Place, client_options, json_option
from app.cli.screen import Screen
from app.cli.telling import Found
from app.db import reading
from app.drift.lists import differing
from app.drift.mend import is_safe, settle
from app.drift.models import Discrepancy, DiscrepancyStatus
from app.drift.rounds import compare_everything
from app.drift.words import KINDS
from app.errors import GatewayUnavailable, RuleBroken
from app.logs import configure_logs
from app.timeline import Actor, ActorKind

TERMINAL = Actor(ActorKind.TERMINAL, "counterfoil reconcile")


@click.command()
@client_options
@click.option(
    "--repair",
    "repairs",
    is_flag=True,
    help="Settle what needs no decision: ask the gateway, or apply stored events, and record what they say.",
)
@json_option
def reconcile(place: Place, repairs: bool, as_json: bool) -> None:
    """Compare every order, our payment and the gateway's word; tell what differs.

    Each difference is classified and kept for the drift desk (Reconciliation). With --repair lost events are pulled,
    unknown outcomes asked for again under their idempotency key, stored events replayed; no money is moved, and what
    needs a person is left to one.

    \b
    Examples
      counterfoil reconcile
      counterfoil reconcile --repair
      counterfoil reconcile --json | jq '.data[].kind'

    Exit codes: 0 all agree, 1 something differs or could not be compared, 2 wrong usage.
    """
    settings = place.settings()
    checked(settings)
    screen = Screen(quiet=as_json)
    configure_logs()
    gateway.connect(settings)
    links.connect(settings)
    connect_messages(settings)  # what is repaired is told as well
    with opened(settings):
        try:
            with screen.bar("comparing every payment with the gateway") as tell:
                compared = compare_everything(TERMINAL, tell).compared
        except GatewayUnavailable:
            raise Found(f"no gateway answers at {settings.gateway_url}: nothing was compared to its end") from None
        settled = _settle(screen) if repairs else []
        left = _open_ones()
    if as_json:
        told = {
            "compared": compared,
            "settled": settled,
            "differing": len(left),
            "data": [_as_json(one) for one in left],
        }
        click.echo(json.dumps(told))
    else:
        _tell(screen, compared, settled, left)
    if left:
        raise click.exceptions.Exit(1)


def _open_ones() -> Sequence[Discrepancy]:
    with reading() as session:
        open_ones = select(Discrepancy).where(Discrepancy.status == DiscrepancyStatus.OPEN)
        return session.scalars(open_ones.order_by(Discrepancy.first_seen_at, Discrepancy.id)).all()


def _settle(screen: Screen) -> list[str]:
    """The ids of those that agree afterwards."""
    settled = []
    for one in _open_ones():
        if not is_safe(one):
            continue
        try:
            if settle(one.id, TERMINAL, "reconcile --repair"):
                settled.append(one.id)
        except (RuleBroken, GatewayUnavailable) as trouble:
            screen.say(f"{one.reference or one.subject}: {trouble}")
    return settled


def _as_json(one: Discrepancy) -> dict[str, Any]:
    return {
        "id": one.id,
        "kind": one.kind,
        "reference": one.reference,
        "order": one.order_id,
        "payment": one.payment_id,
        "gateway_id": one.gateway_id,
        "amount": one.amount_minor,
        "currency": one.currency,
        "first_seen_at": one.first_seen_at.isoformat(),
        "facts": [fact for fact in one.facts if fact["differs"]],
    }


def _tell(screen: Screen, compared: int, settled: Sequence[str], left: Sequence[Discrepancy]) -> None:
    screen.progress(f"{compared:,} payment{'s' if compared != 1 else ''} compared")
    if settled:
        screen.progress(f"{len(settled)} settled")
    if not left:
        screen.progress("the orders, our payments and the gateway agree")
        return
    width = max(len(one.reference or one.subject) for one in left)
    for one in left:
        kind = KINDS[one.kind].label
        screen.say(f"{one.reference or one.subject:<{width}}  {kind:<20}  {one.amount!s:>16}  {differing(one)}")
    needs = f"{len(left)} differ"
    advice = "run it with --repair" if any(is_safe(one) for one in left) else "decide at the dashboard, Reconciliation"
    screen.say(f"{needs}: {advice}")
