"""The `counterfoil` command: what its subcommands are and how their errors are told."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

import click

from app import __version__
from app.cli.loading import loading
from app.cli.telling import Found, WrongUsage
from app.errors import CounterfoilError, SettingError


@dataclass(frozen=True)
class _Listed:
    """Where a subcommand is, and the first sentence of its help: a list of all need not load them."""

    where: str
    what: str


_COMMANDS = {
    "up": _Listed("app.cli.up:up", "Start everything: sandbox gateway, dashboard and worker."),
    "dashboard": _Listed("app.cli.dashboard:dashboard", "The dashboard and the order service's API alone."),
    "gateway": _Listed("app.cli.gateway:gateway", "The sandbox gateway alone, with its own database."),
    "worker": _Listed(
        "app.cli.worker:worker",
        "The worker alone: settles unknown outcomes, applies webhooks, keeps the account's clock.",
    ),
    "sign-in-link": _Listed(
        "app.cli.access:sign_in_link", "Print a link that signs one person in, once, within 15 minutes."
    ),
    "api-token": _Listed("app.cli.access:api_token", "Tokens with which other programs use the order service's API."),
    "demo": _Listed(
        "app.cli.demo:demo",
        "Add believable orders: paid, declined and paid again, confirmed, shipped in parts, refunded, forgotten.",
    ),
    "db": _Listed("app.cli.database:db", "The app's database."),
    "audit": _Listed(
        "app.cli.audit:audit", "The audit log: one entry per act of people and programs, chained by hashes."
    ),
    "ledger": _Listed("app.cli.ledger:ledger", "The books: double entry, only ever added to."),
    "settlements": _Listed("app.cli.files:settlements", "The gateway's reports."),
    "bank": _Listed("app.cli.files:bank", "The bank's statements."),
    "doctor": _Listed(
        "app.cli.doctor:doctor",
        "Look at versions, data folder, settings, disk, database, ports, gateway, clock and worker.",
    ),
    "reconcile": _Listed(
        "app.cli.reconcile:reconcile", "Compare every order, our payment and the gateway's word; tell what differs."
    ),
}


class _Commands(click.Group):
    """Loads a subcommand's module only when it is asked for, so that each starts quickly."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name].where.partition(":")
        with loading():
            command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.what) for name, command in _COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except SettingError as error:
            raise WrongUsage(str(error)) from None
        except CounterfoilError as error:
            raise Found(str(error)) from None


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="counterfoil")
def main() -> None:
    """A payment operations desk with a payment gateway in the box.

    \b
    Begin with
      counterfoil up              everything, in this folder's ./var
      counterfoil doctor          what is wrong, and the mend

    Every command takes --data DIR (the folder of databases, secrets and logs; default ./var).
    Settings can also be given by environment, as COUNTERFOIL_* variables; options win.
    Exit codes: 0 done, 1 found something or failed, 2 wrong usage.
    """
