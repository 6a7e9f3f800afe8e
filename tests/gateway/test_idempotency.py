"""Same key, same answer, one effect."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
import requests

from tests.gateway.client import CARD, Account, Json

TOKEN = {"card": CARD, "amount": 1999, "currency": "USD"}


def _pay_body(account: Account, **more: Any) -> Json:
    return {"token": account.token(), "amount": 1999, "currency": "USD", **more}


def _replayed(answer: requests.Response) -> bool:
    return answer.headers.get("Idempotent-Replayed") == "true"


def test_a_repeated_request_gets_the_first_answer_byte_for_byte(account: Account) -> None:
    body = _pay_body(account, metadata={"b": "ü", "a": "1"})
    first = account.ask("POST", "/v1/payments", body, key="k")
    account.act(first.json()["id"], "capture")
    again = account.ask("POST", "/v1/payments", dict(reversed(body.items())), key="k")
    assert (again.status_code, again.content) == (201, first.content)
    assert _replayed(again)
    assert not _replayed(first)
    assert again.headers["Location"] == first.headers["Location"] == f"/v1/payments/{first.json()['id']}"
    assert again.headers["Content-Type"] == first.headers["Content-Type"]
    assert again.headers["Request-Id"] != first.headers["Request-Id"]
    assert len(account.call("GET", "/v1/payments")["data"]) == 1


@pytest.mark.parametrize("action", ["capture", "void", "refund"])
def test_every_action_is_done_once_under_its_key(account: Account, action: str) -> None:
    paid = account.pay(amount=1000, capture=action == "refund")
    body = {} if action == "void" else {"amount": 100}
    answers = [account.act(paid["id"], action, body, key="k") for _ in range(3)]
    assert len({answer.content for answer in answers}) == 1
    assert [_replayed(answer) for answer in answers] == [False, True, True]
    after = account.payment(paid["id"])
    assert after["version"] == paid["version"] + 1


def test_another_body_path_or_method_under_the_key_is_refused(account: Account) -> None:
    body = _pay_body(account)
    paid = account.call("POST", "/v1/payments", body, key="k")
    account.refused(422, "idempotency_key_reused", "POST", "/v1/payments", body | {"capture": True}, key="k")
    account.refused(422, "idempotency_key_reused", "POST", f"/v1/payments/{paid['id']}/capture", {}, key="k")
    account.refused(422, "idempotency_key_reused", "POST", f"/v1/payments/{paid['id']}/void", {}, key="k")
    assert account.payment(paid["id"]) == paid
    assert _replayed(account.ask("POST", "/v1/payments", body, key="k"))


def test_a_body_that_only_spells_defaults_is_another_body(account: Account) -> None:
    body = _pay_body(account)
    account.call("POST", "/v1/payments", body, key="k")
    account.refused(422, "idempotency_key_reused", "POST", "/v1/payments", body | {"capture": False}, key="k")


@pytest.mark.parametrize(
    ("first", "second"), [("abc", '"abc"'), ('"a\\"b\\\\c"', 'a"b\\c'), ("  abc", "abc"), ('"abc"', "abc")]
)
def test_a_quoted_key_and_a_bare_one_are_one(account: Account, first: str, second: str) -> None:
    made = account.ask("POST", "/v1/tokens", TOKEN, headers={"Idempotency-Key": first.strip()})
    again = account.ask("POST", "/v1/tokens", TOKEN, headers={"Idempotency-Key": second})
    assert again.content == made.content
    assert _replayed(again)


@pytest.mark.parametrize(
    "key",
    [
        "",
        '""',
        "a" * 256,
        "has space",
        '"has space"',
        '"open',
        "é",
        "a\tb",
        '"a"b"',
        '"a\\n"',
        '"' + "a" * 256 + '"',
    ],
)
def test_a_key_of_the_wrong_form_is_refused(account: Account, key: str) -> None:
    headers = {"Idempotency-Key": key.encode().decode("latin-1")}
    answer = account.ask("POST", "/v1/tokens", TOKEN, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_idempotency_key")


@pytest.mark.parametrize("key", ["a", "a" * 255, "!#$%&'()*+,-./:;<=>?@[]^_`{|}~"])
def test_every_visible_character_may_stand_in_a_key(account: Account, key: str) -> None:
    assert account.ask("POST", "/v1/tokens", TOKEN, key=key).status_code == 201
    assert _replayed(account.ask("POST", "/v1/tokens", TOKEN, key=key))


def test_secret_and_publishable_key_share_their_keys(account: Account) -> None:
    browser = Account(account.gateway, account.call("GET", "/v1/account")["publishable_key"])
    made = browser.ask("POST", "/v1/tokens", TOKEN, key="k")
    again = account.ask("POST", "/v1/tokens", TOKEN, key="k")
    browser.close()
    assert again.content == made.content


def test_two_accounts_do_not_share_their_keys(account: Account, other_account: Account) -> None:
    made = account.ask("POST", "/v1/tokens", TOKEN, key="k")
    other = other_account.ask("POST", "/v1/tokens", TOKEN, key="k")
    assert other.status_code == 201
    assert other.json()["id"] != made.json()["id"]


def test_the_security_code_takes_no_part_in_the_comparison(account: Account) -> None:
    made = account.ask("POST", "/v1/tokens", TOKEN, key="k")
    again = account.ask("POST", "/v1/tokens", TOKEN | {"card": CARD | {"cvc": "999"}}, key="k")
    assert again.content == made.content
    other = TOKEN | {"card": CARD | {"number": "5555555555554444"}}
    account.refused(422, "idempotency_key_reused", "POST", "/v1/tokens", other, key="k")


@pytest.mark.parametrize("body", [{"amount": 0}, {"colour": "red"}])
def test_a_request_that_is_not_valid_does_not_use_up_its_key(account: Account, body: Json) -> None:
    account.refused(422, "validation_failed", "POST", "/v1/tokens", TOKEN | body, key="k")
    assert account.ask("POST", "/v1/tokens", TOKEN, key="k").status_code == 201


def test_neither_does_one_for_an_object_that_is_not_there(account: Account) -> None:
    account.refused(404, "not_found", "POST", "/v1/payments/pay_none/capture", {}, key="k")
    answer = account.ask("POST", "/v1/tokens", TOKEN, key="k")
    assert (answer.status_code, _replayed(answer)) == (201, False)


def test_refusals_that_looked_at_an_object_belong_to_their_key(account: Account) -> None:
    paid = account.pay(amount=1000)
    path = f"/v1/payments/{paid['id']}"
    too_much = account.ask("POST", f"{path}/capture", {"amount": 1001}, key="much")
    too_soon = account.ask("POST", f"{path}/refunds", {}, key="soon")
    account.act(paid["id"], "capture")
    for first, again in (
        (too_much, account.ask("POST", f"{path}/capture", {"amount": 1001}, key="much")),
        (too_soon, account.ask("POST", f"{path}/refunds", {}, key="soon")),
    ):
        assert (again.status_code, again.content) == (first.status_code, first.content)
        assert again.headers["Content-Type"] == "application/problem+json"
        assert _replayed(again)
        assert not _replayed(first)


def test_a_refused_card_belongs_to_its_key(account: Account) -> None:
    body = TOKEN | {"card": CARD | {"number": "4242424242424241"}}
    first = account.ask("POST", "/v1/tokens", body, key="k")
    assert first.json()["code"] == "invalid_card_number"
    assert _replayed(account.ask("POST", "/v1/tokens", body, key="k"))


def test_a_decline_is_an_answer_and_is_given_again(account: Account) -> None:
    body = {"token": account.token("visa_lost_card"), "amount": 1999, "currency": "USD"}
    answers = [account.ask("POST", "/v1/payments", body, key="k") for _ in range(2)]
    assert answers[0].content == answers[1].content
    assert len(account.call("GET", "/v1/payments")["data"]) == 1


def test_a_key_is_forgotten_after_24_hours_of_the_accounts_clock(account: Account) -> None:
    account.freeze()
    made = account.ask("POST", "/v1/tokens", TOKEN, key="k")
    account.clock(advance="PT23H59M59S")
    assert account.ask("POST", "/v1/tokens", TOKEN, key="k").content == made.content
    account.clock(advance="PT1S")
    anew = account.ask("POST", "/v1/tokens", TOKEN, key="k")
    assert (anew.status_code, _replayed(anew)) == (201, False)
    assert anew.json()["id"] != made.json()["id"]
    assert account.ask("POST", "/v1/tokens", TOKEN, key="k").content == anew.content


def test_a_refusal_can_follow_under_a_key_that_was_forgotten(account: Account) -> None:
    account.freeze()
    paid = account.pay()
    path = f"/v1/payments/{paid['id']}/capture"
    assert account.ask("POST", path, {"amount": 5}, key="k").status_code == 200
    account.clock(advance="P1D")
    account.act(paid["id"], "void")
    first = account.ask("POST", path, {"amount": 5}, key="k")
    assert (first.status_code, _replayed(first)) == (409, False)
    assert _replayed(account.ask("POST", path, {"amount": 5}, key="k"))


def test_an_account_can_require_keys(account: Account) -> None:
    account.call("PATCH", "/_sandbox/settings", {"require_idempotency_keys": True})
    account.refused(400, "idempotency_key_missing", "POST", "/v1/tokens", TOKEN)
    assert account.ask("POST", "/v1/tokens", TOKEN, key="k").status_code == 201
    assert account.ask("GET", "/v1/payments").status_code == 200


def test_without_a_key_each_request_is_a_new_one(account: Account) -> None:
    assert account.call("POST", "/v1/tokens", TOKEN)["id"] != account.call("POST", "/v1/tokens", TOKEN)["id"]


def test_a_key_on_a_get_is_passed_over(account: Account) -> None:
    for path in ("/v1/account", "/v1/payments"):
        answer = account.ask("GET", path, key="k")
        assert (answer.status_code, _replayed(answer)) == (200, False)


def test_one_key_sent_many_times_at_once_has_one_effect(account: Account) -> None:
    body = _pay_body(account, capture=True)
    start = threading.Barrier(10)
    answers: list[requests.Response] = []

    def pay() -> None:
        own = Account(account.gateway, account.key)
        start.wait(20)
        answers.append(own.ask("POST", "/v1/payments", body, key="k"))
        own.close()

    threads = [threading.Thread(target=pay) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    done = [answer for answer in answers if answer.status_code == 201]
    waiting = [answer for answer in answers if answer.status_code == 409]
    assert len(done) + len(waiting) == 10
    assert len({answer.content for answer in done}) == 1
    assert [_replayed(answer) for answer in done].count(False) == 1
    assert {answer.json()["code"] for answer in waiting} <= {"idempotency_in_progress"}
    assert len(account.call("GET", "/v1/payments")["data"]) == 1
    assert json.loads(done[0].content)["status"] == "captured"
