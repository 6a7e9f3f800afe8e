"""One installation whose clock these tests move, and what was paid out there in many currencies."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine

from app.config import database_url_of
from tests import stack as stacks
from tests.app.screens.visitor import Visitor
from tests.app.settlements.shop import Shop
from tests.clients import Json
from tests.stack import Stack, until

CURRENCIES = ("GBP", "SEK", "AUD", "CAD", "NZD", "NOK", "PLN", "CHF", "CZK", "EUR")


@pytest.fixture(scope="package")
def stack(
    engine: stacks.Engine, databases: stacks.Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """An installation of its own: its account's clock stands still until it is moved."""
    with stacks.running_stack(engine, databases, tmp_path_factory.mktemp("reconciliation")) as running:
        yield running


@pytest.fixture(scope="package")
def shop(stack: Stack) -> Iterator[Shop]:
    database = create_engine(database_url_of(stack.database_url))
    yield Shop(stack, database)
    database.dispose()


@pytest.fixture(scope="package")
def finance(shop: Shop) -> Visitor:
    return Visitor(shop.stack, "finance")


@pytest.fixture(scope="package")
def settled(shop: Shop) -> dict[str, str]:
    """A day with sales in each currency, the last one with a refund: its settlements by currency."""
    for currency in CURRENCIES:
        shop.sell(7_000, currency)
    shop.sell(1_999, "EUR")
    shop.refund(shop.sell(12_345, "EUR"), 345)
    return {one["currency"]: one["id"] for one in shop.end_day()}


@pytest.fixture(scope="package")
def payouts(shop: Shop, settled: dict[str, str]) -> dict[str, Json]:
    """What the gateway paid out of that day, arrived and known here."""
    shop.go_on("P5D")
    until(lambda: all(map(shop.paid_by, settled.values())), what="the payouts to be booked", within=90)
    told = {one["id"]: one for one in shop.gateway.call("GET", "/v1/payouts?limit=100")["data"]}
    rows = shop.rows("SELECT id, payout_id FROM settlements")
    return {currency: told[row["payout_id"]] for row in rows for currency, id_ in settled.items() if row["id"] == id_}
