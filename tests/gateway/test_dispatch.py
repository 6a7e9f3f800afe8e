"""The dispatcher at work: nothing lost to a kill, nobody held up by another receiver, one payment told of in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.gateway.hooked import Hooked
from tests.gateway.receiver import Received, Receiver, Reply, receiving
from tests.stack import Databases, Gateway, running_gateway, until

Start = Callable[..., Gateway]


def hold(_request: Received) -> Reply | None:
    """Keep the sender waiting for as long as the receiver has this rule, then say nothing."""
    until(lambda: _released.get(_request.headers["host"]), what="the release", within=60)
    return None


_released: dict[str, bool] = {}


def test_a_delivery_under_way_at_a_kill_is_sent_again(start_gateway: Start, receiver: Receiver) -> None:
    gateway = start_gateway()
    account = Hooked(gateway)
    account.endpoint(receiver)
    receiver.rule = hold
    account.pay()
    receiver.wait_for(1)
    gateway.kill()
    receiver.rule = lambda _request: Reply(200)
    _released[receiver.requests[0].headers["host"]] = True
    gateway.start()

    first, again = receiver.wait_for(2)[:2]
    assert (first.id, first.body) == (again.id, again.body)
    until(lambda: account.deliveries(status="delivered"), what="the delivery to be written down")
    assert [delivery["attempt"] for delivery in account.deliveries()] == [1]


def test_what_was_not_yet_taken_up_at_a_kill_is_sent_after_it(start_gateway: Start, receiver: Receiver) -> None:
    gateway = start_gateway(crash_at="payment.after_commit")
    account = Hooked(gateway)
    account.endpoint(receiver)
    with pytest.raises(OSError, match=r"."):
        account.pay()
    gateway.kill()
    gateway.start(crash_at="")

    receiver.wait_for(1)
    account.drain()
    [event] = account.events()
    assert {request.id for request in receiver.requests} == {event["id"]}


def test_a_payment_that_never_was_is_not_told_of(start_gateway: Start, receiver: Receiver) -> None:
    gateway = start_gateway(crash_at="payment.before_commit")
    account = Hooked(gateway)
    account.endpoint(receiver)
    with pytest.raises(OSError, match=r"."):
        account.pay()
    gateway.kill()
    gateway.start(crash_at="")

    account.drain()
    assert account.events() == []
    assert receiver.requests == []


def test_a_calm_restart_sends_nothing_twice_and_loses_nothing(start_gateway: Start, receiver: Receiver) -> None:
    gateway = start_gateway()
    account = Hooked(gateway)
    account.endpoint(receiver)
    for _ in range(10):
        account.pay()
    assert gateway.stop() == 0
    gateway.start()
    account.drain()

    assert sorted(request.id for request in receiver.requests) == [event["id"] for event in account.events()]


def test_a_receiver_that_hangs_holds_up_nobody_else(gateway: Gateway, receiver: Receiver) -> None:
    hung, well = (Hooked(gateway) for _ in range(2))
    receiver.rule = hold
    hung.endpoint(receiver)
    for _ in range(30):
        hung.pay()
    receiver.wait_for(1)
    with receiving() as other:
        well.endpoint(other)
        for _ in range(30):
            well.pay()
        well.drain()
        assert len(other.requests) == 30
    assert not hung.call("POST", "/_sandbox/drain", {"timeout": 0})["drained"]
    _released[receiver.requests[0].headers["host"]] = True
    hung.ask("POST", "/_sandbox/reset")


def test_one_payments_events_come_in_order_and_once(gateway: Gateway, secret_key: str, receiver: Receiver) -> None:
    account = Hooked(gateway, secret_key)
    account.endpoint(receiver)
    payments = [account.pay(amount=900 + number, capture=True) for number in range(12)]
    for payment in payments:
        account.call("POST", f"/v1/payments/{payment['id']}/refunds", {"amount": 100})
    account.drain()

    told: dict[str, list[str]] = {}
    for request in receiver.requests:
        data = request.event["data"]
        told.setdefault(data.get("payment", data["id"]), []).append(request.event["type"])
    wanted = ["payment.authorized", "payment.captured", "refund.created", "refund.succeeded"]
    assert told == {payment["id"]: wanted for payment in payments}


def test_several_processes_share_the_work_and_send_each_event_once(
    databases: Databases, tmp_path: Path, receiver: Receiver
) -> None:
    with running_gateway("postgresql", databases, tmp_path, workers=3) as gateway:
        share_the_work(gateway, receiver)


def share_the_work(gateway: Gateway, receiver: Receiver) -> None:
    account = Hooked(gateway)
    account.endpoint(receiver)
    for _ in range(40):
        account.pay()
    account.drain()

    counted = Counter(request.id for request in receiver.requests)
    assert sorted(counted) == [event["id"] for event in account.events()]
    assert set(counted.values()) == {1}
