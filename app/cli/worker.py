"""`counterfoil worker`: does due work until it is told to end."""

from __future__ import annotations

import os
import signal
import threading
import time

import click

from app.cli.database import checked
from app.cli.options import Place, child_options, place_options
from app.cli.telling import AT_WORK, be_called
from app.ending import leave
from app.work import run_worker

LAST_SECONDS = 3.0


@click.command()
@place_options
@child_options
def worker(place: Place, child: bool, parent_fd: int | None) -> None:
    """The worker alone: settles unknown outcomes, applies webhooks, keeps the account's clock.

    Any number may run on PostgreSQL, on any hosts; on SQLite one beside the dashboard. Told to end (SIGTERM, Ctrl-C),
    it finishes what is under way for a few seconds; what is left then is done again by the next one.

    \b
    Examples
      counterfoil worker
      counterfoil worker --database-url postgresql://counterfoil@db/counterfoil
    """
    be_called("worker")
    settings = place.settings()
    checked(settings)
    stop = threading.Event()

    def end(_signum: int, _frame: object) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, signal.SIG_IGN if child else end)
    if child:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    if parent_fd is not None:
        threading.Thread(target=_watch, args=(parent_fd, stop), name="parent", daemon=True).start()
    threading.Thread(target=_end_in_time, args=(stop,), name="end", daemon=True).start()
    click.echo(AT_WORK, err=True)
    run_worker(settings, stop)
    leave(0)


def _watch(parent_fd: int, stop: threading.Event) -> None:
    """Wait for the parent's death, which closes its end of the pipe."""
    while os.read(parent_fd, 1):
        pass
    stop.set()


def _end_in_time(stop: threading.Event) -> None:
    """Give what is under way a last few seconds; leases of what is cut off lapse, and it is done again."""
    stop.wait()
    time.sleep(LAST_SECONDS)
    leave(0)
