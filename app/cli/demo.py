"""`counterfoil demo`: believable orders, through the real flow; and those that `up` begins with."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import click
from sqlalchemy.exc import SQLAlchemyError

from app import gateway
from app.checkout import links
from app.cli.database import checked, opened, reason
from app.cli.options import Place, client_options, json_option
from app.cli.screen import Screen
from app.cli.telling import Found
from app.config import Settings
from app.demo import journeys
from app.demo.journeys import DEFAULT_DAYS, DEFAULT_SEED
from app.demo.plan import REFERENCE, Journey
from app.errors import CounterfoilError, GatewayUnavailable
from app.logs import configure_logs
from app.policy.current import begin_with
from app.risk import scorer
from app.risk.scoring import ModelAtWork
from app.supervisor import Supervisor

_MODEL_SECONDS = 20.0
_LAST_SECONDS = 1.0
"""How long the act under way may take once told to end; what it asked for is asked again after the next start."""


@click.command()
@client_options
@click.option("--orders", type=click.IntRange(1, 100_000), required=True, metavar="N", help="How many orders to add.")
@click.option(
    "--days",
    type=click.IntRange(1, 366),
    default=DEFAULT_DAYS,
    show_default=True,
    help="Over how many days, where the account is empty.",
)
@click.option(
    "--seed", default=DEFAULT_SEED, show_default=True, help="Same seed and numbers: same names, sums and outcomes."
)
@json_option
def demo(place: Place, orders: int, days: int, seed: str, as_json: bool) -> None:
    """Add believable orders: paid, declined and paid again, confirmed, shipped in parts, refunded, forgotten.

    They go through the real flow, by calls on the gateway with its test cards, so a running `counterfoil up` (or
    gateway) is needed, and every webhook is sent. Their references are SHOP- and a number, counted on.

    On an empty account its clock is turned back by so many days and comes back to now with the orders, which are
    spread as a shop's are: busy evenings, quiet Sundays, one campaign. Interrupted, the same command or the next
    `up` goes on. On an account with payments the clock is left alone: all orders are placed now.

    \b
    Examples
      counterfoil demo --orders 50
      counterfoil demo --orders 2000 --days 90 --seed autumn
      counterfoil demo --orders 20 --json
    """
    settings = place.settings()
    checked(settings)
    screen = Screen(quiet=as_json)
    began = time.monotonic()
    with opened(settings), _ready(settings), journeys.alone(settings.data), _scored(), _interruptible() as stop:
        interrupted = journeys.unfinished(settings.data)
        if interrupted is not None:
            screen.progress("the demo that was interrupted is finished first")
            _travel(settings.data, interrupted, stop, screen)
        journey = journeys.set_out(settings.data, seed, orders, days)
        if journey is not None:
            _travel(settings.data, journey, stop, screen)
        else:
            journey = journeys.from_now(seed, orders)
            with screen.bar(f"placing {orders} orders at the account's time") as tell:
                if not journeys.add_now(journey, stop, tell):
                    raise Found("stopped; what was placed stands")
    first, last = journey.first, journey.first + orders - 1
    took = time.monotonic() - began
    if as_json:
        told = {"orders": orders, "first": f"{REFERENCE}{first}", "last": f"{REFERENCE}{last}"}
        click.echo(json.dumps(told | {"seconds": round(took, 1)}))
    else:
        screen.progress(f"{orders} orders, {REFERENCE}{first} to {REFERENCE}{last}, in {took:.1f} s")


def _travel(data: Path, journey: Journey, stop: threading.Event, screen: Screen) -> None:
    with screen.bar(_what(journey)) as tell:
        if not journeys.travel(data, journey, stop, tell):
            raise Found("stopped with the account's clock in the past; the same command or `up` goes on from there")


def _what(journey: Journey) -> str:
    days = f"{journey.days} days" if journey.days > 1 else "day"
    return f"playing {journey.orders} orders of the last {days}"


@contextmanager
def _ready(settings: Settings) -> Iterator[None]:
    """This process speaks with the gateway; one that is not there becomes one clear line."""
    configure_logs()
    gateway.connect(settings)
    links.connect(settings)
    try:
        gateway.gateway().clock()
    except GatewayUnavailable:
        raise Found(f"no gateway answers at {settings.gateway_url}: run `counterfoil up`, and this beside it") from None
    yield


@contextmanager
def _scored() -> Iterator[None]:
    """Payments are judged as anywhere else. Chance draws none for a review: same seed, same outcomes."""
    begin_with(random_reviews=0)
    model = ModelAtWork().start()
    model.wait(_MODEL_SECONDS)
    scorer.use(model)
    try:
        yield
    finally:
        scorer.use(None)


@contextmanager
def _interruptible() -> Iterator[threading.Event]:
    """An event that is set by Ctrl-C, SIGTERM and a closed terminal, so that the act under way is finished."""
    stop = threading.Event()
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(signum, lambda _signum, _frame: stop.set()) for signum in signals]
    try:
        yield stop
    finally:
        for signum, handler in zip(signals, before, strict=True):
            signal.signal(signum, handler)


def prepared(settings: Settings, orders: int | None) -> Journey | None:
    """For `up`, before anything but the gateway runs: the journey to play, its clock turned back already.

    With `orders` None there is to be no demo, and one that was interrupted is left as it stands.
    """
    gateway.connect(settings)
    links.connect(settings)
    with opened(settings):
        journey = journeys.unfinished(settings.data)
        if orders is None:
            if journey is not None:
                journeys.come_back(settings.data)
            return None
        return journey or journeys.set_out(settings.data, DEFAULT_SEED, orders, DEFAULT_DAYS)


def is_due(settings: Settings, orders: int | None) -> bool:
    """Whether a demo was interrupted, or one is wanted and the app has no orders: then `prepared` has to look."""
    return journeys.unfinished(settings.data) is not None or (orders is not None and journeys.has_no_orders())


def play(settings: Settings, journey: Journey, supervisor: Supervisor, screen: Screen) -> None:
    """For `up`, while all three run: play the journey. A trouble is told and does not keep anything from running."""
    configure_logs()
    stop = threading.Event()
    troubles: list[str] = []

    def travel() -> None:
        try:
            with journeys.alone(settings.data), _scored():
                played = journeys.travel(settings.data, journey, stop, tell)
        except CounterfoilError as error:
            troubles.append(str(error))
        except SQLAlchemyError as error:
            troubles.append(reason(error))
        else:
            if not played:
                troubles.append("stopped")

    began = time.monotonic()
    with opened(settings), screen.bar(_what(journey)) as tell:
        playing = threading.Thread(target=travel, name="demo", daemon=True)
        playing.start()
        stays_up = supervisor.run(going=playing.is_alive)
        stop.set()
        playing.join(_LAST_SECONDS)
    if not stays_up:
        raise Found("ended, because one of the programs does not stay up")
    if supervisor.told_to_end:
        screen.progress("the demo is not complete: the next start goes on with it")
    elif troubles:
        screen.say(f"the demo is left as it stands: {troubles[0]}")
        with suppress(CounterfoilError), opened(settings):
            journeys.come_back(settings.data)
    else:
        screen.progress(f"{journey.orders} demo orders in {time.monotonic() - began:.1f} s")
