"""`counterfoil gateway`: hands over to the sandbox gateway's own program."""

from __future__ import annotations

import os
import sys

import click

from app.cli.options import Place, place_options


@click.command()
@place_options
def gateway(place: Place) -> None:
    """The sandbox gateway alone, with its own database.

    The same program as `python -m sandbox_gateway serve`, which has more options. --port and --database-url are the
    dashboard's; the gateway's are --gateway-port and --gateway-database-url.

    \b
    Examples
      counterfoil gateway
      counterfoil gateway --gateway-port 9001 --gateway-database-url postgresql://gateway@db/gateway
    """
    argv = [sys.executable, "-P", "-m", "sandbox_gateway", "serve"]
    os.execve(sys.executable, argv, os.environ | place.gateway_environment())  # noqa: S606  # our own program
