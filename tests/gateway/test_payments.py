"""Payments and refunds: every status, every action in it, every sum, and what the events tell."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox_gateway.payments.states import ACTIONS, MOVES, Status
from tests.gateway.client import Account, Json

_ACTIONS = ("capture", "void", "refund")


def _types(account: Account, payment_id: str) -> list[tuple[str, int, str]]:
    return [
        (event["type"], event["data"]["version"], event["data"]["status"])
        for event in account.events(object_id=payment_id)
    ]


def test_an_authorization_holds_and_a_capture_takes(account: Account) -> None:
    paid = account.pay(amount=1999, reference="order-1", metadata={"cart": "7"}, customer={"email": "ann@example.com"})
    assert (paid["status"], paid["version"]) == ("authorized", 1)
    assert (paid["amount_capturable"], paid["amount_captured"], paid["amount_refundable"]) == (1999, 0, 0)
    assert paid["customer"] == {"id": None, "email": "ann@example.com", "name": None, "ip": None}
    assert paid["metadata"] == {"cart": "7"}
    assert len(paid["authorization_code"]) == 6
    captured = account.act(paid["id"], "capture").json()
    assert (captured["status"], captured["version"]) == ("captured", 2)
    assert (captured["amount_capturable"], captured["amount_captured"], captured["amount_refundable"]) == (
        0,
        1999,
        1999,
    )
    assert [(one["amount"], one["final"]) for one in captured["captures"]] == [(1999, True)]
    assert captured["expires_at"] is None
    assert account.payment(paid["id"]) == captured
    assert _types(account, paid["id"]) == [
        ("payment.authorized", 1, "authorized"),
        ("payment.captured", 2, "captured"),
    ]


def test_an_immediate_capture_is_two_versions_and_two_events(account: Account) -> None:
    paid = account.pay(capture=True)
    assert (paid["status"], paid["version"]) == ("captured", 2)
    assert _types(account, paid["id"]) == [
        ("payment.authorized", 1, "authorized"),
        ("payment.captured", 2, "captured"),
    ]


def test_partial_captures_repeat_until_one_takes_the_rest(account: Account) -> None:
    paid = account.pay(amount=1000)
    first = account.act(paid["id"], "capture", {"amount": 300}).json()
    assert (first["status"], first["amount_capturable"], first["expires_at"]) == (
        "partially_captured",
        700,
        paid["expires_at"],
    )
    second = account.act(paid["id"], "capture", {"amount": 300}).json()
    assert (second["status"], second["amount_capturable"]) == ("partially_captured", 400)
    last = account.act(paid["id"], "capture").json()
    assert (last["status"], last["amount_captured"], last["version"]) == ("captured", 1000, 4)
    assert [one["final"] for one in last["captures"]] == [False, False, True]


def test_a_final_capture_releases_the_rest(account: Account) -> None:
    paid = account.pay(amount=1000)
    captured = account.act(paid["id"], "capture", {"amount": 300, "final": True}).json()
    assert (captured["status"], captured["amount_captured"], captured["amount_capturable"]) == ("captured", 300, 0)
    assert account.act(paid["id"], "capture", {"amount": 1}).status_code == 409


def test_a_void_after_a_partial_capture_releases_the_rest(account: Account) -> None:
    paid = account.pay(amount=1000)
    account.act(paid["id"], "capture", {"amount": 300})
    released = account.act(paid["id"], "void").json()
    assert (released["status"], released["amount_captured"], released["amount_capturable"]) == ("captured", 300, 0)
    assert _types(account, paid["id"])[-1] == ("payment.captured", 3, "captured")


def test_refunds_move_the_shown_status_and_the_payments_version(account: Account) -> None:
    paid = account.pay(amount=1000, capture=True)
    refund = account.act(paid["id"], "refund", {"amount": 400, "reason": "duplicate", "note": "twice"}).json()
    assert refund == {
        "id": refund["id"],
        "object": "refund",
        "version": 2,
        "payment": paid["id"],
        "amount": 400,
        "currency": "USD",
        "status": "succeeded",
        "reason": "duplicate",
        "note": "twice",
        "failure": None,
        "why": refund["why"],
        "created_at": refund["created_at"],
    }
    partly = account.payment(paid["id"])
    assert (partly["status"], partly["version"], partly["amount_refundable"]) == ("partially_refunded", 3, 600)
    assert partly["refunds"] == [refund]
    rest = account.act(paid["id"], "refund").json()
    assert rest["amount"] == 600
    whole = account.payment(paid["id"])
    assert (whole["status"], whole["amount_refunded"], whole["amount_refundable"]) == ("refunded", 1000, 0)
    assert _types(account, refund["id"]) == [("refund.created", 1, "pending"), ("refund.succeeded", 2, "succeeded")]
    assert account.call("GET", f"/v1/refunds/{refund['id']}") == refund
    listed = account.call("GET", f"/v1/payments/{paid['id']}/refunds")
    assert [one["id"] for one in listed["data"]] == [rest["id"], refund["id"]]


def test_what_is_partly_captured_can_be_refunded_at_once(account: Account) -> None:
    paid = account.pay(amount=1000)
    account.act(paid["id"], "capture", {"amount": 300})
    account.refused(422, "amount_too_large", "POST", f"/v1/payments/{paid['id']}/refunds", {"amount": 301})
    assert account.act(paid["id"], "refund", {"amount": 300}).status_code == 201
    after = account.payment(paid["id"])
    assert (after["status"], after["amount_refunded"], after["amount_capturable"]) == ("partially_captured", 300, 700)


@pytest.mark.parametrize(("action", "left"), [("capture", "amount_capturable"), ("refund", "amount_refundable")])
def test_more_than_is_left_is_refused_and_changes_nothing(account: Account, action: str, left: str) -> None:
    paid = account.pay(amount=1000, capture=action == "refund")
    events = len(account.events())
    last = "refunds" if action == "refund" else action
    problem = account.refused(422, "amount_too_large", "POST", f"/v1/payments/{paid['id']}/{last}", {"amount": 1001})
    assert (problem["param"], problem[left]) == ("/amount", 1000)
    assert account.payment(paid["id"]) == paid
    assert len(account.events()) == events


def _in_status(account: Account, status: str) -> Json:
    """A payment that has come to this status by the front door."""
    account.freeze()
    if status == "requires_action":
        return account.pay("visa_challenge")
    if status == "processing":
        return account.pay("visa_processing_approved")
    if status == "declined":
        return account.pay("visa_generic_decline")
    if status == "failed":
        failing = account.pay("visa_processing_failed")
        account.clock(advance="PT10M")
        return account.payment(failing["id"])
    paid = account.pay(amount=1000, capture=status in ("captured", "partially_refunded", "refunded"))
    if status == "partially_captured":
        account.act(paid["id"], "capture", {"amount": 400})
    if status == "voided":
        account.act(paid["id"], "void")
    if status == "expired":
        account.clock(advance="P7D")
    if status in ("partially_refunded", "refunded"):
        account.act(paid["id"], "refund", {"amount": 1000 if status == "refunded" else 400})
    return account.payment(paid["id"])


_LEGAL = {
    "requires_action": {"void": "voided"},
    "processing": {},
    "authorized": {"capture": "captured", "void": "voided"},
    "partially_captured": {"capture": "captured", "void": "captured", "refund": "partially_captured"},
    "captured": {"refund": "refunded"},
    "partially_refunded": {"refund": "refunded"},
    "refunded": {},
    "voided": {},
    "expired": {},
    "declined": {},
    "failed": {},
}


@pytest.mark.parametrize("status", list(_LEGAL))
@pytest.mark.parametrize("action", _ACTIONS)
def test_every_pair_of_status_and_action_is_legal_or_refused(account: Account, status: str, action: str) -> None:
    before = _in_status(account, status)
    assert before["status"] == status
    events = len(account.events())
    answer = account.act(before["id"], action)
    after = account.payment(before["id"])
    if action in _LEGAL[status]:
        assert answer.status_code in (200, 201)
        assert after["status"] == _LEGAL[status][action]
        assert after["version"] == before["version"] + 1
    else:
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (409, "invalid_transition")
        assert problem["current_status"] == status
        assert set(problem["allowed_actions"]) == set(_LEGAL[status])
        assert after == before
        assert len(account.events()) == events


def test_the_drawing_of_statuses_has_ends_and_every_status_is_reached() -> None:
    reached = set().union(*MOVES.values())
    assert reached == set(Status)
    assert set(ACTIONS) == set(Status)
    ends = {status for status, moves in MOVES.items() if not moves}
    assert ends == {Status.CAPTURED, Status.VOIDED, Status.EXPIRED, Status.DECLINED, Status.FAILED}


_STEP = st.tuples(
    st.sampled_from(["capture", "capture", "final", "refund", "refund", "void", "all"]),
    st.integers(min_value=1, max_value=60),
)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(amount=st.integers(min_value=1, max_value=100), steps=st.lists(_STEP, max_size=8))
def test_sums_hold_after_every_step_whatever_is_asked(
    account: Account, amount: int, steps: list[tuple[str, int]]
) -> None:
    before = account.pay(amount=amount)
    held, captured, refunded = amount, 0, 0
    for step, part in steps:
        if step == "refund":
            answer = account.act(before["id"], "refund", {"amount": part})
            if answer.ok:
                refunded += part
        elif step == "void":
            answer = account.act(before["id"], "void")
            held = 0 if answer.ok else held
        else:
            body: dict[str, Any] = {} if step == "all" else {"amount": part, "final": step == "final"}
            answer = account.act(before["id"], "capture", body)
            if answer.ok:
                taken = held if step == "all" else part
                captured, held = captured + taken, 0 if step == "final" else held - taken
        after = account.payment(before["id"])
        assert 0 <= after["amount_refunded"] <= after["amount_captured"] <= after["amount"] == amount
        assert (after["amount_capturable"], after["amount_captured"], after["amount_refunded"]) == (
            held,
            captured,
            refunded,
        )
        assert after["amount_refundable"] == captured - refunded
        assert sum(one["amount"] for one in after["captures"]) == captured
        assert sum(one["amount"] for one in after["refunds"]) == refunded
        assert after["version"] == before["version"] + (1 if answer.ok else 0)
        before = after


def _at_once(count: int, work: Any) -> list[requests.Response]:
    start = threading.Barrier(count)
    answers: list[requests.Response] = []

    def run() -> None:
        start.wait(20)
        answers.append(work())

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(answers) == count
    return answers


@pytest.mark.parametrize("action", ["capture", "refund", "void"])
def test_ten_at_once_on_one_payment_end_with_one_success(account: Account, action: str) -> None:
    paid = account.pay(amount=1000, capture=action == "refund")

    def work() -> requests.Response:
        own = Account(account.gateway, account.key)
        try:
            return own.act(paid["id"], action)
        finally:
            own.close()

    statuses = sorted(answer.status_code for answer in _at_once(10, work))
    assert statuses == [201 if action == "refund" else 200] + [409] * 9
    after = account.payment(paid["id"])
    assert after["version"] == paid["version"] + 1
    assert after["amount_captured"] + after["amount_capturable"] == (0 if action == "void" else 1000)


def test_partial_captures_at_once_never_take_more_than_is_held(account: Account) -> None:
    paid = account.pay(amount=1000)

    def work() -> requests.Response:
        own = Account(account.gateway, account.key)
        try:
            return own.act(paid["id"], "capture", {"amount": 300})
        finally:
            own.close()

    answers = _at_once(8, work)
    assert sorted(answer.status_code for answer in answers) == [200] * 3 + [422] * 5
    assert account.payment(paid["id"])["amount_captured"] == 900


def test_pages_put_together_are_the_whole_list_while_rows_are_added(account: Account) -> None:
    account.freeze()
    made = [account.pay()["id"] for _ in range(7)]
    found: list[str] = []
    cursor = ""
    while True:
        page = account.call("GET", f"/v1/payments?limit=2{cursor}")
        found.extend(payment["id"] for payment in page["data"])
        if not page["has_more"]:
            assert page["next_cursor"] is None
            break
        account.pay()
        cursor = f"&cursor={page['next_cursor']}"
    assert found == made[::-1]


def test_a_list_filters_by_what_is_shown(account: Account) -> None:
    account.freeze()
    paid = {
        "captured": account.pay(capture=True)["id"],
        "declined": account.pay("visa_lost_card")["id"],
        "authorized": account.pay(reference="mine")["id"],
        "partially_refunded": account.pay(capture=True)["id"],
        "refunded": account.pay(capture=True)["id"],
    }
    account.act(paid["partially_refunded"], "refund", {"amount": 1})
    account.act(paid["refunded"], "refund")
    for status, payment_id in paid.items():
        listed = account.call("GET", f"/v1/payments?status={status}")["data"]
        assert [(one["id"], one["status"]) for one in listed] == [(payment_id, status)]
    assert [one["id"] for one in account.call("GET", "/v1/payments?reference=mine")["data"]] == [paid["authorized"]]
    assert account.call("GET", "/v1/payments?reference=other")["data"] == []


def test_a_list_filters_by_time_of_creation(account: Account) -> None:
    account.freeze("2026-03-02T12:00:00Z")
    first = account.pay()["id"]
    account.clock(advance="PT1H")
    second = account.pay()["id"]

    def listed(query: str) -> list[str]:
        return [one["id"] for one in account.call("GET", f"/v1/payments?{query}")["data"]]

    assert listed("created_after=2026-03-02T12:00:00Z") == [second]
    assert listed("created_after=2026-03-02T11:59:59.999999Z") == [second, first]
    assert listed("created_before=2026-03-02T13:00:00Z") == [first]
    assert listed("created_after=2026-03-02T13:30:00%2B01:00") == [second]


@pytest.mark.parametrize("cursor", ["nonsense", "AAAA", "%C3%A9", "MS4y"])
def test_a_cursor_that_is_not_ours_is_refused(account: Account, cursor: str) -> None:
    account.refused(422, "invalid_cursor", "GET", f"/v1/payments?cursor={cursor}")


def test_a_cursor_of_another_list_is_refused(account: Account) -> None:
    for _ in range(2):
        account.pay()
    cursor = account.call("GET", "/v1/payments?limit=1")["next_cursor"]
    account.refused(422, "invalid_cursor", "GET", f"/v1/events?cursor={cursor}")


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"capture": "yes"}, "/capture"),
        ({"reference": "r" * 256}, "/reference"),
        ({"reference": "a\x00b"}, "/reference"),
        ({"statement_descriptor": "d" * 23}, "/statement_descriptor"),
        ({"metadata": {"k": 1}}, "/metadata/k"),
        ({"metadata": {f"k{n}": "" for n in range(51)}}, "/metadata"),
        ({"metadata": {"": "v"}}, "/metadata/"),
        ({"metadata": {"k": "v" * 501}}, "/metadata/k"),
        ({"customer": {"ip": "999.1.1.1"}}, "/customer/ip"),
        ({"customer": {"phone": "1"}}, "/customer/phone"),
        ({"three_ds": "maybe"}, "/three_ds"),
        ({"token": None}, "/token"),
        ({"confirm": True}, "/confirm"),
    ],
)
def test_a_wrong_member_of_a_payment_is_named_and_the_token_kept(
    account: Account, change: dict[str, Any], pointer: str
) -> None:
    body = {"token": account.token(), "amount": 1999, "currency": "USD"}
    assert account.refused(422, "validation_failed", "POST", "/v1/payments", body | change)["param"] == pointer
    assert account.call("POST", "/v1/payments", body)["status"] == "authorized"


def test_a_token_stands_for_one_payment(account: Account) -> None:
    body = {"token": account.token(), "amount": 1999, "currency": "USD"}
    account.call("POST", "/v1/payments", body)
    account.refused(409, "token_used", "POST", "/v1/payments", body)
    assert account.call("GET", f"/v1/tokens/{body['token']}")["used"] is True
    assert len(account.call("GET", "/v1/payments")["data"]) == 1


def test_a_token_is_bound_to_its_amount_and_currency(account: Account) -> None:
    body = {"token": account.token(), "amount": 1999, "currency": "USD"}
    account.refused(422, "amount_mismatch", "POST", "/v1/payments", body | {"amount": 2000})
    account.refused(422, "currency_mismatch", "POST", "/v1/payments", body | {"currency": "EUR"})
    assert account.call("POST", "/v1/payments", body)["status"] == "authorized"


def test_an_unknown_token_and_an_expired_one_are_refused(account: Account) -> None:
    account.freeze()
    body = {"token": "tok_unknown", "amount": 1999, "currency": "USD"}
    account.refused(422, "token_not_found", "POST", "/v1/payments", body)
    token = account.token()
    account.clock(advance="PT15M")
    account.refused(422, "token_expired", "POST", "/v1/payments", body | {"token": token})
    assert account.call("GET", "/v1/payments")["data"] == []


@pytest.mark.parametrize(
    "body", [{"amount": 0}, {"amount": "5"}, {"amount": 1.5}, {"currency": "USD"}, {"final": "no"}]
)
def test_wrong_bodies_of_captures_and_refunds_are_refused(account: Account, body: Json) -> None:
    paid = account.pay()
    account.refused(422, "validation_failed", "POST", f"/v1/payments/{paid['id']}/capture", body)
    account.refused(422, "validation_failed", "POST", f"/v1/payments/{paid['id']}/refunds", body)
    account.refused(422, "validation_failed", "POST", f"/v1/payments/{paid['id']}/void", body)
    assert account.payment(paid["id"]) == paid
