"""Options that several commands share, and the settings that they stand for."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from app.cli.home import Home
from app.cli.ports import DASHBOARD_PORT, GATEWAY_PORT, url_of
from app.config import Settings, load_settings

Function = Callable[..., Any]
_PORT = click.IntRange(1, 65_535)

json_option = click.option("--json", "as_json", is_flag=True, help="Answer in JSON, for scripts.")

_DATA = click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Folder of databases, secrets and logs.  [COUNTERFOIL_DATA; ./var]",
)
_GATEWAY_PORT = click.option("--gateway-port", type=_PORT, help=f"The gateway's port.  [{GATEWAY_PORT}]")
_DATABASE = click.option("--database-url", metavar="URL", help="The app's database.  [SQLite in the data folder]")
_PLACE = (
    _DATA,
    click.option("--host", metavar="ADDRESS", help="Where to listen.  [127.0.0.1]"),
    click.option("--port", type=_PORT, help=f"The dashboard's port.  [{DASHBOARD_PORT}]"),
    _GATEWAY_PORT,
    _DATABASE,
    click.option("--gateway-database-url", metavar="URL", help="The gateway's database.  [SQLite in the data folder]"),
)
_CHILD = (
    click.option("--child", is_flag=True, hidden=True, help="Leave Ctrl-C to the process that started this one."),
    click.option("--parent-fd", type=int, hidden=True, help="End when this descriptor reads end-of-file."),
)


@dataclass(frozen=True)
class Place:
    """Where an installation is: what the options said, over the environment, over what the last start used."""

    home: Home
    host: str | None = None
    port: int | None = None
    gateway_port: int | None = None
    database_url: str | None = None
    gateway_database_url: str | None = None

    @property
    def listens_on(self) -> str:
        """The address to listen on."""
        return self.host or os.environ.get("COUNTERFOIL_HOST") or "127.0.0.1"

    def environment(self) -> dict[str, str]:
        """The app's settings by their full names, as far as they are not the environment's already."""
        kept = self.home.ports()
        found: dict[str, str | None] = {
            "COUNTERFOIL_DATA": str(self.home.data),
            "COUNTERFOIL_HOST": self.host,
            "COUNTERFOIL_DATABASE_URL": self.database_url,
        }
        port = str(self.port or os.environ.get("COUNTERFOIL_PORT") or kept.get("dashboard", DASHBOARD_PORT))
        found["COUNTERFOIL_PORT"] = port
        if not os.environ.get("COUNTERFOIL_PUBLIC_URL") and port.isdigit():
            found["COUNTERFOIL_PUBLIC_URL"] = url_of(self.listens_on, int(port))
        if self.gateway_port or not os.environ.get("COUNTERFOIL_GATEWAY_URL"):
            gateway_port = self.gateway_port or kept.get("gateway", GATEWAY_PORT)
            found["COUNTERFOIL_GATEWAY_URL"] = url_of("127.0.0.1", gateway_port)
        return {name: value for name, value in found.items() if value}

    def gateway_environment(self) -> dict[str, str]:
        """The gateway's settings by their full names."""
        found = {
            "COUNTERFOIL_GATEWAY_DATA": str(self.home.data),
            "COUNTERFOIL_GATEWAY_HOST": self.host,
            "COUNTERFOIL_GATEWAY_PORT": None if self.gateway_port is None else str(self.gateway_port),
            "COUNTERFOIL_GATEWAY_DATABASE_URL": self.gateway_database_url,
        }
        return {name: value for name, value in found.items() if value}

    def settings(self) -> Settings:
        """The app's settings. SettingError if one cannot be used."""
        return load_settings(self.environment())


def place_options(function: Function) -> Function:
    """--data, --host, the ports and the databases, handed over as one `place`."""
    return _with_place(_PLACE, function)


def database_options(function: Function) -> Function:
    """--data and --database-url, handed over as one `place`."""
    return _with_place((_DATA, _DATABASE), function)


def client_options(function: Function) -> Function:
    """--data, --database-url and --gateway-port, handed over as one `place`: for what speaks with a running gateway."""
    return _with_place((_DATA, _DATABASE, _GATEWAY_PORT), function)


def child_options(function: Function) -> Function:
    """What a supervisor tells its children: `child` and `parent_fd`."""
    return _all_of(_CHILD, function)


def _with_place(options: tuple[Function, ...], function: Function) -> Function:
    @functools.wraps(function)
    def with_place(
        *,
        data: Path | None,
        host: str | None = None,
        port: int | None = None,
        gateway_port: int | None = None,
        database_url: str | None = None,
        gateway_database_url: str | None = None,
        **rest: Any,
    ) -> Any:
        home = Home(data or Path(os.environ.get("COUNTERFOIL_DATA") or "var"))
        return function(Place(home, host, port, gateway_port, database_url, gateway_database_url), **rest)

    return _all_of(options, with_place)


def _all_of(options: tuple[Function, ...], function: Function) -> Function:
    for option in reversed(options):
        function = option(function)
    return function
