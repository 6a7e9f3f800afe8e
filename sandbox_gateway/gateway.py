"""The whole program put together: port, database, application, and the threads that act without being asked."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from sqlalchemy import make_url
from sqlalchemy.exc import OperationalError

from sandbox_gateway import crash, logs, migrate, peppers, server
from sandbox_gateway.config import Config
from sandbox_gateway.routes import Gateway
from sandbox_gateway.storage import Store
from sandbox_gateway.ticker import Ticker
from sandbox_gateway.turns import Turns
from sandbox_gateway.web import create_app
from sandbox_gateway.webhooks.dispatcher import Dispatcher

# For the ticker, the dispatcher, and requests that hold a lock across transactions.
_OTHER_CONNECTIONS = 8


class CannotServeError(Exception):
    """Something outside the gateway keeps it from serving; the text says what, and what would help."""


def serve(config: Config, *, child: bool, parent_fd: int | None) -> NoReturn:
    """Serve until told to end. CannotServeError if the port is taken or the database cannot be used."""
    logs.configure()
    crash.choose(config.crash_at)
    if parent_fd is not None:
        server.check_descriptor(parent_fd)
    try:
        listener = server.listen(config.host, config.port)
    except OSError as error:
        raise CannotServeError(_why_not_listening(error, config)) from None
    _take_database(config)

    def load() -> tuple[server.WSGI, Callable[[], None]]:
        turns = Turns(_database_file(config)) if config.is_sqlite and config.workers > 1 else None
        store = Store(config.database_url, connections=config.threads + _OTHER_CONNECTIONS, turns=turns)
        application = create_app(config, store)
        parts: Gateway = application.extensions["gateway"]
        ticker, dispatcher = Ticker(parts), Dispatcher(store, parts.accounts)
        ticker.start()
        dispatcher.start()
        parts.recorder.start()

        def close() -> None:
            dispatcher.close()
            ticker.stop()
            parts.recorder.close()
            store.dispose()

        return application.wsgi_app, close

    server.run(config, listener, load, child=child, parent_fd=parent_fd)


def _take_database(config: Config) -> None:
    shown = make_url(config.database_url).render_as_string(hide_password=True)
    try:
        if config.is_sqlite:
            server.lock_database_file(_database_file(config))
        migrate.upgrade(config.database_url)
        is_ours = peppers.belongs(config.database_url, config.pepper)
    except BlockingIOError:
        raise CannotServeError(f"another gateway is serving {shown}; end it, or give this one other data") from None
    except (OSError, OperationalError) as error:
        reason = str(getattr(error, "orig", error)).strip().partition("\n")[0]
        raise CannotServeError(f"cannot use the database {shown}: {reason}") from None
    if not is_ours:
        raise CannotServeError(
            f"the database {shown} was written with another pepper: give back the file gateway_pepper that lay in its"
            " data folder, or the COUNTERFOIL_GATEWAY_PEPPER of its other hosts; or begin with an empty database"
        )


def _database_file(config: Config) -> Path:
    return Path(str(make_url(config.database_url).database))


def _why_not_listening(error: OSError, config: Config) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {config.port} on {config.host} is taken; give another: --port, or --gateway-port of counterfoil"
    return f"cannot listen on port {config.port} of {config.host}: {error.strerror}"
