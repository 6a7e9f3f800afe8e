"""The sweep takes away kept answers whose time is over, and none that came into the place of one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import pytest
from sqlalchemy import Connection, insert, select, update

from sandbox_gateway.accounts import FROZEN, accounts
from sandbox_gateway.idempotency import kept_answers
from sandbox_gateway.migrate import upgrade
from sandbox_gateway.storage import Store
from sandbox_gateway.sweep import Sweep
from tests.stack import Databases, Engine

T = TypeVar("T")

_NOW_US = 1_000_000


class _Interrupted(Store):
    """After each look something else happens, whatever is written next."""

    then: Callable[[Connection], Any] | None = None

    def read(self, fn: Callable[[Connection], T]) -> T:
        found = super().read(fn)
        if self.then is not None:
            self.write(self.then)
        return found


@pytest.fixture
def store(engine: Engine, databases: Databases) -> Iterator[_Interrupted]:
    url = databases.fresh(engine, "sweep")
    upgrade(url)
    made = _Interrupted(url)
    yield made
    made.dispose()


def _keep_two(tx: Connection) -> None:
    account_id = tx.execute(
        insert(accounts).returning(accounts.c.id),
        {
            "key_hash": b"k" * 32,
            "publishable_key": "pk_test_sweep",
            "settings": "{}",
            "clock_mode": FROZEN,
            "clock_offset_us": 0,
            "clock_frozen_us": _NOW_US,
            "faults": 0,
            "drawn": 0,
            "opened_us": 0,
        },
    ).scalar_one()
    for key, expires_us in (("fresh", _NOW_US + 1), ("over", _NOW_US)):
        answer = {"request_hash": "h", "status": 201, "content_type": "text/plain", "location": None, "body": "{}"}
        tx.execute(insert(kept_answers), {"account_id": account_id, "key": key, "expires_us": expires_us, **answer})


def _keys(store: Store) -> list[str]:
    return list(store.read(lambda tx: tx.execute(select(kept_answers.c.key)).scalars().all()))


def test_only_what_is_over_is_taken_away(store: _Interrupted) -> None:
    store.write(_keep_two)
    Sweep(store).go_on()
    assert _keys(store) == ["fresh"]


def test_an_answer_kept_anew_since_the_look_stays(store: _Interrupted) -> None:
    store.write(_keep_two)
    store.then = lambda tx: tx.execute(
        update(kept_answers).where(kept_answers.c.key == "over").values(expires_us=_NOW_US + 1)
    )
    Sweep(store).go_on()
    store.then = None
    assert sorted(_keys(store)) == ["fresh", "over"]
