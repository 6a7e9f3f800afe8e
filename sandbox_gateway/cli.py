"""The gateway's command line: `serve` and `migrate`."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from typing import Any, NoReturn

import click

from sandbox_gateway.config import Config, SettingError, load_config

_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 110}


@click.group(context_settings=_CONTEXT)
def main() -> None:
    """A card gateway to develop against: payments, refunds, 3-D Secure, signed webhooks, and bad days on command.

    It is a program of its own, with its own database, spoken to over HTTP. Every well-formed test key
    (sk_test_ and 8 to 64 letters and digits) opens its own account on first use; nothing needs to be set up.

    \b
    Try it:
      python -m sandbox_gateway serve
      curl http://127.0.0.1:8001/_sandbox/cards -H 'Authorization: Bearer sk_test_tryitout1'
      open http://127.0.0.1:8001/docs
    """


def _database_options(command: Callable[..., None]) -> Callable[..., None]:
    for option in (
        click.option(
            "--database-url", help="sqlite:///file.db or postgresql://user@host/db  [default: DIR/gateway.db]"
        ),
        click.option("--data", metavar="DIR", help="Folder of the database and the gateway's pepper  [default: ./var]"),
    ):
        command = option(command)
    return command


@main.command(context_settings=_CONTEXT)
@_database_options
@click.option("--host", help="Address to listen on  [default: 127.0.0.1]")
@click.option("--port", help="Port to listen on; 0 takes a free one  [default: 8001]")
@click.option("--threads", help="Requests answered at once by each process  [default: 32]")
@click.option("--workers", help="Processes that share the work  [default: 1]")
@click.option("--child", is_flag=True, help="Leave Ctrl-C to the program that started this one.")
@click.option("--parent-fd", type=int, metavar="N", help="End when this inherited pipe reads end-of-file.")
def serve(*, child: bool, parent_fd: int | None, **options: str | None) -> None:
    """Serve the gateway until Ctrl-C or SIGTERM.

    Brings the database to this version first. Prints one line with its address once it answers; logs are JSON
    lines on standard error. Options with a default can be given as COUNTERFOIL_GATEWAY_<NAME> too; the option wins.
    """
    config = _config(options)
    # The server and all that it imports: half a second that --help and a wrong setting need not wait for.
    # It is no garbage: a collector that looks through all of it again and again takes a fifth of the time.
    gc.disable()
    from sandbox_gateway import gateway  # noqa: PLC0415

    gc.freeze()
    gc.enable()

    try:
        gateway.serve(config, child=child, parent_fd=parent_fd)
    except SettingError as error:
        _refuse(error)
    except gateway.CannotServeError as error:
        click.echo(f"sandbox gateway: {error}", err=True)
        sys.exit(1)


@main.command(context_settings=_CONTEXT)
@_database_options
def migrate(**options: str | None) -> None:
    """Bring the database up to date.

    Says from which revision to which. `serve` does the same by itself; this is for doing it beforehand.
    """
    config = _config(options)
    from sandbox_gateway.migrate import upgrade  # noqa: PLC0415

    before, after = upgrade(config.database_url)
    if before == after:
        click.echo(f"gateway database is at {after}, the newest revision")
    else:
        click.echo(f"gateway database brought from {before or 'empty'} to {after}")


def _config(options: dict[str, Any]) -> Config:
    try:
        return load_config(options)
    except SettingError as error:
        _refuse(error)


def _refuse(error: SettingError) -> NoReturn:
    click.echo(f"sandbox gateway: {error}", err=True)
    sys.exit(2)
