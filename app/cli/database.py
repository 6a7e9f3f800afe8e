"""`counterfoil db`: the app's database, its revision and its upgrade."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import click
from sqlalchemy import Engine, make_url
from sqlalchemy.exc import SQLAlchemyError

from app.cli.options import Place, database_options
from app.cli.telling import Found
from app.config import Settings
from app.db import connect
from app.schema import revision, upgrade


@contextlib.contextmanager
def opened(settings: Settings) -> Iterator[Engine]:
    """The app's database as this process's; a database that does not answer becomes one clear line."""
    engine = connect(settings.database_url)
    try:
        yield engine
    except SQLAlchemyError as error:
        raise Found(f"the database {shown(settings.database_url)} does not do it: {reason(error)}") from None
    finally:
        engine.dispose()


def checked(settings: Settings) -> None:
    """Raise Found unless the database answers and has this version's tables."""
    with opened(settings) as engine:
        found = revision(engine)
    if not found.is_newest:
        raise Found(
            f"the database {shown(settings.database_url)} is at revision {found.current or 'none (empty)'},"
            f" this version needs {found.newest}: run `counterfoil db upgrade` with the same options"
        )


def shown(url: str) -> str:
    """A database URL without its password."""
    return make_url(url).render_as_string(hide_password=True)


def reason(error: SQLAlchemyError) -> str:
    """The first line of what the driver said."""
    original = getattr(error, "orig", None)
    text = str(original or error).strip() or type(error).__name__
    return text.splitlines()[0]


@click.group()
def db() -> None:
    """The app's database."""


@db.command("upgrade")
@database_options
def upgrade_command(place: Place) -> None:
    """Bring the app's database to this version. Safe to repeat; `up` does it by itself.

    The gateway upgrades its own when it starts.

    \b
    Examples
      counterfoil db upgrade
      counterfoil db upgrade --database-url postgresql://counterfoil@db/counterfoil
    """
    place.home.prepare()
    settings = place.settings()
    with opened(settings) as engine:
        before = upgrade(engine)
    where = shown(settings.database_url)
    if before.is_newest:
        click.echo(f"{where} is at {before.newest}, the newest revision.")
    else:
        click.echo(f"{where}: from {before.current or 'empty'} to {before.newest}.")
