"""The request log: every request and answer, what the client saw, the verdict on its key, and nothing secret."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from urllib.parse import quote

import pytest
import requests

from tests.gateway.client import CARD, Account, Json
from tests.gateway.hooked import Hooked
from tests.gateway.receiver import receiving
from tests.stack import Gateway, until


def log(account: Account, **filters: str) -> list[Json]:
    """The log, newest first."""
    query = "&".join(f"{name}={quote(value)}" for name, value in filters.items())
    found: list[Json] = account.call("GET", f"/_sandbox/requests?limit=100&{query}")["data"]
    return found


def verdicts(account: Account, **filters: str) -> list[str | None]:
    """Oldest first."""
    return [entry["verdict"] for entry in reversed(log(account, **filters))]


def body_of(account: Account, **more: object) -> Json:
    return {"token": account.token(), "amount": 1999, "currency": "USD", **more}


def test_an_entry_tells_the_whole_exchange(account: Account) -> None:
    account.freeze()
    body = body_of(account, reference="order-1")
    answer = account.ask("POST", "/v1/payments", body, key="k", headers={"X-Request-Id": "mine-1"})
    [entry] = log(account, operation="payment")
    assert entry.pop("at").startswith("2026-03-02T12:00:00")
    assert not entry.pop("received_at").startswith("2026-03-02")
    assert entry.pop("duration_ms") > 0
    assert entry == {
        "object": "request",
        "request_id": "mine-1",
        "method": "POST",
        "path": "/v1/payments",
        "operation": "payment",
        "key": "k",
        "verdict": "first",
        "reference": "order-1",
        "payment": answer.json()["id"],
        "status": 201,
        "true_status": 201,
        "error_code": None,
        "client_saw": "answer",
        "fault": None,
        "request_body": entry["request_body"],
        "response_body": answer.text,
    }
    assert json.loads(entry["request_body"]) == body


def test_reads_refusals_and_steering_are_there_in_order_and_the_log_itself_is_not(account: Account) -> None:
    account.call("GET", "/v1/payments?limit=3")
    account.ask("GET", "/v1/payments/pay_none")
    account.ask("POST", "/v1/payments", {"amount": "1"})
    account.clock(advance="P1D")
    account.refused(404, "not_found", "GET", "/v1/charges")
    account.refused(405, "method_not_allowed", "DELETE", "/v1/payments")
    log(account)
    entries = [(one["method"], one["path"], one["status"], one["error_code"]) for one in reversed(log(account))]
    assert entries == [
        ("GET", "/v1/payments?limit=3", 200, None),
        ("GET", "/v1/payments/pay_none", 404, "not_found"),
        ("POST", "/v1/payments", 422, "validation_failed"),
        ("POST", "/_sandbox/clock", 200, None),
        ("GET", "/v1/charges", 404, "not_found"),
        ("DELETE", "/v1/payments", 405, "method_not_allowed"),
    ]


def test_each_use_of_a_key_gets_its_verdict(account: Account) -> None:
    body = body_of(account, reference="a")
    account.ask("POST", "/v1/payments", body, key="k")
    account.ask("POST", "/v1/payments", body, key="k")
    account.ask("POST", "/v1/payments", body | {"amount": 5}, key="k")
    account.clock(advance="PT25H")
    account.ask("POST", "/v1/payments", body, key="k")
    account.ask("POST", "/v1/payments", body)
    assert verdicts(account, operation="payment") == ["first", "replayed", "other_body", "expired", "no_key"]
    assert verdicts(account, key="k") == ["first", "replayed", "other_body", "expired"]
    assert [entry["status"] for entry in log(account, verdict="other_body")] == [422]


def test_a_second_request_while_the_first_runs_is_concurrent(account: Account) -> None:
    body = body_of(account)
    rule = account.fault({"type": "latency", "ms": 1500}, times=1, operation="payment")
    slow = Account(account.gateway, account.key)
    thread = threading.Thread(target=lambda: slow.ask("POST", "/v1/payments", body, key="k"))
    thread.start()
    until(lambda: account.call("GET", f"/_sandbox/faults/{rule['id']}")["fired"], what="the wait to begin")
    account.refused(409, "idempotency_in_progress", "POST", "/v1/payments", body, key="k")
    thread.join(30)
    slow.close()
    told = {entry["verdict"]: (entry["client_saw"], entry["fault"]) for entry in log(account, key="k")}
    assert told["first"] == ("late_answer", rule["id"])
    assert told["concurrent"][0] == "answer"


@pytest.mark.parametrize("key", ["another", None])
def test_money_moved_twice_is_two_payments_of_one_reference(account: Account, key: str | None) -> None:
    account.ask("POST", "/v1/payments", body_of(account, reference="o-1"), key="one")
    account.ask("POST", "/v1/payments", body_of(account, reference="o-1"), key=key)
    assert verdicts(account, reference="o-1") == ["first", "money_moved_twice"]


@pytest.mark.parametrize("card", ["visa_challenge", "visa_processing_approved"])
def test_money_moved_twice_is_told_when_it_moves_later(account: Account, card: str) -> None:
    account.pay(reference="o-1")
    second = account.pay(card, reference="o-1", return_url="http://localhost/")
    assert verdicts(account, payment=second["id"]) == ["no_key"]
    if second["next_action"]:
        url = second["next_action"]["url"]
        assert requests.post(url, data={"decision": "approve"}, allow_redirects=False, timeout=30).status_code == 303
    account.clock(advance="PT11M")
    assert verdicts(account, payment=second["id"]) == ["money_moved_twice"]


def _void(account: Account, payment_id: str) -> None:
    assert account.act(payment_id, "void").status_code == 200


def _refund(account: Account, payment_id: str) -> None:
    assert account.act(payment_id, "capture").status_code == 200
    assert account.act(payment_id, "refund").status_code == 201


@pytest.mark.parametrize("undo", [_void, _refund])
def test_a_new_payment_for_one_that_was_undone_moves_nothing_twice(
    account: Account, undo: Callable[[Account, str], None]
) -> None:
    undo(account, account.pay(reference="o-1")["id"])
    account.ask("POST", "/v1/payments", body_of(account, reference="o-1"), key="k")
    assert verdicts(account, key="k") == ["first"]


def test_a_declined_try_and_another_reference_move_nothing_twice(account: Account) -> None:
    account.pay("visa_insufficient_funds", reference="o-1")
    account.pay(reference="o-1")
    account.pay("visa_insufficient_funds", reference="o-1")
    account.pay(reference="o-2")
    assert set(verdicts(account, operation="payment")) == {"no_key"}


@pytest.mark.parametrize(
    ("effect", "client_saw", "status", "true_status"),
    [
        ({"type": "latency", "ms": 5}, "late_answer", 201, 201),
        ({"type": "status", "status": 503}, "injected_error", 503, None),
        ({"type": "status", "status": 500, "at": "after"}, "injected_error", 500, 201),
        ({"type": "drop_before"}, "nothing", None, None),
        ({"type": "drop_after"}, "nothing", None, 201),
        ({"type": "stall", "ms": 10}, "nothing", None, None),
        ({"type": "stall", "ms": 10, "at": "after"}, "nothing", None, 201),
        ({"type": "malformed"}, "malformed_answer", 201, 201),
        ({"type": "malformed", "shape": "html"}, "malformed_answer", 502, 201),
        ({"type": "truncated"}, "part_of_answer", 201, 201),
        ({"type": "slow_drip", "ms": 1, "bytes": 500}, "late_answer", 201, 201),
    ],
)
def test_an_entry_tells_what_the_client_saw_and_what_is_true(
    account: Account, effect: Json, client_saw: str, status: int | None, true_status: int | None
) -> None:
    rule = account.fault(effect, times=1, operation="payment")
    headers = {"Authorization": f"Bearer {account.key}", "Idempotency-Key": "k"}
    try:
        requests.post(f"{account.gateway.url}/v1/payments", json=body_of(account), headers=headers, timeout=30)
    except requests.RequestException:
        assert client_saw in ("nothing", "part_of_answer")
    [entry] = until(
        lambda: [one for one in log(account, operation="payment") if one["client_saw"]],
        what="the entry of an answer that never came",
    )
    told = (entry["client_saw"], entry["status"], entry["true_status"], entry["fault"])
    assert told == (client_saw, status, true_status, rule["id"])
    assert (entry["response_body"] is None) == (true_status is None)
    assert entry["verdict"] == (None if true_status is None else "first")


def test_card_numbers_codes_and_secrets_are_masked(account: Account) -> None:
    number = CARD["number"]
    spaced, dashed = "4000 0566 5566 5556", "5555-5555-5555-4444"
    with receiving() as receiver:
        hooked = Hooked(account.gateway, account.key)
        secret = hooked.endpoint(receiver)["secret"]
    account.ask("POST", "/v1/tokens", {"card": CARD | {"cvc": "917"}, "amount": 1, "currency": "USD"})
    account.ask("POST", "/v1/tokens", {"card": {"number": int(str(number)), "cvc": 918}, "amount": 1})
    account.ask("POST", "/v1/payments", body_of(account, reference=dashed, description=f"card {spaced}"), key=f"k{1}")
    account.ask("GET", f"/v1/payments?reference={quote(spaced)}")
    account.ask("GET", f"/v1/payments/{number}", headers={"X-Request-Id": str(number)})
    account.ask("GET", "/v1/payments?cvc=917&number=4242")
    challenged = account.pay("visa_challenge", return_url="http://localhost/")
    shown = str(log(account))
    link = challenged["next_action"]["url"].rpartition("/")[2]
    for hidden in (
        str(number),
        spaced,
        spaced.replace(" ", ""),
        dashed,
        '"917"',
        "=917",
        ":918",
        secret,
        secret[6:],
        link,
    ):
        assert hidden not in shown, hidden
    assert "[masked]" in shown
    assert "whsec_[masked]" in shown
    assert log(account, reference=dashed)[0]["reference"] == "[masked]"


def test_amounts_times_and_ids_are_not_taken_for_cards(account: Account) -> None:
    paid = account.pay(amount=999_999_999_999, reference="2026-11-23 10:20:30.123456", capture=True)
    [entry] = log(account, operation="payment")
    assert "[masked]" not in entry["request_body"] + entry["response_body"]
    assert entry["payment"] == paid["id"]


def test_a_long_body_is_cut(account: Account) -> None:
    account.pay(metadata={f"m{number}": "x" * 500 for number in range(40)})
    [entry] = log(account, operation="payment")
    assert len(entry["request_body"]) < 8300
    assert entry["request_body"].endswith("…")


def test_pages_go_from_new_to_old_and_repeat_nothing(account: Account) -> None:
    for _ in range(5):
        account.call("GET", "/v1/account")
    seen: list[str] = []
    cursor = ""
    while True:
        page = account.call("GET", f"/_sandbox/requests?limit=2{cursor}")
        seen += [entry["request_id"] for entry in page["data"]]
        if not page["has_more"]:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert len(seen) == len(set(seen)) == 5
    account.refused(422, "invalid_cursor", "GET", "/_sandbox/requests?cursor=x")
    account.refused(422, "validation_failed", "GET", "/_sandbox/requests?verdict=good")


def test_the_log_is_bounded_and_the_oldest_go_first(account: Account) -> None:
    account.call("GET", "/_sandbox/cards")
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {account.key}"
        for _ in range(1250):
            session.get(f"{account.gateway.url}/v1/payments/pay_none", timeout=30)
    entries = 0
    cursor = ""
    while True:
        page = account.call("GET", f"/_sandbox/requests?limit=100{cursor}")
        entries += len(page["data"])
        if not page["has_more"]:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert 1000 <= entries <= 1100 + 1
    assert page["data"][-1]["path"] == "/v1/payments/pay_none"


def test_accounts_see_their_own_requests_only(account: Account, other_account: Account) -> None:
    account.pay()
    assert log(other_account) == []
    assert len(log(account)) == 2


def test_a_reset_empties_the_log(account: Account) -> None:
    account.pay()
    assert account.ask("POST", "/_sandbox/reset").status_code == 204
    assert [entry["path"] for entry in log(account)] == ["/_sandbox/reset"]


def test_the_log_outlives_a_crash_and_a_calm_end(start_gateway: Callable[..., Gateway]) -> None:
    gateway = start_gateway(crash_at="payment.after_commit")
    account = Account(gateway)
    body = body_of(account)
    with pytest.raises(requests.ConnectionError):
        account.ask("POST", "/v1/payments", body, key="k")
    gateway.kill()
    gateway.start(crash_at="")
    [entry] = log(account, operation="payment")
    assert (entry["true_status"], entry["status"], entry["client_saw"]) == (201, None, None)
    account.ask("POST", "/v1/payments", body, key="k")
    gateway.restart()
    assert verdicts(account, key="k") == ["first", "replayed"]
    account.close()
