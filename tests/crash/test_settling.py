"""Killed at any instant of settlement: after a restart the books are the same as without."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pytest
import requests

from tests import stack as stacks
from tests.app.settlements.shop import Shop
from tests.database import engine_of
from tests.stack import Stack, until

INSTANTS = ("lines_booked", "before_commit", "booked", "available")


@pytest.fixture(scope="module")
def stack(
    engine: stacks.Engine, databases: stacks.Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """One installation, killed and started again by every test here."""
    with stacks.running_stack(engine, databases, tmp_path_factory.mktemp("settling")) as running:
        yield running


@pytest.mark.rounds(10)
@pytest.mark.timeout(240)
@pytest.mark.parametrize("instant", INSTANTS)
def test_a_kill_at_this_instant_of_settlement_changes_no_book(stack: Stack, instant: str) -> None:
    database = engine_of(stack.database_url)
    stack.kill()
    stack.start(crash_at=f"settlement.{instant}")
    shop = Shop(stack, database)
    shop.refund(shop.sell(12_345), 345)
    with suppress(requests.ConnectionError):
        shop.gateway.clock(advance="P5D")
    stack.process.wait(within=40)
    stack.kill()

    stack.start()
    until(shop.agrees, what="our books to say what the gateway holds", within=60)
    until(
        lambda: not shop.rows("SELECT id FROM settlements WHERE status <> 'paid_out'"),
        what="every day to be paid out",
        within=60,
    )
    assert shop.rows("SELECT * FROM breaks") == []
    assert shop.verify()["faults"] == {"balance": [], "chain": [], "agreement": []}
    database.dispose()
