"""Webhooks that get lost, doubled, late, out of order or unbelievable, by rule, as a real receiver sees them."""

from __future__ import annotations

import time

import pytest
import requests
from standardwebhooks import Webhook, WebhookVerificationError

from tests.gateway.hooked import Hooked
from tests.gateway.receiver import Received, Receiver, Reply, receiving
from tests.stack import until


def types(receiver: Receiver) -> list[str]:
    return [request.event["type"] for request in receiver.requests]


def check_signatures(receiver: Receiver, secret: str) -> list[str]:
    """Let the receiver refuse what a library that is not ours refuses; what it said, in order."""
    said: list[str] = []

    def check(request: Received) -> Reply:
        try:
            Webhook(secret).verify(request.body, request.headers)
        except WebhookVerificationError as error:
            said.append(str(error))
            return Reply(400)
        said.append("believed")
        return Reply(204)

    receiver.rule = check
    return said


def struck(account: Hooked, **filters: str) -> list[list[str]]:
    """The types of the rules that struck each delivery, in the log's order."""
    return [[one["type"] for one in delivery["faults"]] for delivery in account.deliveries(**filters)]


def test_a_dropped_webhook_never_comes_and_the_log_says_why(account: Hooked, receiver: Receiver) -> None:
    account.endpoint(receiver)
    rule = account.fault({"type": "webhook_drop"}, event_type="payment.authorized")
    account.pay(capture=True)
    account.drain()
    account.clock(advance="P7D")
    account.drain()
    assert "payment.authorized" not in types(receiver)
    [lost] = account.deliveries(status="dropped")
    assert (lost["faults"][0]["id"], lost["request"], lost["next_attempt_at"]) == (rule["id"], None, None)
    assert "never sent" in lost["faults"][0]["why"]
    assert account.events()[0]["type"] == "payment.authorized"


def test_a_dropped_webhook_can_be_resent_once_the_rule_is_gone(account: Hooked, receiver: Receiver) -> None:
    account.endpoint(receiver)
    account.fault({"type": "webhook_drop"}, times=1)
    account.pay()
    [event] = account.events()
    account.call("POST", f"/v1/events/{event['id']}/resend")
    account.drain()
    assert [request.id for request in receiver.requests] == [event["id"]]


def test_a_doubled_webhook_is_the_same_event_each_time(account: Hooked, receiver: Receiver) -> None:
    endpoint = account.endpoint(receiver)
    account.fault({"type": "webhook_duplicate", "copies": 3}, times=1)
    account.pay()
    account.drain()
    assert len(receiver.requests) == 3
    assert len({(request.id, request.body) for request in receiver.requests}) == 1
    for request in receiver.requests:
        Webhook(endpoint["secret"]).verify(request.body, request.headers)
    assert struck(account) == [["webhook_duplicate"]] * 3


def test_a_delayed_webhook_waits_on_the_accounts_clock_and_is_overtaken(account: Hooked, receiver: Receiver) -> None:
    account.endpoint(receiver)
    account.stop_clock()
    account.fault({"type": "webhook_delay", "ms": 90_000}, event_type="payment.authorized")
    account.pay(capture=True)
    account.drain()
    assert types(receiver) == ["payment.captured"]
    assert account.call("GET", "/_sandbox/clock")["next"][0]["kind"] == "webhook_delivery.delayed"
    account.clock(advance="PT89S")
    account.drain()
    assert len(receiver.requests) == 1
    account.clock(advance="PT1S")
    account.drain()
    assert types(receiver) == ["payment.captured", "payment.authorized"]


def test_a_held_webhook_comes_right_after_the_next_of_its_payment(account: Hooked, receiver: Receiver) -> None:
    account.endpoint(receiver)
    account.fault({"type": "webhook_reorder"}, times=1)
    paid = account.pay()
    account.pay()
    account.drain()
    assert [request.event["data"]["id"] == paid["id"] for request in receiver.requests] == [False]
    account.act(paid["id"], "capture")
    account.drain()
    of_first = [request for request in receiver.requests if request.event["data"]["id"] == paid["id"]]
    assert [request.event["data"]["version"] for request in of_first] == [2, 1]
    assert struck(account, event=of_first[1].id) == [["webhook_reorder"]]


@pytest.mark.parametrize("end", ["an hour", "no rule"])
def test_a_webhook_is_not_held_for_ever(account: Hooked, receiver: Receiver, end: str) -> None:
    account.endpoint(receiver)
    account.fault({"type": "webhook_reorder"}, times=1)
    account.pay()
    account.drain()
    assert receiver.requests == []
    if end == "an hour":
        account.clock(advance="PT1H")
    else:
        account.ask("DELETE", "/_sandbox/faults")
    account.drain()
    assert types(receiver) == ["payment.authorized"]
    account.clock(advance="PT2H")
    account.drain()
    assert len(receiver.requests) == 1


def test_a_webhook_can_come_before_the_answer(account: Hooked, receiver: Receiver) -> None:
    account.endpoint(receiver)
    account.fault({"type": "webhook_before_response"})
    for number in range(1, 6):
        account.pay()
        assert len(receiver.requests) == number
    assert struck(account) == [["webhook_before_response"]] * 5


def test_an_answer_does_not_wait_for_ever_for_a_webhook(account: Hooked, receiver: Receiver) -> None:
    account.endpoint(receiver)
    waited = time.monotonic() + 30
    answered: list[str] = []

    def hold(_request: Received) -> Reply:
        until(lambda: answered or time.monotonic() > waited, what="the answer", within=31)
        return Reply(204)

    receiver.rule = hold
    account.fault({"type": "webhook_before_response"}, times=1)
    answered.append(account.pay()["id"])
    assert time.monotonic() < waited
    account.drain()


def test_an_old_timestamp_is_signed_and_refused_and_the_next_try_believed(account: Hooked, receiver: Receiver) -> None:
    said = check_signatures(receiver, account.endpoint(receiver)["secret"])
    account.fault({"type": "webhook_stale_timestamp", "seconds": 600}, times=1)
    account.pay()
    account.drain()
    account.clock(advance="PT10S")
    account.drain()
    assert said == ["Message timestamp too old", "believed"]
    first, second = receiver.requests
    age = int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"])
    assert 600 <= age < 700
    assert struck(account) == [["webhook_stale_timestamp"], []]


@pytest.mark.parametrize("signed_with", ["wrong", "rotated"])
def test_a_bad_signature_is_refused_and_the_next_try_believed(
    account: Hooked, receiver: Receiver, signed_with: str
) -> None:
    endpoint = account.endpoint(receiver)
    rotated = account.call("POST", f"/v1/webhook_endpoints/{endpoint['id']}/rotate_secret")
    account.clock(advance="PT25H")
    said = check_signatures(receiver, rotated["secret"])
    account.fault({"type": "webhook_bad_signature", "signed_with": signed_with}, times=1)
    account.pay()
    account.drain()
    account.clock(advance="PT10S")
    account.drain()
    assert said == ["No matching signature found", "believed"]
    forged = receiver.requests[0]
    old = Webhook(endpoint["secret"])
    if signed_with == "rotated":
        old.verify(forged.body, forged.headers)
    else:
        with pytest.raises(WebhookVerificationError):
            old.verify(forged.body, forged.headers)


def test_an_oversized_webhook_is_signed_and_means_the_same(account: Hooked, receiver: Receiver) -> None:
    endpoint = account.endpoint(receiver)
    account.fault({"type": "webhook_oversized"}, times=1)
    paid = account.pay()
    account.drain()
    [request] = receiver.requests
    assert len(request.body) == 1024 * 1024
    believed = Webhook(endpoint["secret"]).verify(request.body, request.headers)
    assert believed["data"] == paid


def test_a_rule_can_name_one_endpoint_and_one_type(account: Hooked, receiver: Receiver) -> None:
    with receiving() as other:
        account.endpoint(receiver)
        account.fault({"type": "webhook_drop"}, endpoint=account.endpoint(other)["id"], event_type="payment.captured")
        account.pay(capture=True)
        account.drain()
        assert types(receiver) == ["payment.authorized", "payment.captured"]
        assert types(other) == ["payment.authorized"]


def test_rules_for_webhooks_leave_requests_alone_and_the_other_way_round(account: Hooked, receiver: Receiver) -> None:
    account.endpoint(receiver)
    webhooks = account.fault({"type": "webhook_duplicate"}, nth=2)
    requests_ = account.fault({"type": "status", "status": 503}, operation="void")
    account.pay(capture=True)
    account.drain()
    assert types(receiver) == ["payment.authorized", "payment.captured", "payment.captured"]
    counted = {rule["id"]: (rule["matched"], rule["fired"]) for rule in account.call("GET", "/_sandbox/faults")["data"]}
    assert counted == {webhooks["id"]: (2, 1), requests_["id"]: (0, 0)}


def test_effects_on_one_webhook_combine(account: Hooked, receiver: Receiver) -> None:
    account.endpoint(receiver)
    account.fault({"type": "webhook_duplicate"}, times=1)
    account.fault({"type": "webhook_delay", "ms": 1000}, times=1)
    account.fault({"type": "webhook_stale_timestamp"}, times=1)
    account.stop_clock()
    account.pay()
    account.drain()
    assert receiver.requests == []
    account.clock(advance="PT1S")
    account.drain()
    assert len(receiver.requests) == 2
    assert all(int(request.headers["webhook-timestamp"]) < time.time() - 3000 for request in receiver.requests)


def test_a_seed_brings_the_same_chaos_each_time(account: Hooked, other_account: Hooked, receiver: Receiver) -> None:
    def run(one: Hooked) -> list[str]:
        one.endpoint(receiver)
        one.fault({"type": "webhook_drop"}, probability=0.5, seed="weather")
        for _ in range(20):
            one.pay()
        one.drain()
        return [delivery["status"] for delivery in one.deliveries()]

    first = run(account)
    assert set(first) == {"delivered", "dropped"}
    again = Hooked(other_account.gateway, other_account.key)
    assert run(again) == first
    again.close()


def test_a_webhook_can_come_before_the_customer_is_sent_back(account: Hooked, receiver: Receiver) -> None:
    account.endpoint(receiver, events=["payment.authorized"])
    account.fault({"type": "webhook_before_response"})
    waiting = account.pay("visa_challenge", return_url="http://localhost/")
    answer = requests.post(
        waiting["next_action"]["url"], data={"decision": "approve"}, allow_redirects=False, timeout=30
    )
    assert (answer.status_code, types(receiver)) == (303, ["payment.authorized"])
