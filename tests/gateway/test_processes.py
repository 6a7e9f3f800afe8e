"""Several gateway processes on one database: they agree on keys, faults, holds and due work."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import psutil
import pytest
import requests

from tests import stack
from tests.gateway.client import Account
from tests.stack import Gateway, until


@pytest.fixture(scope="module")
def processes(
    engine: stack.Engine, databases: stack.Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("processes")
    with stack.running_gateway(engine, databases, folder, workers=3, threads=8) as gateway:
        yield gateway


@pytest.fixture
def own(processes: Gateway) -> Iterator[Account]:
    made = Account(processes)
    yield made
    made.close()


def _at_once(account: Account, count: int, work: Callable[[Account], requests.Response]) -> list[requests.Response]:
    """What each got; every one on a connection of its own, so that all processes have some."""
    start = threading.Barrier(count)
    answers: list[requests.Response] = []

    def run() -> None:
        one = Account(account.gateway, account.key)
        start.wait(20)
        answers.append(work(one))
        one.close()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(answers) == count
    return answers


def test_connections_are_spread_evenly(processes: Gateway) -> None:
    port = urlsplit(processes.url).port
    with contextlib.ExitStack() as opened:
        for _ in range(30):
            account = Account(processes)
            opened.callback(account.close)
            assert account.ask("GET", "/v1/account").status_code == 200
        held = {
            worker.pid: sum(one.laddr.port == port and one.status == "ESTABLISHED" for one in worker.net_connections())
            for worker in psutil.Process(processes.process.pid).children()
        }
    assert len(held) == 3
    assert max(held.values()) - min(held.values()) <= 5, held


def test_a_new_key_used_everywhere_at_once_opens_one_account(own: Account) -> None:
    answers = _at_once(own, 12, lambda one: one.ask("GET", "/v1/account"))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1


def test_ten_captures_in_several_processes_end_with_one_success(own: Account) -> None:
    for _ in range(5):
        paid = own.pay()
        answers = _at_once(own, 10, lambda one, paid=paid: one.act(paid["id"], "capture"))  # type: ignore[misc]  # bound
        assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 9}


def test_one_key_in_several_processes_has_one_effect(own: Account) -> None:
    body = {"token": own.token(), "amount": 1999, "currency": "USD"}
    answers = _at_once(own, 10, lambda one: one.ask("POST", "/v1/payments", body, key="k"))
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    assert len(own.call("GET", "/v1/payments")["data"]) == 1


def test_a_key_that_is_held_up_in_one_process_is_in_use_in_all(own: Account) -> None:
    body = {"token": own.token(), "amount": 1999, "currency": "USD"}
    rule = own.fault({"type": "latency", "ms": 3000}, times=1, operation="payment")
    slow: list[requests.Response] = []
    first = Account(own.gateway, own.key)
    thread = threading.Thread(target=lambda: slow.append(first.ask("POST", "/v1/payments", body, key="k")))
    thread.start()
    until(lambda: own.call("GET", f"/_sandbox/faults/{rule['id']}")["fired"], what="the stall to begin")
    answers = _at_once(own, 9, lambda one: one.ask("POST", "/v1/payments", body, key="k"))
    thread.join(30)
    first.close()
    assert {(answer.status_code, answer.json().get("code")) for answer in answers} == {(409, "idempotency_in_progress")}
    assert slow[0].status_code == 201
    again = own.ask("POST", "/v1/payments", body, key="k")
    assert again.content == slow[0].content


def test_a_key_of_a_process_that_was_killed_is_free_again(processes: Gateway, own: Account) -> None:
    paid = own.pay()
    rule = own.fault({"type": "latency", "ms": 60_000}, times=1, operation="capture")
    lost = threading.Thread(target=lambda: _lose(own, paid["id"]))
    lost.start()
    until(lambda: own.call("GET", f"/_sandbox/faults/{rule['id']}")["fired"], what="the stall to begin")
    for pid in stack.group_members(processes.process.pid):
        if pid != processes.process.pid:
            os.kill(pid, signal.SIGKILL)
    lost.join(30)

    def captured() -> bool:
        try:
            return own.act(paid["id"], "capture", key="k").status_code == 200
        except requests.ConnectionError:
            return False  # it was sent to one that died just then

    until(captured, what="the key to be free")
    assert own.call("GET", f"/v1/payments/{paid['id']}")["amount_captured"] == paid["amount"]


def _lose(account: Account, payment_id: str) -> None:
    one = Account(account.gateway, account.key)
    with contextlib.suppress(requests.ConnectionError):
        one.act(payment_id, "capture", key="k")
    one.close()


def test_a_rule_strikes_as_often_as_it_may_whichever_process_is_hit(own: Account) -> None:
    own.fault({"type": "status", "status": 503}, times=4, operation="get")
    answers = _at_once(own, 16, lambda one: one.ask("GET", "/v1/account"))
    assert Counter(answer.status_code for answer in answers) == {503: 4, 200: 12}


def test_what_falls_due_happens_once_whoever_comes_by(own: Account) -> None:
    own.freeze()
    paid = {own.pay()["id"] for _ in range(20)}
    answers = _at_once(own, 8, lambda one: one.ask("POST", "/_sandbox/clock", {"to": "2026-03-20T00:00:00Z"}))
    assert {answer.status_code for answer in answers} == {200}
    expired = [event["data"]["id"] for event in own.events() if event["type"] == "payment.expired"]
    assert len(expired) == len(paid)
    assert set(expired) == paid


def test_the_log_of_requests_names_no_key_and_no_body(processes: Gateway, own: Account) -> None:
    own.pay(reference="do-not-log-me")
    log = processes.process.output
    assert own.key not in log
    assert "do-not-log-me" not in log
    assert '"route": "/v1/payments"' in log


def test_the_request_log_of_all_processes_is_one(own: Account) -> None:
    body = {"token": own.token(), "amount": 1999, "currency": "USD", "reference": "o-1"}
    answers = _at_once(own, 10, lambda one: one.ask("POST", "/v1/payments", body, key="k"))

    def logged() -> list[str]:
        found = own.call("GET", "/_sandbox/requests?operation=payment&limit=100")["data"]
        return [entry["verdict"] for entry in found if entry["client_saw"] == "answer"]

    verdicts = Counter(until(lambda: found if len(found := logged()) == 10 else None, what="the entries of all"))
    assert verdicts["first"] == 1
    assert verdicts["replayed"] == sum("Idempotent-Replayed" in answer.headers for answer in answers)
    assert verdicts["concurrent"] == sum(answer.status_code == 409 for answer in answers)
