"""The overview: each figure and mark is the sum of the rows behind it, and no two currencies are ever added up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from app.db import make_engine
from app.money import exponent_of
from app.orders.models import Order
from app.payments.declines import CLASS_WORDS, DeclineClass, explain
from app.payments.models import Payment
from app.payments.moved import Capture, Refund
from tests.app.screens.history import History, write_history
from tests.app.screens.visitor import Link, Read, Visitor
from tests.clients import GatewayAccount, Json, OrderService
from tests.stack import Databases, Engine, Stack, running_stack, until

DAYS = 40
ORDERS = 700
TABLES = {"captured": Capture, "refunded": Refund, "orders": Order}
MARK = re.compile(r"^(?:\w{3}, )?\d+ \w{3} \d{4}(?:, so far)?: (.*)$", re.DOTALL)
NUMBER = re.compile(r"^\d{1,3}(,\d{3})*(\.\d+)?")


@dataclass(frozen=True)
class Shop:
    """A desk over forty days of business, its clock stopped."""

    visitor: Visitor
    history: History

    def counted(self, href: str) -> list[dict[str, Any]]:
        """The rows that an address asks for, found in what was written and not by the desk."""
        parts = urlsplit(href)
        asked = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        figure = parts.path.rpartition("/")[2]
        begin, end = _span(asked)
        found = []
        for row in self.history.rows[TABLES.get(figure, Payment)]:
            approved = row.get("authorized_at") is not None
            declined = row.get("status") == "declined"
            is_counted = {
                "captured": True,
                "orders": True,
                "refunded": row.get("status") != "failed",
                "tried": approved or declined,
                "approved": approved,
                "declined": declined,
                "unfinished": not approved and not declined,
            }[figure]
            if not is_counted or not begin <= row["created_at"] < end or row["currency"] != asked["currency"]:
                continue
            if "kind" in asked and explain(row["decline"]).kind != asked["kind"]:
                continue
            if "reason" in asked and row["decline_code"] != asked["reason"]:
                continue
            found.append(row)
        return found


def _span(asked: dict[str, str]) -> tuple[datetime, datetime]:
    first = asked.get("day") or asked["since"]
    last = asked.get("day") or asked["until"]
    begin = datetime.combine(date.fromisoformat(first), datetime.min.time(), UTC)
    if "T" in last:
        return begin, datetime.fromisoformat(last)
    return begin, datetime.combine(date.fromisoformat(last), datetime.min.time(), UTC) + timedelta(days=1)


def _money(rows: list[dict[str, Any]], currency: str) -> str:
    places = exponent_of(currency)
    return f"{Decimal(sum(row['amount_minor'] for row in rows)).scaleb(-places):,.{places}f}"


def _percent(part: int, whole: int) -> str:
    return f"{(Decimal(part) * 100 / whole).quantize(Decimal('0.1'), 'ROUND_HALF_UP')}%"


@pytest.fixture(scope="module")
def shop(engine: Engine, databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with running_stack(engine, databases, tmp_path_factory.mktemp("history")) as stack:
        account = GatewayAccount(stack)
        account.clock(mode="frozen")
        today = datetime.fromisoformat(account.clock()["now"]).date()
        now = datetime.combine(today + timedelta(days=2), datetime.min.time(), UTC) + timedelta(hours=14, seconds=9)
        account.clock(to=now.isoformat().replace("+00:00", "Z"))
        visitor = Visitor(stack)
        written = f"{now.day} {now:%b %Y, %H:%M:%S} UTC"
        until(lambda: written in visitor.read("/").text, what="the app to read the account's clock")
        database = make_engine(_sqlalchemy(stack))
        history = write_history(database, now, days=DAYS, orders=ORDERS, seed=20261123)
        database.dispose()
        yield Shop(visitor, history)


def _sqlalchemy(stack: Stack) -> str:
    return stack.database_url.replace("postgresql:", "postgresql+psycopg:")


def _figures(page: Read) -> list[Link]:
    return [link for link in page.links if re.match(r"/overview/(?!needs)|/orders\?since", link.href)]


def _expected(shop: Shop, link: Link, currency: str) -> tuple[str, str]:
    """What the link's first number has to be, and what it is."""
    rows = shop.counted(link.href)
    words = " ".join(link.text.split())
    mark = MARK.match(words)
    words = mark[1] if mark else words
    if "%" in words or words.startswith(("no answer", "none")):  # a rate: its parts are links of their own
        tried = len(shop.counted(link.href.replace("/approved", "/tried")))
        yes = len(shop.counted(link.href.replace("/tried", "/approved")))
        is_share = "declined" in link.href  # of a list of bars: its number stands before it
        if not is_share:
            return (_percent(yes, tried) if tried else words.split(",")[0]), words.split(",")[0].split(";")[0]
    told = NUMBER.match(words) or re.search(r"[\d,]+(?= \d+\.\d%)", words)
    assert told is not None, words
    is_money = "/captured" in link.href or "/refunded" in link.href
    return (_money(rows, currency) if is_money else f"{len(rows):,}"), told[0]


@pytest.mark.parametrize(
    ("period", "days", "currency"),
    [
        ("days=7", 7, "USD"),
        ("days=30", 30, "EUR"),
        ("days=30", 30, "KWD"),
        ("days=90", 90, "JPY"),
        ("since={19}&until={5}", 15, "USD"),
        ("since={3}", 4, "EUR"),
        ("since={8}&until={8}", 1, "USD"),
    ],
)
def test_every_figure_and_mark_tells_of_the_rows_that_were_written(
    shop: Shop, period: str, days: int, currency: str
) -> None:
    address = f"/?{period.format(*_days_ago(shop.history.now, 20))}&currency={currency}"
    page = shop.visitor.read(address)
    links = [link for link in _figures(page) if f"currency={currency}" in link.href]
    assert len(links) > 9 * days
    wrong = [(link.href, link.text, *pair) for link in links if len(set(pair := _expected(shop, link, currency))) > 1]
    assert wrong == []


def test_behind_every_figure_are_its_rows_and_their_sum(shop: Shop) -> None:
    page = shop.visitor.read("/?days=7&currency=USD")
    for href in sorted({link.href for link in _figures(page)}):
        rows = shop.counted(href)
        behind = shop.visitor.read(href)
        if href.startswith("/orders"):
            assert re.search(rf"\b{len(rows):,} orders?\b", behind.text), href
        elif rows:
            currency = rows[0]["currency"]
            assert f"{_money(rows, currency)} {currency} {len(rows):,} " in behind.text, href
        else:
            assert "Nothing in this time" in behind.text, href


@pytest.mark.parametrize("figure", ["captured", "refunded", "orders", "tried", "approved", "declined", "unfinished"])
def test_the_pages_of_rows_show_each_once(shop: Shop, figure: str) -> None:
    now = shop.history.now
    href = f"/overview/{figure}?since={now - timedelta(days=20):%Y-%m-%d}&until={now:%Y-%m-%dT%H:%M:%SZ}&currency=EUR"
    page = shop.visitor.read(href)
    amounts = []
    while True:
        amounts += [Decimal(cells[-1].split()[0].replace(",", "")) for cells in page.row_texts() if cells]
        older = page.href("Older")
        if older is None:
            break
        page = shop.visitor.read(older)
    rows = shop.counted(href)
    assert sorted(amounts) == sorted(Decimal(row["amount_minor"]).scaleb(-2) for row in rows)
    assert len(rows) > 0


@pytest.mark.parametrize("kind", DeclineClass)
def test_the_rows_of_a_class_are_of_that_class(shop: Shop, kind: DeclineClass) -> None:
    rows = [cells for cells in shop.visitor.read(f"/overview/declined?days=40&kind={kind}").row_texts() if cells]
    assert len(rows) > 0
    assert {cells[4] for cells in rows} == {CLASS_WORDS[kind]}


def test_changes_compare_the_same_days_up_to_the_same_time(shop: Shop) -> None:
    page = shop.visitor.read("/?days=7&currency=USD")
    before = next(link for link in page.links if "/captured" in link.href and "T14:00:10Z" in unquote(link.href))
    begin, end = _span({name: values[0] for name, values in parse_qs(urlsplit(before.href).query).items()})
    assert end == shop.history.now + timedelta(seconds=1) - timedelta(days=7)
    assert begin.date() == (shop.history.now - timedelta(days=13)).date()
    was = sum(row["amount_minor"] for row in shop.counted(before.href))
    first = (shop.history.now - timedelta(days=6)).date()
    last = shop.history.now.date()
    rows = shop.counted(f"/overview/captured?since={first}&until={last}&currency=USD")
    moved = sum(row["amount_minor"] for row in rows) - was
    sign = "+" if moved > 0 else "\u2212"
    assert f"{sign}{abs(Decimal(moved)).scaleb(-2):,.2f}" in page.text
    assert f"{sign}{_percent(abs(moved), was)}" in page.text


def _days_ago(now: datetime, number: int) -> list[date]:
    return [now.date() - timedelta(days=ago) for ago in range(number)]


def test_chosen_days_are_compared_with_as_many_whole_days_before(shop: Shop) -> None:
    days = _days_ago(shop.history.now, 13)
    page = shop.visitor.read(f"/?since={days[8]}&until={days[5]}&currency=USD")
    before = f"/overview/captured?since={days[12]}&until={days[9]}&currency=USD"
    assert _money(shop.counted(before), "USD") in [link.text for link in page.links if link.href == before]
    assert "4 days " in page.text
    assert "today" not in " ".join(link.text for link in _figures(page))
    assert page.fields["since"] == f"{days[8]}", "the form and the choice of a currency keep the days"


def test_each_chart_draws_the_period_before_where_it_is_known(shop: Shop) -> None:
    for length, lines in ((7, 5 + 5), (90, 0)):  # a line in each chart and in each tile
        html = shop.visitor.get(f"/?days={length}&currency=USD").text
        assert html.count('<path class="chart-before"') == lines
    days = _days_ago(shop.history.now, 30)
    page = shop.visitor.read(f"/?since={days[14]}&until={days[0]}&currency=USD")
    for kind, words in CLASS_WORDS.items():
        before = f"/overview/declined?since={days[29]}&until={shop.history.now - timedelta(days=15):%Y-%m-%dT%H:%M:10Z}"
        was = len(shop.counted(f"{before}&currency=USD&kind={kind}"))
        (bar,) = [link for link in page.links if link.text.split()[: len(words.split())] == words.split()]
        assert f"15 days before: {was}" in " ".join(bar.text.split())


def test_nothing_is_compared_with_days_that_are_not_on_record(shop: Shop) -> None:
    oldest = min(row["created_at"] for row in shop.history.rows[Order])
    page = shop.visitor.read("/?days=90&currency=USD")
    assert f"No comparison: the first order is of {oldest.day} {oldest:%b %Y}" in page.text
    assert "90 days before:" not in page.text
    assert "days before" not in " ".join(link.text for link in page.links)


def test_what_needs_a_person_is_counted_and_listed(shop: Shop) -> None:
    payments = shop.history.rows[Payment]
    soon = shop.history.now + timedelta(days=2)
    held = [one for one in payments if one["status"] in ("authorized", "partially_captured")]
    found = {
        "/overview/needs/expiring": [one for one in held if one["expires_at"] < soon],
        "/overview/needs/discrepancy": [one for one in payments if one["discrepancy"]],
    }
    page = shop.visitor.read("/")
    for href, waiting in found.items():
        tile = _need(page, href)
        assert tile.text.split()[0] == f"{len(waiting):,}"
        listed = [cells for cells in shop.visitor.read(href).row_texts() if cells]
        assert len(listed) == len(waiting) > 0
    orders = shop.history.rows[Order]
    for status in ("payment_unknown", "payment_failed", "awaiting_authentication"):
        tile = _need(page, f"/orders?status={status}")
        assert tile.text.split()[0] == f"{sum(1 for one in orders if one['status'] == status):,}"


def _need(page: Read, href: str) -> Link:
    """The tile at the top, told from other links to the same rows by what it says is to be done."""
    return next(link for link in page.links if link.href == href and link.text.strip().endswith("."))


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("/?days=8", "7, 30, 90"),
        ("/?since=yesterday", "Write a day like 2026-11-23."),
        ("/?since=1826-11-05&until=1826-11-07", "Write a day like 2026-11-23."),
        ("/?until=8026-11-07", "That day has not come: today is"),
        ("/?since=2025-11-05&until=2025-11-01", "Choose a day not before 2025-11-05."),
        ("/?since=2025-01-01&until=2025-04-03", "At most 92 days are drawn: choose 2025-04-02 or a day before."),
        ("/?currency=XAU", "USD"),
        ("/overview/captured?day=today", "2026-11-23"),
        ("/overview/captured?since=2026-11-05&until=2026-11-01", "after the beginning"),
        ("/overview/captured?since=1026-11-05", "2026-11-23"),
        ("/overview/captured?until=2026-11-05T09:00:00", "2026-11-23T14:05:00Z"),
        ("/overview/captured?days=0", "1 to 366"),
        ("/overview/captured?days=9999999", "1 to 366"),
        ("/overview/captured?kind=later", "declined payments"),
        ("/overview/declined?kind=sometimes", "later, customer, never"),
        ("/overview/captured?cursor=made-up", "cursor"),
    ],
)
def test_an_address_that_asks_for_nonsense_is_told_what_would_be_right(shop: Shop, path: str, named: str) -> None:
    answer = shop.visitor.get(path)
    assert answer.status_code == 422
    assert named in Read(answer.text).text


@pytest.mark.parametrize("path", ["/overview/earned?days=7", "/overview/needs/sleep"])
def test_a_figure_that_does_not_exist_is_not_found(visitor: Visitor, path: str) -> None:
    assert visitor.get(path).status_code == 404


@pytest.mark.parametrize(("currency", "captured"), [("BHD", "350.001"), ("XPF", "350,001"), ("UYW", "35.0001")])
def test_money_that_moved_is_on_the_overview_at_once(
    visitor: Visitor, service: OrderService, currency: str, captured: str
) -> None:
    order = service.place(500_001, currency)
    service.pay(order)
    for body in ({"amount": 100_000}, {"amount": 250_001, "final": True}):
        assert service.call("POST", f"/orders/{order['id']}/captures", body).status_code == 200
    assert service.call("POST", f"/orders/{order['id']}/refunds", {"amount": 1}).status_code == 201
    service.pay(service.place(7, currency), "visa_lost_card")
    links = _figures(visitor.read(f"/?currency={currency}"))
    told = {(urlsplit(link.href).path, " ".join(link.text.split())) for link in links}
    assert ("/overview/captured", captured) in told
    assert ("/overview/declined", "1") in told
    assert ("/overview/approved", "50.0%") in told


def test_a_need_that_is_a_status_leads_to_its_orders(visitor: Visitor) -> None:
    answer = visitor.get("/overview/needs/failed")
    assert answer.url.endswith("/orders?status=payment_failed")
    assert answer.status_code == 200


def test_a_status_leads_to_its_orders(visitor: Visitor, service: OrderService) -> None:
    service.place()
    page = visitor.read("/")
    tile = next(link for link in page.links if link.text.split()[1:] == ["Awaiting", "payment"])
    count = int(tile.text.split()[0].replace(",", ""))
    assert f"{count:,} order" in visitor.read(tile.href).text


def test_an_unknown_outcome_stands_at_the_top(visitor: Visitor, service: OrderService, account: GatewayAccount) -> None:
    order = service.place()
    fault = account.fault({"type": "drop_before"}, times=1000, operation="payment", reference=order["reference"])
    paid: Json = service.pay(order)
    assert paid["status"] == "unknown"
    need = _need(visitor.read("/"), "/orders?status=payment_unknown")
    assert visitor.read(need.href).href(order["reference"]) == f"/orders/{order['id']}"
    account.call("DELETE", f"/_sandbox/faults/{fault['id']}")
    service.order_when(order, "authorized")
