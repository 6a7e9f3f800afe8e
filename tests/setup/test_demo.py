"""The orders that the first start plays, and those of `counterfoil demo`: believable, whole, and never twice."""

from __future__ import annotations

import fcntl
import json
import signal
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from app.config import database_url_of
from app.demo.plan import Journey
from app.demo.stories import Cancel, Capture, Confirm, Pay, Refund
from tests import stack as stacks
from tests.clients import GatewayAccount, Json, OrderService, both_agree
from tests.stack import CLI, Process, Stack, clean_environment, free_port, group_members, lifeline, run_cli, until

DAYS = timedelta(days=30)

pytestmark = pytest.mark.timeout(400)  # a demo is some hundred calls one after the other, and the machine may be busy


def stack_of(databases: stacks.Databases, directory: Path, engine: stacks.Engine, *options: str) -> Stack:
    """A stack that was not started yet."""
    urls = databases.fresh(engine, "app"), databases.fresh(engine, "gateway")
    return Stack(engine, directory / "var", *urls, options=options, ready_within=180)


@pytest.fixture
def sqlite_stack(databases: stacks.Databases, tmp_path: Path) -> Iterator[Stack]:
    """One on SQLite, whose demo is small; killed at the end if it runs."""
    made = stack_of(databases, tmp_path, "sqlite", "--demo-orders", "40")
    yield made
    if hasattr(made, "process"):
        made.process.kill()


def begin(stack: Stack) -> Process:
    """Start `up` without waiting until it is ready."""
    stack.data_dir.parent.mkdir(exist_ok=True)
    return Process(
        "up",
        [
            *(*CLI, "up", "--demo-orders", "40", "--parent-fd", str(lifeline())),
            *("--port", str(free_port()), "--gateway-port", str(free_port())),
        ],
        env=clean_environment(**stack.environment()),
        log=stack.data_dir.parent / "begun.log",
        cwd=stack.data_dir.parent,
    )


def number_of_orders(stack: Stack) -> int:
    """How many the app has now, dashboard or not; 0 while there is no table."""
    engine = create_engine(database_url_of(stack.database_url))
    try:
        with engine.connect() as connection:
            return int(connection.execute(text("SELECT count(*) FROM orders")).scalar_one())
    except OperationalError:
        return 0
    finally:
        engine.dispose()


def wait_for_orders(stack: Stack, least: int) -> None:
    until(lambda: number_of_orders(stack) >= least, what=f"{least} orders", within=120)


def all_orders(stack: Stack) -> list[Json]:
    """Every order, as the order service's API tells of it."""
    service, found, cursor = OrderService(stack), [], ""
    while True:
        page = service.call("GET", f"/orders?limit=100{cursor}").json()
        found += page["data"]
        if not page["has_more"]:
            return found
        cursor = f"&cursor={page['next_cursor']}"


def assert_whole(stack: Stack, orders: list[Json]) -> None:
    """No attempt is open, and each order and the gateway tell of the same money."""
    account = GatewayAccount(stack)
    told: list[Json] = []
    cursor = ""
    while True:
        page = account.call("GET", f"/v1/payments?limit=100{cursor}")
        told += page["data"]
        if not page["has_more"]:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert {payment["reference"] for payment in told} <= {order["reference"] for order in orders}
    for order in orders:
        both_agree(order, [payment for payment in told if payment["reference"] == order["reference"]])
        for payment in order["payments"]:
            assert all(attempt["closed_at"] for attempt in payment["attempts"])


def assert_clock_is_the_walls(stack: Stack) -> None:
    clock = GatewayAccount(stack).clock()
    assert clock["mode"] == "live"
    assert abs(clock["offset_ms"]) < 2000
    assert not (stack.data_dir / "demo.json").exists()


def when(moment: str) -> datetime:
    return datetime.fromisoformat(moment)


def test_the_first_start_plays_a_shops_last_thirty_days_and_the_second_adds_nothing(
    engine: stacks.Engine, databases: stacks.Databases, tmp_path: Path
) -> None:
    stack = stack_of(databases, tmp_path, engine, "--demo-orders", "60")
    stack.start()
    assert len(stack.process.output.splitlines()) == 1, stack.process.output
    assert_clock_is_the_walls(stack)

    orders = all_orders(stack)
    assert sorted(order["reference"] for order in orders) == [f"SHOP-{number}" for number in range(1001, 1061)]
    assert_whole(stack, orders)
    now = datetime.now(UTC)
    placed = [when(order["created_at"]) for order in orders]
    assert now - DAYS - timedelta(minutes=5) < min(placed)
    assert max(placed) < now
    assert placed == sorted(placed, reverse=True)
    assert [order["reference"] for order in orders] == sorted((order["reference"] for order in orders), reverse=True)
    assert len({moment.date() for moment in placed}) >= 20
    for order in orders:
        for payment in order["payments"]:
            assert when(payment["created_at"]) >= when(order["created_at"])

    statuses = Counter(order["status"] for order in orders)
    assert statuses.most_common(1)[0][0] == "paid"
    assert statuses["in_review"] == 2
    assert statuses["payment_unknown"] == statuses["awaiting_authentication"] == 1
    assert statuses["authorized"] >= 1
    assert len({order["currency"] for order in orders}) >= 4
    risks = [payment["risk"] for order in orders for payment in order["payments"]]
    assert sum(risk["decision"] == "block" for risk in risks) == 2
    assert any(risk["score"] is not None for risk in risks)

    stack.restart()
    assert number_of_orders(stack) == len(orders)
    assert_clock_is_the_walls(stack)
    stack.process.kill()


def test_killed_on_the_way_it_goes_on_at_the_next_start_and_nothing_is_there_twice(sqlite_stack: Stack) -> None:
    for reached in (6, 20):
        begun = begin(sqlite_stack)
        wait_for_orders(sqlite_stack, reached)
        begun.kill()
    assert number_of_orders(sqlite_stack) < 40
    sqlite_stack.start()
    orders = all_orders(sqlite_stack)
    assert sorted(order["reference"] for order in orders) == [f"SHOP-{number}" for number in range(1001, 1041)]
    assert_whole(sqlite_stack, orders)
    assert_clock_is_the_walls(sqlite_stack)
    days = {when(order["created_at"]).date() for order in orders}
    assert len(days) >= 12


def test_ctrl_c_ends_it_at_once_and_without_a_demo_what_was_played_is_left(sqlite_stack: Stack) -> None:
    begun = begin(sqlite_stack)
    wait_for_orders(sqlite_stack, 5)
    begun.signal_group(signal.SIGINT)
    assert begun.wait(within=20) == 0
    assert group_members(begun.pid) == []
    assert "the next start goes on with it" in begun.output
    assert "Traceback" not in begun.output
    stopped_at = number_of_orders(sqlite_stack)
    assert stopped_at < 40

    sqlite_stack.options = ("--no-demo",)
    sqlite_stack.start()
    assert_clock_is_the_walls(sqlite_stack)
    assert number_of_orders(sqlite_stack) == stopped_at
    sqlite_stack.options = ()
    sqlite_stack.restart()
    assert number_of_orders(sqlite_stack) == stopped_at


def test_the_command_plays_the_past_on_an_empty_account_and_then_adds_orders_now(sqlite_stack: Stack) -> None:
    sqlite_stack.options = ("--no-demo",)
    sqlite_stack.start()
    assert number_of_orders(sqlite_stack) == 0
    told = json.loads(sqlite_stack.cli("demo", "--orders", "15", "--days", "3", "--json"))
    assert {name: told[name] for name in ("orders", "first", "last")} == {
        "orders": 15,
        "first": "SHOP-1001",
        "last": "SHOP-1015",
    }
    first = all_orders(sqlite_stack)
    oldest = when(first[-1]["created_at"])
    assert timedelta(days=1) < datetime.now(UTC) - oldest < timedelta(days=3, minutes=5)
    assert_whole(sqlite_stack, first)
    assert_clock_is_the_walls(sqlite_stack)

    before = datetime.now(UTC) - timedelta(seconds=5)
    assert "SHOP-1016 to SHOP-1021" in sqlite_stack.cli("demo", "--orders", "6")
    orders = all_orders(sqlite_stack)
    assert len(orders) == 21
    assert all(when(order["created_at"]) > before for order in orders[:6])
    assert_whole(sqlite_stack, orders)
    assert_clock_is_the_walls(sqlite_stack)

    with (sqlite_stack.data_dir / "demo.lock").open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        sqlite_stack.cli("demo", "--orders", "1", code=1)
    assert number_of_orders(sqlite_stack) == 21


def test_without_a_gateway_it_says_so_in_one_line(sqlite_stack: Stack) -> None:
    sqlite_stack.cli("db", "upgrade")
    refused = run_cli("demo", "--orders", "3", cwd=sqlite_stack.data_dir.parent, settings=sqlite_stack.environment())
    assert refused.returncode == 1, refused.stdout
    assert refused.stderr.splitlines()[-1].startswith("counterfoil: no gateway answers at")
    assert "Traceback" not in refused.stderr
    assert number_of_orders(sqlite_stack) == 0


@pytest.mark.parametrize(
    "command",
    [
        ["demo"],
        ["demo", "--orders", "0"],
        ["demo", "--orders", "many"],
        ["demo", "--orders", "5", "--days", "0"],
        ["up", "--demo-orders", "0"],
    ],
    ids=" ".join,
)
def test_wrong_numbers_are_refused(tmp_path: Path, command: list[str]) -> None:
    refused = run_cli(*command, cwd=tmp_path)
    assert refused.returncode == 2
    assert command[-1] in refused.stderr or "--orders" in refused.stderr
    assert list(tmp_path.iterdir()) == []


def told_of(journey: Journey) -> list[Any]:
    """Who buys what, and what comes of it, without the times."""
    told: dict[int, list[Any]] = {}
    for moment in journey.moments():
        what = moment.order.new if moment.act is None else moment.act
        told.setdefault(moment.order.number, []).append(what)
    return [told[number] for number in sorted(told)]


UNTIL = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


def test_the_same_seed_tells_the_same_stories_and_another_one_others() -> None:
    journey = Journey("1", 1001, 60, 30, UNTIL)
    assert told_of(journey) == told_of(Journey("1", 1001, 60, 30, UNTIL))
    assert told_of(journey) != told_of(Journey("2", 1001, 60, 30, UNTIL))
    later = Journey("1", 1001, 60, 30, UNTIL + timedelta(days=3))
    buyers = [[placed.customer_email, placed.amount_minor] for placed, *_ in told_of(journey)]
    assert buyers == [[placed.customer_email, placed.amount_minor] for placed, *_ in told_of(later)]


def test_what_is_told_is_as_in_life() -> None:
    moments = Journey("1", 1001, 3000, 60, UNTIL).moments()
    orders = {moment.order.number: moment.order.new for moment in moments}
    payments = [moment for moment in moments if isinstance(moment.act, Pay)]
    declining = [moment for moment in payments if isinstance(moment.act, Pay) and moment.act.card in DECLINING]
    refunded = {moment.order.number for moment in moments if isinstance(moment.act, Refund)}
    acts = Counter(type(moment.act) for moment in moments)
    by_weekday = Counter(moment.at.weekday() for moment in moments if moment.act is None)

    assert len(orders) == 3000
    assert all(UNTIL - timedelta(days=60) <= moment.at <= UNTIL for moment in moments)
    assert [moment.at for moment in moments] == sorted(moment.at for moment in moments)
    assert 0.05 < len(declining) / len(payments) < 0.09
    assert 0.03 < len(refunded) / len(orders) < 0.06
    assert all(acts[act] > 20 for act in (Capture, Refund, Cancel, Confirm))
    assert by_weekday[5] + by_weekday[6] < 2 / 7 * len(orders)
    assert len({new.customer_email for new in orders.values()}) > 400
    assert Counter(new.currency for new in orders.values()).most_common(1)[0][0] == "USD"
    for new in orders.values():
        assert new.amount_minor == sum(item.quantity * item.unit_amount_minor for item in new.items)
        assert new.customer_email.partition("@")[2].startswith("example.")


DECLINING = {
    f"visa_{code}"
    for code in (
        *("insufficient_funds", "do_not_honor", "generic_decline", "incorrect_cvc", "expired_card", "suspected_fraud"),
        *("card_velocity_exceeded", "issuer_unavailable", "withdrawal_limit_exceeded", "transaction_not_allowed"),
        *("processing_error", "lost_card", "stolen_card", "restricted_card", "pickup_card"),
    )
}
