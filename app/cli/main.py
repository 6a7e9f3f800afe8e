"""The `counterfoil` command: what its subcommands are and how their errors are told."""

from __future__ import annotations

import importlib
from typing import Any

import click

from app import __version__
from app.cli.telling import Found, WrongUsage
from app.errors import CounterfoilError, SettingError

_COMMANDS = {
    "up": "app.cli.up:up",
    "dashboard": "app.cli.dashboard:dashboard",
    "gateway": "app.cli.gateway:gateway",
    "worker": "app.cli.worker:worker",
    "sign-in-link": "app.cli.access:sign_in_link",
    "api-token": "app.cli.access:api_token",
    "demo": "app.cli.demo:demo",
    "db": "app.cli.database:db",
    "doctor": "app.cli.doctor:doctor",
}


class _Commands(click.Group):
    """Loads a subcommand's module only when it is asked for, so that each starts quickly."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

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
