"""Orders of delivery of one payment's events, each event twice, end in the same state."""

from __future__ import annotations

import itertools
import json
import secrets
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from random import Random

import pytest
import requests
from sqlalchemy import Engine, text
from standardwebhooks.webhooks import Webhook

from tests import stack as stacks
from tests.clients import GatewayAccount, Json, OrderService, both_agree
from tests.database import engine_of
from tests.stack import Stack, until

HANDS = 4
"""So many payments take turns, side by side."""
ORDERS = list(itertools.permutations(range(6)))
SAMPLE = 36
"""So many of the 720 orders of six events are tried on PostgreSQL, the same each time; all of them on SQLite."""


def chosen(*, every: bool) -> list[tuple[int, ...]]:
    """Orders of the six events; a sample has each of the events right before and right after each other one."""
    if every:
        return ORDERS
    sample = Random(720).sample(ORDERS, SAMPLE)
    beside = {pair for order in sample for pair in itertools.pairwise(order)}
    assert beside == set(itertools.permutations(range(6), 2))
    return sample


@pytest.fixture(scope="module")
def stack(
    engine: stacks.Engine, databases: stacks.Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """An installation whose rows are set back by hand between one order of delivery and the next."""
    with stacks.running_stack(engine, databases, tmp_path_factory.mktemp("orders")) as running:
        yield running


@pytest.fixture(scope="module")
def database(stack: Stack) -> Engine:
    return engine_of(stack.database_url)


class Subject:
    """A payment with six events, that can be put back to before the first of them."""

    def __init__(self, stack: Stack, database: Engine) -> None:
        self.stack, self.database = stack, database
        self.service, self.account = OrderService(stack), GatewayAccount(stack)
        kept = stack.data_dir / "secrets" / "webhook_endpoint"
        self.secret = until(lambda: kept.exists() and json.loads(kept.read_text())["secret"], what="the subscription")
        self.session = requests.Session()
        self.session.trust_env = False  # no look at the machine's proxies for each of thousands of deliveries
        order = self.service.place()
        payment = self.service.pay(order)
        for body in ({"amount": 500}, {"amount": 300}, {}):
            assert self.service.call("POST", f"/orders/{order['id']}/captures", body).ok
        assert self.service.call("POST", f"/orders/{order['id']}/refunds", {"amount": 100}).ok
        self.order, self.payment = order, payment
        self.account.call("POST", "/_sandbox/drain", {"timeout": 10})
        self.truth = self.told()
        newest_first = self.account.call("GET", "/v1/events?limit=100")["data"]
        mine = [one for one in newest_first if payment["gateway_id"] in (one["data"]["id"], one["data"].get("payment"))]
        self.events = mine[::-1]

    def told(self) -> Json:
        """The order as the API tells it, but for how often it changed."""
        order = self.service.order(self.order)
        for one in (order, *order["payments"]):
            one.pop("version", None)
        return order

    def set_back(self) -> None:
        """As it was when the first answer was lost: the payment was begun, and nothing is known of it."""
        with self.database.begin() as connection:
            values = {"payment": self.payment["id"], "order": self.order["id"]}
            for table in ("captures", "refunds"):
                connection.execute(text(f"DELETE FROM {table} WHERE payment_id = :payment"), values)  # noqa: S608
            connection.execute(
                text(
                    "UPDATE payments SET status = 'unknown', gateway_id = NULL, gateway_version = 0,"
                    " amount_capturable_minor = 0, amount_captured_minor = 0, amount_refunded_minor = 0,"
                    " amount_refundable_minor = 0 WHERE id = :payment"
                ),
                values,
            )
            connection.execute(
                text(
                    "UPDATE orders SET status = 'payment_unknown', amount_authorized_minor = 0,"
                    " amount_captured_minor = 0, amount_refunded_minor = 0 WHERE id = :order"
                ),
                values,
            )

    def deliver(self, event: Json) -> None:
        body = json.dumps(event)
        now = datetime.now(UTC)
        headers = {
            "webhook-id": event["id"],
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(self.secret).sign(event["id"], now, body),
            "Content-Type": "application/json",
        }
        url = f"{self.stack.dashboard_url}/webhooks/gateway"
        assert self.session.post(url, body, headers=headers, timeout=30).status_code == 204

    def ends_right(self, permutation: Sequence[Json]) -> None:
        """Deliver the events in this order, under new ids, each twice: at once, and when the next one has come."""
        self.set_back()
        before: Json | None = None
        for event in permutation:
            fresh = event | {"id": f"evt_{secrets.token_hex(8)}"}
            self.deliver(fresh)
            if before is not None:
                self.deliver(before)
            before = fresh
        assert before is not None
        self.deliver(before)
        types = [event["type"] for event in permutation]
        assert self.told() == self.truth, types


def test_orders_of_six_events_each_one_twice_end_in_the_same_state(
    stack: Stack, database: Engine, pytestconfig: pytest.Config
) -> None:
    subjects = [Subject(stack, database) for _ in range(HANDS)]
    assert [event["type"] for event in subjects[0].events] == [
        "payment.authorized",
        "payment.partially_captured",
        "payment.partially_captured",
        "payment.captured",
        "refund.created",
        "refund.succeeded",
    ]
    numbers = chosen(every=stack.engine == "sqlite" or bool(pytestconfig.getoption("--soak")))

    def run(hand: int) -> None:
        subject = subjects[hand]
        for permutation in numbers[hand::HANDS]:
            subject.ends_right([subject.events[number] for number in permutation])

    with ThreadPoolExecutor(HANDS) as pool:
        list(pool.map(run, range(HANDS)))
    for subject in subjects:
        both_agree(subject.service.order(subject.order), subject.account.payments(subject.order))
