"""Fault rules: what the wire does, who is hit, how often; and that the stored answer stays the true one."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import requests

from tests.gateway.client import Account, Json
from tests.stack import until

_STATUS = {429: "rate_limited", 500: "internal_error", 502: "bad_gateway", 503: "unavailable"}


def _lost(account: Account, method: str, path: str, body: Json | None = None, **options: Any) -> None:
    with pytest.raises(requests.ConnectionError):
        account.ask(method, path, body, **options)


def _payments(account: Account) -> list[Json]:
    return list(account.call("GET", "/v1/payments")["data"])


@pytest.mark.parametrize("status", sorted(_STATUS))
def test_a_status_before_the_work_leaves_nothing_done(account: Account, status: int) -> None:
    body = {"token": account.token(), "amount": 1999, "currency": "USD"}
    rule = account.fault({"type": "status", "status": status, "retry_after": 7}, times=1, operation="payment")
    answer = account.ask("POST", "/v1/payments", body, key="k")
    assert (answer.status_code, answer.json()["code"]) == (status, _STATUS[status])
    assert (answer.headers["Retry-After"], answer.json()["fault"]) == ("7", rule["id"])
    assert ("RateLimit" in answer.headers) == (status == 429)
    assert _payments(account) == []
    again = account.ask("POST", "/v1/payments", body, key="k")
    assert again.status_code == 201
    assert "Idempotent-Replayed" not in again.headers


@pytest.mark.parametrize(
    "effect", [{"type": "status", "status": 500, "at": "after"}, {"type": "drop_after"}], ids=["status", "drop"]
)
def test_after_the_commit_everything_is_done_and_a_retry_gets_the_true_answer(account: Account, effect: Json) -> None:
    body = {"token": account.token(), "amount": 1999, "currency": "USD", "capture": True}
    account.fault(effect, times=1, operation="payment")
    if effect["type"] == "status":
        account.refused(500, "internal_error", "POST", "/v1/payments", body, key="k")
    else:
        _lost(account, "POST", "/v1/payments", body, key="k")
    paid = _payments(account)
    assert [one["status"] for one in paid] == ["captured"]
    again = account.ask("POST", "/v1/payments", body, key="k")
    assert (again.status_code, again.json()) == (201, paid[0])
    assert again.headers["Idempotent-Replayed"] == "true"
    assert len(_payments(account)) == 1


def test_a_request_dropped_before_the_work_leaves_nothing_done(account: Account) -> None:
    body = {"token": account.token(), "amount": 1999, "currency": "USD"}
    account.fault({"type": "drop_before"}, times=2, operation="payment")
    _lost(account, "POST", "/v1/payments", body, key="k")
    _lost(account, "POST", "/v1/payments", body, key="k")
    assert _payments(account) == []
    assert account.ask("POST", "/v1/payments", body, key="k").status_code == 201


def test_a_drop_closes_the_connection_without_a_byte_and_the_others_are_served(account: Account) -> None:
    account.fault({"type": "drop_before"}, operation="get")
    for _ in range(40):
        with pytest.raises(requests.ConnectionError, match="Connection aborted"):
            account.ask("GET", "/v1/account")
    assert account.call("GET", "/_sandbox/clock")["mode"] == "live"
    assert account.gateway.process.running


@pytest.mark.parametrize("operation", ["token", "payment", "capture", "void", "refund", "get", "list"])
def test_each_operation_is_hit_by_its_name_and_by_no_other(account: Account, operation: str) -> None:
    token, paid, captured = account.token(), account.pay(), account.pay(capture=True)
    account.fault({"type": "status", "status": 503}, operation=operation)
    calls: dict[str, tuple[str, str, Json | None]] = {
        "token": ("POST", "/_sandbox/tokens", {"test_card": "visa_success", "amount": 1, "currency": "USD"}),
        "payment": ("POST", "/v1/payments", {"token": token, "amount": 1999, "currency": "USD"}),
        "capture": ("POST", f"/v1/payments/{paid['id']}/capture", {"amount": 1}),
        "void": ("POST", f"/v1/payments/{paid['id']}/void", {}),
        "refund": ("POST", f"/v1/payments/{captured['id']}/refunds", {"amount": 1}),
        "get": ("GET", f"/v1/payments/{paid['id']}", None),
        "list": ("GET", "/v1/payments", None),
    }
    hit = {name for name, (method, path, body) in calls.items() if account.ask(method, path, body).status_code == 503}
    assert hit == {operation}


def test_a_star_hits_everything_published_and_leaves_the_steering_alone(account: Account) -> None:
    rule = account.fault({"type": "status", "status": 503}, operation="*")
    for method, path in (
        ("GET", "/v1/account"),
        ("GET", "/v1/payments"),
        ("GET", "/v1/events"),
        ("POST", "/v1/tokens"),
    ):
        body = {"card": {"number": "1", "exp_month": 1, "exp_year": 2030, "cvc": "1"}, "amount": 1, "currency": "USD"}
        assert account.ask(method, path, body if method == "POST" else None).status_code == 503
    assert account.call("GET", "/_sandbox/cards")["data"]
    assert account.call("GET", f"/_sandbox/faults/{rule['id']}")["fired"] == 4
    assert account.ask("DELETE", f"/_sandbox/faults/{rule['id']}").status_code == 204
    assert account.ask("GET", "/v1/account").status_code == 200


def test_nth_counts_from_the_rule_on_and_strikes_once(account: Account) -> None:
    account.call("GET", "/v1/account")
    rule = account.fault({"type": "status", "status": 500}, operation="get", nth=3)
    assert [account.ask("GET", "/v1/account").status_code for _ in range(5)] == [200, 200, 500, 200, 200]
    after = account.call("GET", f"/_sandbox/faults/{rule['id']}")
    assert (after["fired"], after["active"], after["times"]) == (1, False, 1)


def test_times_switches_a_rule_off_by_itself(account: Account) -> None:
    account.fault({"type": "status", "status": 500}, operation="get", times=2)
    assert [account.ask("GET", "/v1/account").status_code for _ in range(4)] == [500, 500, 200, 200]
    rule = account.call("GET", "/_sandbox/faults")["data"][0]
    assert (rule["matched"], rule["fired"], rule["active"]) == (2, 2, False)


def test_a_probability_under_a_seed_is_the_same_each_time(account: Account, other_account: Account) -> None:
    def run(one: Account, seed: object) -> list[int]:
        rule = one.fault({"type": "status", "status": 500}, operation="get", probability=0.5, seed=seed)
        statuses = [one.ask("GET", "/v1/account").status_code for _ in range(24)]
        one.ask("DELETE", f"/_sandbox/faults/{rule['id']}")
        return statuses

    first = run(account, "s")
    assert set(first) == {200, 500}
    assert run(account, "s") == run(other_account, "s") == first
    assert run(account, 9) != first


def test_a_rule_can_name_a_reference_or_a_card(account: Account) -> None:
    account.fault({"type": "status", "status": 500}, operation="*", reference="order-7")
    account.fault({"type": "status", "status": 502}, operation="token", card="visa_debit_success")
    hit, spared = account.token(), account.token()
    body = {"amount": 1999, "currency": "USD"}
    assert account.ask("POST", "/v1/payments", body | {"token": hit, "reference": "order-7"}).status_code == 500
    paid = account.call("POST", "/v1/payments", body | {"token": spared, "reference": "order-8"})
    assert account.ask("GET", f"/v1/payments/{paid['id']}").status_code == 200
    for card, status in (("visa_debit_success", 502), ("visa_success", 201)):
        answer = account.ask("POST", "/_sandbox/tokens", {"test_card": card, "amount": 1, "currency": "USD"})
        assert answer.status_code == status


def test_a_rule_finds_the_reference_behind_a_payments_id(account: Account) -> None:
    paid, other = account.pay(reference="a"), account.pay(reference="b")
    account.fault({"type": "status", "status": 500}, operation="capture", reference="a")
    assert account.act(paid["id"], "capture").status_code == 500
    assert account.act(other["id"], "capture").status_code == 200


def test_a_late_answer_is_late_and_its_key_is_in_use_meanwhile(account: Account) -> None:
    body = {"token": account.token(), "amount": 1999, "currency": "USD"}
    rule = account.fault({"type": "latency", "ms": 2500}, times=1, operation="payment")
    answers: list[requests.Response] = []
    slow = Account(account.gateway, account.key)
    thread = threading.Thread(target=lambda: answers.append(slow.ask("POST", "/v1/payments", body, key="k")))
    thread.start()
    until(lambda: account.call("GET", f"/_sandbox/faults/{rule['id']}")["fired"] == 1, what="the stall to begin")
    second = account.ask("POST", "/v1/payments", body, key="k")
    assert (second.status_code, second.json()["code"]) == (409, "idempotency_in_progress")
    assert second.headers["Retry-After"] == "1"
    thread.join(30)
    slow.close()
    assert answers[0].status_code == 201
    assert answers[0].elapsed.total_seconds() >= 2.5
    third = account.ask("POST", "/v1/payments", body, key="k")
    assert third.content == answers[0].content
    assert len(_payments(account)) == 1


def test_a_wait_and_a_drop_combine(account: Account) -> None:
    account.fault({"type": "latency", "min_ms": 200, "max_ms": 300}, operation="get")
    account.fault({"type": "status", "status": 503}, operation="get")
    answer = account.ask("GET", "/v1/account")
    assert answer.status_code == 503
    assert answer.elapsed.total_seconds() >= 0.2


def test_the_bank_and_the_wire_combine(account: Account) -> None:
    body = {"token": account.token("visa_insufficient_funds"), "amount": 1999, "currency": "USD"}
    account.fault({"type": "drop_after"}, times=1, operation="payment")
    _lost(account, "POST", "/v1/payments", body, key="k")
    again = account.call("POST", "/v1/payments", body, key="k")
    assert (again["status"], again["decline"]["code"]) == ("declined", "insufficient_funds")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/match"),
        ({"match": {"operation": "pay"}, "effect": {"type": "drop_before"}}, "/match/operation"),
        ({"match": {"operation": "*"}, "effect": {"type": "explode"}}, "/effect"),
        ({"match": {"operation": "*"}, "effect": {"type": "status"}}, "/effect/status"),
        ({"match": {"operation": "*"}, "effect": {"type": "status", "status": 418}}, "/effect/status"),
        ({"match": {"operation": "*"}, "effect": {"type": "status", "status": 500, "at": "never"}}, "/effect/at"),
        ({"match": {"operation": "*"}, "effect": {"type": "latency"}}, "/effect"),
        ({"match": {"operation": "*"}, "effect": {"type": "latency", "ms": -1}}, "/effect/ms"),
        ({"match": {"operation": "*"}, "effect": {"type": "latency", "ms": 60_001}}, "/effect/ms"),
        ({"match": {"operation": "*"}, "effect": {"type": "latency", "min_ms": 5}}, "/effect"),
        ({"match": {"operation": "*"}, "effect": {"type": "latency", "min_ms": 5, "max_ms": 4}}, "/effect"),
        ({"match": {"operation": "*"}, "effect": {"type": "drop_after", "ms": 1}}, "/effect/ms"),
        ({"match": {"operation": "*", "nth": 0}, "effect": {"type": "drop_after"}}, "/match/nth"),
        ({"match": {"operation": "*", "probability": 1.5}, "effect": {"type": "drop_after"}}, "/match/probability"),
        ({"match": {"operation": "*"}, "effect": {"type": "drop_after"}, "times": 0}, "/times"),
    ],
)
def test_a_wrong_rule_is_refused_and_named(account: Account, body: Json, pointer: str) -> None:
    assert account.refused(422, "validation_failed", "POST", "/_sandbox/faults", body)["param"] == pointer
    assert account.call("GET", "/_sandbox/faults")["data"] == []


def test_rules_of_one_account_do_not_touch_another(account: Account, other_account: Account) -> None:
    rule = account.fault({"type": "drop_before"}, operation="*")
    assert other_account.ask("GET", "/v1/account").status_code == 200
    other_account.refused(404, "not_found", "GET", f"/_sandbox/faults/{rule['id']}")
    other_account.refused(404, "not_found", "DELETE", f"/_sandbox/faults/{rule['id']}")
    assert account.ask("DELETE", "/_sandbox/faults").status_code == 204
    assert account.ask("GET", "/v1/account").status_code == 200


def test_a_hundred_payments_whose_answers_get_lost_are_each_made_once(account: Account) -> None:
    account.fault({"type": "drop_after"}, operation="payment", probability=0.4, seed=1)
    account.fault({"type": "drop_before"}, operation="payment", probability=0.3, seed=2)
    account.fault({"type": "status", "status": 500, "at": "after"}, operation="payment", probability=0.3, seed=3)
    for number in range(100):
        body = {"token": account.token(), "amount": 1999, "currency": "USD", "reference": f"o{number}"}
        for _ in range(30):
            try:
                answer = account.ask("POST", "/v1/payments", body, key=f"key-{number}")
            except requests.ConnectionError:
                continue
            if answer.status_code == 201:
                break
        assert answer.status_code == 201
    account.ask("DELETE", "/_sandbox/faults")
    page = account.call("GET", "/v1/payments?limit=100")
    assert sorted(one["reference"] for one in page["data"]) == sorted(f"o{number}" for number in range(100))
    assert page["has_more"] is False
