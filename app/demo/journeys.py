"""Through the account's past and back: begun once, gone on with after an interruption, never twice at the same time."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select

from app.clock import store_reading, wall_now
from app.db import reading, transaction
from app.demo.plan import REFERENCE, Journey, Moment
from app.demo.play import Player
from app.errors import CounterfoilError, GatewayRefused
from app.gateway import gateway
from app.gateway.account_time import read_clock
from app.merchants.queries import ensure_default_merchant
from app.orders.models import Order

FIRST_NUMBER = 1001
DEFAULT_SEED = "1"
DEFAULT_DAYS = 30

Tell = Callable[[int, int], None]
"""Is told how many of how many steps are done."""


class DemoRuns(CounterfoilError):
    """Another process is at it, on the same data folder."""


@contextlib.contextmanager
def alone(data: Path) -> Iterator[None]:
    """For as long as the block runs no other process plays a demo from this data folder; else DemoRuns."""
    descriptor = os.open(data / "demo.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DemoRuns(f"a demo is being played from {data} just now: wait until it is done") from None
        yield
    finally:
        os.close(descriptor)


def unfinished(data: Path) -> Journey | None:
    """The journey that was interrupted, if one was."""
    try:
        kept = json.loads(_file(data).read_text(encoding="utf-8"))
        return Journey(**kept | {"until": datetime.fromisoformat(kept["until"])})
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return None


def set_out(data: Path, seed: str, orders: int, days: int) -> Journey | None:
    """Turn the clock back, and remember to come back; None unless app and account are both still empty."""
    if not has_no_orders() or gateway().has_payments():
        return None
    journey = Journey(seed, FIRST_NUMBER, orders, days, wall_now())
    draft = _file(data).with_suffix(".new")
    draft.write_text(json.dumps(asdict(journey) | {"until": journey.until.isoformat()}), encoding="utf-8")
    draft.replace(_file(data))
    _turn_back(journey)
    return journey


def travel(data: Path, journey: Journey, stop: threading.Event, tell: Tell) -> bool:
    """Play it from the begin, or from where it was interrupted, and come back; False if stopped on the way."""
    if has_no_orders():  # also where it was interrupted before the clock was turned
        _turn_back(journey)
    now = gateway().clock().now

    def set_clock(at: datetime) -> None:
        nonlocal now
        if at > now:
            now = at
            _freeze(at)

    played = _play(journey.moments(), stop, tell, set_clock)
    if played:
        come_back(data)
    return played


def come_back(data: Path) -> None:
    """The account's clock is the wall's again, and the journey over."""
    with contextlib.suppress(GatewayRefused):  # somebody moved it beyond: then it stays there
        gateway().move_clock(wall_now(), frozen=False)
    read_clock()
    _file(data).unlink(missing_ok=True)


def from_now(seed: str, orders: int) -> Journey:
    """So many more orders, numbered on from those that there are."""
    return Journey(seed, _next_number(), orders, DEFAULT_DAYS, wall_now())


def add_now(journey: Journey, stop: threading.Event, tell: Tell) -> bool:
    """Play it at the account's time as it is, one act after the other; False if stopped on the way."""
    return _play(journey.moments(), stop, tell, lambda _at: None)


def _play(moments: list[Moment], stop: threading.Event, tell: Tell, set_clock: Callable[[datetime], None]) -> bool:
    with transaction() as session:
        ensure_default_merchant(session)
    return Player(stop, lambda done: tell(done, len(moments))).play(moments, set_clock)


def _turn_back(journey: Journey) -> None:
    """Freeze the clock of an account without payments at the begin."""
    try:
        gateway().move_clock(journey.begin, frozen=True)
    except GatewayRefused:  # answers to calls are kept there, of the endpoint's making for one
        gateway().reset()
        gateway().move_clock(journey.begin, frozen=True)
    read_clock()


def _freeze(at: datetime) -> None:
    """Both sides' time is `at`. Before the move, for events that it brings may come in before its answer; and after it,
    so that what the worker asked meanwhile is overtaken."""
    _note_time(at)
    gateway().move_clock(at, frozen=True)
    _note_time(at)


def _note_time(at: datetime) -> None:
    with transaction() as session:
        store_reading(session, at, frozen=True, asked_at=wall_now())


def _file(data: Path) -> Path:
    return data / "demo.json"


def has_no_orders() -> bool:
    """Whether the app is as new."""
    with reading() as session:
        return session.scalars(select(Order.id).limit(1)).first() is None


def _next_number() -> int:
    """One more than the highest number that an order of the demo's has; references of other forms are passed over."""
    form = Order.reference.startswith(REFERENCE, autoescape=True)
    longest_first = (func.length(Order.reference).desc(), Order.reference.desc())
    short = func.length(Order.reference) < len(REFERENCE) + 10
    with reading() as session:
        taken = session.scalars(select(Order.reference).where(form, short).order_by(*longest_first).limit(100)).all()
    numbers = [int(number) for text in taken if (number := text.removeprefix(REFERENCE)).isdecimal()]
    return max([FIRST_NUMBER - 1, *numbers]) + 1
