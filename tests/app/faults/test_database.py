"""The database is locked, full or gone while the gateway's answer is on its way: what was done is found by its key."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import suppress

import pytest
import requests

from tests.app.faults.apart import Apart
from tests.app.faults.test_wire import ENDLESS_SECONDS, OPERATIONS, Operation
from tests.app.screens.visitor import Read, Visitor
from tests.clients import Json, both_agree
from tests.stack import until
from tests.toxics import Latency, Rule

KEY = "Idempotency-Key"


@pytest.fixture(autouse=True)
def whole(apart: Apart) -> Iterator[None]:
    """The wire is whole again afterwards."""
    yield
    apart.proxy.heal()


def on_its_way(apart: Apart, operation: Operation, order: Json) -> Rule:
    """The answer to this operation is held on its way until it is let go; `met` is set once the work is done."""
    return operation.strike(apart.proxy, order, Latency(ENDLESS_SECONDS))


def test_an_answer_that_comes_while_somebody_else_writes_waits_and_is_recorded(apart: Apart) -> None:
    orders = {name: operation.order(apart) for name, operation in OPERATIONS.items()}
    held = [on_its_way(apart, operation, orders[name]) for name, operation in OPERATIONS.items()]
    with ThreadPoolExecutor(len(orders)) as pool:
        asked = {
            name: pool.submit(apart.act, orders[name], operation.action, operation.body)
            for name, operation in OPERATIONS.items()
        }
        assert all(rule.met.wait(20) for rule in held)
        with apart.locked_database():
            for rule in held:
                rule.heal()
            told, _ = wait(asked.values(), 1, FIRST_COMPLETED)
            assert told == set(), "nothing is told before it is written"
        answers = {name: one.result(60) for name, one in asked.items()}
    for name, order in orders.items():
        assert (answers[name].ok, answers[name].json()["status"]) == (True, OPERATIONS[name].after), name
        both_agree(apart.service.order(order), apart.account.payments(order))


def test_an_answer_that_cannot_be_written_down_is_found_by_its_key(apart: Apart) -> None:
    orders = {name: operation.order(apart) for name, operation in OPERATIONS.items()}
    held = [on_its_way(apart, operation, orders[name]) for name, operation in OPERATIONS.items()]

    def ask(name: str) -> tuple[int, str]:
        """Status and text; 599 where the connection ended without an answer."""
        operation, key = OPERATIONS[name], {KEY: f"unwritten-{orders[name]['id']}"}
        with suppress(requests.RequestException):
            answer = apart.act(orders[name], operation.action, operation.body, **key)
            return answer.status_code, answer.text
        return 599, ""

    with ThreadPoolExecutor(len(orders)) as pool:
        asked = [pool.submit(ask, name) for name in orders]
        assert all(rule.met.wait(20) for rule in held)
        with apart.broken_database():
            for rule in held:
                rule.heal()
            for one in asked:
                status, told = one.result(60)
                assert status in (503, 599), told
                assert status == 599 or json.loads(told)["code"] == "database_unavailable"
    for name, order in orders.items():
        again = until(lambda: next(iter({ask(name)[0]} - {503, 599}), None), what="an answer to the same call")  # noqa: B023 - asked at once
        assert again in (200, 201, 409), name
        ended = apart.service.order_when(order, OPERATIONS[name].after, within=60)
        payments = apart.account.payments(order)
        assert [len(payment["captures"]) for payment in payments] == [int(name != "authorize")]
        assert [len(payment["refunds"]) for payment in payments] == [int(name == "refund")]
        both_agree(ended, payments)


def test_what_cannot_be_written_before_the_gateway_is_asked_begins_nothing(apart: Apart) -> None:
    order = apart.service.place()
    with apart.broken_database():
        with suppress(requests.RequestException):
            lost = apart.act(order, "payments", {"test_card": "visa_success"})
            assert (lost.status_code, lost.json()["code"]) == (503, "database_unavailable"), lost.text
            assert int(lost.headers["Retry-After"]) > 0
        assert apart.account.payments(order) == []
    until(lambda: apart.service.call("GET", "/orders?limit=1").ok, what="the database again")
    assert apart.service.order(order) == order
    assert apart.service.pay(order)["status"] == "authorized"
    both_agree(apart.service.order(order), apart.account.payments(order))


def test_a_page_says_that_the_database_is_away_and_is_there_again_when_it_is(apart: Apart) -> None:
    operator = Visitor(apart.stack)
    form = operator.read("/orders/new").fields | {"reference": f"A-{secrets.token_hex(5)}"}
    with apart.broken_database():
        answer = operator.post("/orders", form)
        assert answer.status_code == 503
        assert "The database does not answer" in Read(answer.text).text
    until(lambda: operator.get("/orders").ok, what="the pages again")
    assert form["reference"] not in operator.read("/orders").text
