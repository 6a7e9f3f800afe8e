"""`counterfoil dashboard`: the screens and the order service's API, alone."""

from __future__ import annotations

import click

from app.cli.database import checked
from app.cli.options import Place, child_options, place_options
from app.cli.ports import is_free
from app.cli.telling import Found, be_called
from app.server import Serving, serve
from app.web import create_app


@click.command()
@place_options
@child_options
def dashboard(place: Place, child: bool, parent_fd: int | None) -> None:
    """The dashboard and the order service's API alone.

    The database must be of this version (counterfoil db upgrade). Secrets come from the data folder or, on several
    hosts, from COUNTERFOIL_SECRET_KEY and COUNTERFOIL_GATEWAY_SECRET_KEY. The gateway is COUNTERFOIL_GATEWAY_URL,
    or --gateway-port on this machine.

    \b
    Examples
      counterfoil dashboard
      counterfoil dashboard --port 8080 --database-url postgresql://counterfoil@db/counterfoil
    """
    be_called("dashboard")
    settings = place.settings()
    checked(settings)
    if not is_free(settings.host, settings.port):
        raise Found(f"port {settings.port} is taken: stop what listens there, or give another with --port")
    serve(
        lambda: create_app(settings),
        Serving(settings.host, settings.port, settings.workers, settings.threads, child=child, parent_fd=parent_fd),
    )
