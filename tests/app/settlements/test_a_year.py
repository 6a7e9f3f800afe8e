"""A year of five merchants in four currencies ends without a difference; what is planted in reports after it is found,
each error as what it is, and nothing else: graded against the gateway's own right answer."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from sqlalchemy import create_engine

from app.config import database_url_of
from tests import stack as stacks
from tests.app.screens.visitor import Visitor
from tests.app.settlements.shop import Shop
from tests.clients import Json
from tests.stack import until

CURRENCIES = ("JPY", "USD", "KWD", "CLF")  # 0, 2, 3 and 4 digits
MONTHS, DAYS = 12, 360
USUAL, SOAKED = {"sqlite": 500, "postgresql": 60}, 50_000
SOLD_AT_ONCE = 500
"""Orders of one day at most: 50,000 are of a hundred days, 500 of the first of each month."""
CARDS = ("visa_success", "visa_success", "mastercard_success", "visa_success", "visa_insufficient_funds")
DISPUTED = ("visa_dispute_fraudulent", "visa_dispute_not_received_won")
ANSWERED = "visa_dispute_not_received_won"
PLANS = (
    {"percent": "10", "tax": "19", "fixed": "USD 0.30, JPY 40, KWD 0.100, CLF 0.0100"},
    {"percent": "12.5", "tiers": "USD 100, JPY 10000: 9", "tax": "20"},
    {"percent": "7", "minimum": "USD 0.50, KWD 0.200", "passes_fees": ""},
    {"percent": "3.33", "returns_commission": ""},
)

FOUND_AS = {
    "missing": "missing_there",
    "fee_differs": "fee",
    "duplicate": "duplicate",
    "late": "late",
    "unknown_payment": "missing_here",
}
"""What the gateway's right answer calls a finding, and the kind of break that it is to us."""
KINDS = ("missing_line", "wrong_fee", "duplicate", "late_refund", "rounding", "unknown_payment")
AT_ONCE = 4

pytestmark = pytest.mark.timeout(1200)


@dataclass
class Trade:
    """A shop whose five merchants sell in four currencies."""

    shop: Shop
    merchants: list[str]
    sold: int = 0

    def sell(self, orders: int, days: int = 30) -> None:
        """So many orders on one day, a third of them over two merchants, a third refunded in part; then more days."""
        before = self.reports()
        numbers = range(self.sold, self.sold + orders)
        self.sold += orders
        with ThreadPoolExecutor(AT_ONCE) as pool:
            placed = list(pool.map(self._sell, numbers))
        self._rest()
        paid = [order for order, card in placed if card != "visa_insufficient_funds"]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(self._refund, paid[::3]))
        self._rest()
        if any(card in DISPUTED for _, card in placed):
            self._dispute([order for order, card in placed if card == ANSWERED])
        self.end(before, days)

    def end(self, before: set[str], days: int) -> None:
        """Days go by; all that was settled in them is booked."""
        self.shop.go_on(f"P{days}D")

        def booked() -> bool:
            rows = self.shop.rows("SELECT id, status FROM settlements")
            return self.reports() - before <= {row["id"] for row in rows if row["status"] != "waiting"}

        until(booked, what="what was settled to be booked", within=120)

    def reports(self) -> set[str]:
        """The newest that the gateway has made."""
        return {one["id"] for one in self.shop.gateway.call("GET", "/v1/settlements?limit=100")["data"]}

    def _sell(self, number: int) -> tuple[Json, str]:
        currency = CURRENCIES[number % len(CURRENCIES)]
        seller, other = self.merchants[number % 5], self.merchants[(number // 5 + 1) % 5]
        price = 1_000 + number * 7_919 % 90_000
        items = [{"name": "A lamp", "quantity": 1, "unit_amount": price}]
        if number % 3 == 0:
            items.append({"name": "A cup", "quantity": 3, "unit_amount": price // 7, "merchant": other})
        amount = sum(item["quantity"] * item["unit_amount"] for item in items)  # type: ignore[operator]  # numbers
        card = DISPUTED[number // 20 % 2] if number % 20 == 1 else CARDS[number // 5 % len(CARDS)]
        customer = {"email": f"{secrets.token_hex(4)}@example.com", "name": "Ann Example"}
        order = self.shop.service.place(amount, currency, items=items, merchant=seller, customer=customer)
        self.shop.service.pay(order, card, capture=True)
        return order, card

    def _refund(self, order: Json) -> None:
        body = {"amount": min(order["amount"] // 3, 400)}  # more takes a second person
        answer = self.shop.service.call("POST", f"/orders/{order['id']}/refunds", body)
        assert answer.status_code == 201, answer.text

    def _rest(self) -> None:
        """Nothing that was asked of the gateway is open."""
        idle = "SELECT count(*) AS open FROM attempts WHERE closed_at IS NULL"
        until(lambda: not self.shop.rows(idle)[0]["open"], what="every attempt to be closed", within=60)

    def _dispute(self, answered: list[Json]) -> None:
        """Cardholders dispute an hour after the capture; some are answered at the gateway, others never."""
        self.shop.go_on("PT2H")
        for order in answered:
            (payment,) = self.shop.gateway.payments(order)
            dispute = payment["disputes"][0]["id"]
            self.shop.gateway.call("POST", f"/v1/disputes/{dispute}/submit", {})
        theirs = {one["id"] for one in self.shop.gateway.call("GET", "/v1/disputes?limit=100")["data"]}
        until(
            lambda: theirs <= {row["id"] for row in self.shop.rows("SELECT id FROM disputes")},
            what="the disputes to be heard of",
            within=60,
        )

    def bank(self, destination: str, reserve: int = 0) -> None:
        """How our bank takes payouts, and what the gateway holds back."""
        terms = {"destination": destination, "reserve": reserve, "reserve_days": 45}
        self.shop.gateway.call("PATCH", "/_sandbox/settings", {"payouts": terms})

    def breaks(self) -> Counter[tuple[str, str]]:
        return Counter((row["kind"], row["source_id"]) for row in self.shop.rows("SELECT * FROM breaks"))


@pytest.fixture(scope="module")
def shop(
    engine: stacks.Engine, databases: stacks.Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shop]:
    """An installation of its own: what is planted here would be in the way of others."""
    with stacks.running_stack(engine, databases, tmp_path_factory.mktemp("year")) as running:
        database = create_engine(database_url_of(running.database_url))
        yield Shop(running, database)
        database.dispose()


@pytest.fixture(scope="module")
def trade(shop: Shop) -> Trade:
    """Four merchants beside the first, each with an account and a plan of its own."""
    finance = Visitor(shop.stack, "finance")
    for number, plan in enumerate(PLANS):
        made = finance.send(
            "/merchants/new", "/merchants", name=f"Stall {number} {secrets.token_hex(2)}", currency="USD"
        )
        page = made.url.removeprefix(shop.stack.dashboard_url)
        agreed = finance.send(page, f"{page}/plans", **{"valid_from": "", "reason": "for the year", **plan})
        assert agreed.status_code == 200, agreed.text
    return Trade(shop, [row["id"] for row in shop.rows("SELECT id FROM merchants ORDER BY created_at, id")][:5])


def test_a_year_ends_without_a_difference(trade: Trade, engine: stacks.Engine, request: pytest.FixtureRequest) -> None:
    shop = trade.shop
    orders = SOAKED if request.config.getoption("--soak") else USUAL[engine]
    known = trade.breaks()
    parts = max(MONTHS, orders // SOLD_AT_ONCE)
    for part in range(parts):
        month = part * MONTHS // parts
        trade.bank("bank_returned_later" if month == 4 else "bank_success", reserve=500 if 6 <= month < 9 else 0)
        trade.sell(orders * (part + 1) // parts - orders * part // parts, DAYS // parts)
        if part % 10 == 9:
            print(f"{trade.sold} orders by {shop.gateway.clock()['now']}")
    until(shop.agrees, what="our books to say what the gateway holds", within=120)
    assert trade.breaks() == known
    assert shop.verify()["faults"] == {"balance": [], "chain": [], "agreement": []}
    (told,) = shop.rows("SELECT count(*) AS returned FROM payouts WHERE status = 'failed'")
    assert told["returned"] > 0
    decided = {row["status"] for row in shop.rows("SELECT DISTINCT status FROM disputes")}
    assert {"won", "expired"} <= decided


def test_what_is_planted_is_found_as_what_it_is_and_nothing_else(trade: Trade, request: pytest.FixtureRequest) -> None:
    shop = trade.shop
    trade.bank("bank_success")
    known = trade.breaks()
    clean = 0
    for _ in range(10 if request.config.getoption("--soak") else 1):
        for kind in KINDS:
            for currency in CURRENCIES:
                shop.gateway.call("POST", "/_sandbox/plants", {"kind": kind, "currency": currency})
        trade.sell(60)
        before = trade.reports()
        trade.sell(16)  # what came late stands in the next report, which is clean but for that
        clean += len(trade.reports() - before)
    until(shop.agrees, what="our books to say what the gateway holds", within=120)
    planted = shop.gateway.call("GET", "/_sandbox/plants")["data"]
    assert {one["status"] for one in planted} == {"planted"}
    right = Counter((FOUND_AS[one["finding"]], (one["true_line"] or one["reported_line"])["source"]) for one in planted)
    found = trade.breaks() - known
    missed, false = right - found, found - right
    print(
        f"planted {right.total()}, found {(found & right).total()}, false alarms {false.total()}; {clean} clean reports"
    )
    assert (missed, false) == (Counter(), Counter())
