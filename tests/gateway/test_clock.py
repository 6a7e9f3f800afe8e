"""The account's clock: live and frozen, moved by a duration, to a time, to what is due next."""

from __future__ import annotations

import re
import sqlite3
import threading
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from tests.gateway import client
from tests.gateway.client import Account
from tests.stack import Gateway, until


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_a_live_clock_ticks_and_keeps_the_offset_that_it_gained(account: Account) -> None:
    before = account.call("GET", "/_sandbox/clock")
    assert before["mode"] == "live"
    assert abs((_time(before["now"]) - datetime.now(UTC)).total_seconds()) < 60
    moved = account.clock(advance="P7D")
    assert timedelta(days=7) <= _time(moved["now"]) - _time(before["now"]) < timedelta(days=7, minutes=1)
    until(lambda: account.call("GET", "/_sandbox/clock")["now"] > moved["now"], what="the clock to tick")


def test_a_frozen_clock_stands_still_until_it_is_moved(account: Account) -> None:
    account.freeze("2026-01-31T10:00:00Z")
    assert account.call("GET", "/_sandbox/clock")["now"] == "2026-01-31T10:00:00.000000Z"
    assert account.pay()["created_at"] == account.pay()["created_at"] == "2026-01-31T10:00:00.000000Z"


@pytest.mark.parametrize(
    ("duration", "expected"),
    [
        ("P7D", "2026-02-07T10:00:00.000000Z"),
        ("PT15M", "2026-01-31T10:15:00.000000Z"),
        ("PT0.5S", "2026-01-31T10:00:00.500000Z"),
        ("P1M", "2026-02-28T10:00:00.000000Z"),
        ("P1Y1M", "2027-02-28T10:00:00.000000Z"),
        ("P2W", "2026-02-14T10:00:00.000000Z"),
        ("P1DT2H3M4.000005S", "2026-02-01T12:03:04.000005Z"),
        ("PT0S", "2026-01-31T10:00:00.000000Z"),
    ],
)
def test_a_duration_is_read_as_iso_8601_says(account: Account, duration: str, expected: str) -> None:
    account.freeze("2026-01-31T10:00:00Z")
    assert account.clock(advance=duration)["now"] == expected


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"advance": "7 days"}, "/advance"),
        ({"advance": "P"}, "/advance"),
        ({"advance": "PT"}, "/advance"),
        ({"advance": "-P1D"}, "/advance"),
        ({"advance": "P1.5D"}, "/advance"),
        ({"advance": "P100Y"}, "/advance"),
        ({"advance": "P99999999999999999999D"}, "/advance"),
        ({"advance": "P٣D"}, "/advance"),
        ({"to": "tomorrow"}, "/to"),
        ({"to": "1999-12-31T23:59:59Z"}, "/to"),
        ({"to": "2100-01-01T00:00:01Z"}, "/to"),
        ({"to_next": False}, "/to_next"),
        ({"mode": "stopped"}, "/mode"),
        ({"advance": "P1D", "to_next": True}, ""),
        ({}, ""),
        ({"rewind": "P1D"}, "/rewind"),
    ],
)
def test_a_wrong_move_is_refused_and_the_clock_left_alone(
    account: Account, body: dict[str, object], pointer: str
) -> None:
    account.freeze("2026-01-31T10:00:00Z")
    assert account.refused(422, "validation_failed", "POST", "/_sandbox/clock", body)["param"] == pointer
    assert account.call("GET", "/_sandbox/clock")["now"] == "2026-01-31T10:00:00.000000Z"


def test_only_the_clock_of_an_empty_account_goes_backwards(account: Account) -> None:
    account.freeze("2026-03-02T12:00:00Z")
    assert account.clock(to="2026-03-01T12:00:00Z")["now"] == "2026-03-01T12:00:00.000000Z"
    account.token()
    account.refused(422, "validation_failed", "POST", "/_sandbox/clock", {"to": "2026-03-01T11:59:59Z"})
    assert account.clock(to="2026-03-01T12:00:00Z")["now"] == "2026-03-01T12:00:00.000000Z"


def test_freezing_and_thawing_keep_the_time(account: Account) -> None:
    account.clock(advance="P1D")
    frozen = account.clock(mode="frozen")
    assert abs(frozen["offset_ms"] - 86_400_000) < 60_000
    live = account.clock(mode="live")
    assert timedelta(0) <= _time(live["now"]) - _time(frozen["now"]) < timedelta(minutes=1)


def test_a_hold_ends_after_seven_days_and_cannot_be_captured_then(account: Account) -> None:
    account.freeze("2026-03-02T12:00:00Z")
    paid = account.pay()
    assert paid["expires_at"] == "2026-03-09T12:00:00.000000Z"
    account.clock(advance="P6DT23H59M59S")
    assert account.payment(paid["id"])["status"] == "authorized"
    account.clock(advance="PT1S")
    problem = account.act(paid["id"], "capture").json()
    assert (problem["code"], problem["current_status"]) == ("invalid_transition", "expired")
    after = account.payment(paid["id"])
    assert (after["amount_capturable"], after["expires_at"]) == (0, None)
    assert "7 days" in after["why"]
    last = account.events()[-1]
    assert (last["type"], last["timestamp"]) == ("payment.expired", "2026-03-09T12:00:00.000000Z")


def test_after_seven_days_a_partly_captured_payment_keeps_what_it_has(account: Account) -> None:
    account.freeze("2026-03-02T12:00:00Z")
    paid = account.pay(amount=1000)
    account.act(paid["id"], "capture", {"amount": 400})
    account.clock(advance="P8D")
    after = account.payment(paid["id"])
    assert (after["status"], after["amount_captured"], after["amount_capturable"]) == ("captured", 400, 0)
    assert account.events()[-1]["type"] == "payment.captured"


@pytest.mark.parametrize("end", ["capture", "void"])
def test_what_is_captured_or_voided_does_not_expire(account: Account, end: str) -> None:
    account.freeze()
    paid = account.pay()
    account.act(paid["id"], end)
    due = account.call("GET", "/_sandbox/clock")["next"]
    assert not [one for one in due if one["object_id"] == paid["id"]]
    told = account.events(object_id=paid["id"])
    account.clock(advance="P30D")
    assert account.events(object_id=paid["id"]) == told


def test_what_falls_due_happens_in_order_each_at_its_own_time(account: Account) -> None:
    account.freeze("2026-03-02T12:00:00Z")
    hold = account.pay()
    account.clock(advance="PT1H")
    challenge, late = account.pay("visa_challenge"), account.pay("visa_processing_approved")
    due = account.call("GET", "/_sandbox/clock")["next"]
    assert [(one["kind"], one["object_id"], one["at"][:16]) for one in due] == [
        ("payment.processing_resolves", late["id"], "2026-03-02T13:10"),
        ("payment.challenge_expires", challenge["id"], "2026-03-02T13:15"),
        ("payment.authorization_expires", hold["id"], "2026-03-09T12:00"),
    ]
    account.clock(advance="P30D")
    told = [(event["type"], event["data"]["id"], event["timestamp"][:16]) for event in account.events()][3:]
    assert told == [
        ("payment.authorized", late["id"], "2026-03-02T13:10"),
        ("payment.expired", challenge["id"], "2026-03-02T13:15"),
        ("payment.expired", hold["id"], "2026-03-09T12:00"),
        ("payment.expired", late["id"], "2026-03-09T13:10"),
    ]


def test_what_fires_next_is_told_in_words_for_every_kind(account: Account) -> None:
    account.freeze("2026-03-02T12:00:00Z")
    for card in ("visa_success", "visa_challenge", "visa_processing_failed"):
        account.pay(card)
    account.pay("visa_dispute_fraudulent", capture=True)
    for card in ("visa_refund_pending", "visa_refund_fails", "visa_refund_fails_later"):
        account.act(account.pay(card, capture=True)["id"], "refund")
    due = account.call("GET", "/_sandbox/clock")["next"]
    assert [one["kind"] for one in due] == [
        "payment.processing_resolves",
        "payment.challenge_expires",
        "payment.disputed",
        "settlement.cut_off",
        "refund.succeeds",
        "refund.fails",
        "refund.comes_back",
        "payment.authorization_expires",
    ]
    assert len({one["description"] for one in due}) == len(due)
    assert [one["at"] for one in due] == sorted(one["at"] for one in due)


def test_to_next_goes_from_one_due_thing_to_the_next(account: Account) -> None:
    account.freeze("2026-03-02T12:00:00Z")
    account.pay()
    account.pay("visa_challenge")
    stops = [account.clock(to_next=True)["now"] for _ in range(3)]
    assert [stop[:16] for stop in stops] == ["2026-03-02T12:15", "2026-03-09T12:00", "2026-03-09T12:00"]


_OF_A_YEAR = (
    "visa_success",
    "visa_processing_approved",
    "visa_challenge",
    "visa_refund_fails_later",
    "visa_dispute_fraudulent",
)


def _pay_many(account: Account, first: int, last: int) -> None:
    """Payments of all kinds, by a client of their own: on hold, late, waiting for a customer, refunded, disputed."""
    own = Account(account.gateway, account.key)
    for number in range(first, last):
        card = _OF_A_YEAR[number % len(_OF_A_YEAR)]
        takes = "refund" in card or "dispute" in card
        paid = own.pay(card, amount=1000 + number, capture=takes)
        if "refund" in card:
            own.act(paid["id"], "refund", {"amount": 100})
    own.close()


def test_a_year_with_many_payments_happens_in_order_and_ends(
    account: Account, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that is due happens, more than fits into one transaction; nothing is left, and sums hold at the end."""
    many = 10_000 if request.config.getoption("--soak") else 300
    monkeypatch.setattr(client, "TIMEOUT", 600)
    account.freeze("2026-03-02T12:00:00Z")
    clients = [
        threading.Thread(target=_pay_many, args=(account, many * part // 4, many * (part + 1) // 4))
        for part in range(4)
    ]
    for one in clients:
        one.start()
    for one in clients:
        one.join()
    after = account.clock(advance="P1Y")
    assert (after["now"], after["next"]) == ("2027-03-02T12:00:00.000000Z", [])

    events = account.events()
    assert [event["timestamp"] for event in events] == sorted(event["timestamp"] for event in events)
    told = Counter(event["type"] for event in events)
    each = many // len(_OF_A_YEAR)
    assert (told["payment.expired"], told["dispute.lost"], told["refund.failed"]) == (3 * each, each, each)
    last = {event["data"]["id"]: event["data"] for event in events if event["type"].startswith("payment.")}
    assert len(last) == many
    assert {payment["status"] for payment in last.values()} == {"expired", "captured"}


def test_what_falls_due_on_a_live_account_happens_although_nobody_asks(gateway: Gateway, account: Account) -> None:
    paid = account.pay()
    account.clock(advance="P6DT23H59M59S")

    def expired() -> bool:
        statement = "SELECT status FROM payments WHERE id = '" + paid["id"] + "'"  # noqa: S608 - an id of ours
        return _ask_database(gateway, statement) == "expired"

    until(expired, what="the hold to expire")


def _ask_database(gateway: Gateway, statement: str) -> object:
    if gateway.engine == "postgresql":
        with psycopg.connect(gateway.database_url) as connection:
            row = connection.execute(statement.encode()).fetchone()
            return None if row is None else row[0]
    with closing(sqlite3.connect(gateway.database_url.removeprefix("sqlite:///"))) as database:
        return next(iter(database.execute(statement)))[0]


def test_answers_are_forgotten_once_their_keys_have_expired(gateway: Gateway, account: Account) -> None:
    account.freeze("2026-03-02T12:00:00Z")
    body = {"test_card": "visa_success", "amount": 5, "currency": "USD"}
    first = account.ask("POST", "/_sandbox/tokens", body, key="one")
    account.clock(advance="PT23H59M59S")
    again = account.ask("POST", "/_sandbox/tokens", body, key="one")
    assert (again.content, again.headers["Idempotent-Replayed"]) == (first.content, "true")
    account.clock(advance="PT1S")
    statement = "SELECT COUNT(*) FROM kept_answers WHERE body LIKE '%" + first.json()["id"] + "%'"  # noqa: S608 - ours
    until(lambda: _ask_database(gateway, statement) == 0, what="the answer to be forgotten")


def test_two_accounts_have_clocks_of_their_own(account: Account, other_account: Account) -> None:
    account.freeze("2030-01-01T00:00:00Z")
    assert not re.match("2030", other_account.call("GET", "/_sandbox/clock")["now"])


def test_reset_takes_objects_faults_and_the_clock_and_leaves_settings(account: Account) -> None:
    account.call("PATCH", "/_sandbox/settings", {"require_idempotency_keys": True})
    account.freeze("2030-01-01T00:00:00Z")
    token = account.call(
        "POST", "/_sandbox/tokens", {"test_card": "visa_success", "amount": 5, "currency": "USD"}, key="one"
    )
    body = {"token": token["id"], "amount": 5, "currency": "USD", "capture": True}
    paid = account.call("POST", "/v1/payments", body, key="two")
    account.act(paid["id"], "refund", key="three")
    account.fault({"type": "drop_before"}, operation="void")
    assert account.ask("POST", "/_sandbox/reset").status_code == 204
    assert account.call("GET", "/v1/payments")["data"] == account.events() == []
    assert account.call("GET", "/_sandbox/faults")["data"] == []
    assert account.call("GET", "/_sandbox/clock")["mode"] == "live"
    assert account.call("GET", "/_sandbox/settings")["require_idempotency_keys"] is True
    account.refused(404, "not_found", "GET", f"/v1/payments/{paid['id']}")
    made = account.ask(
        "POST", "/_sandbox/tokens", {"test_card": "visa_success", "amount": 6, "currency": "USD"}, key="one"
    )
    assert made.status_code == 201
    assert "Idempotent-Replayed" not in made.headers


def test_a_seed_makes_the_same_calls_answer_the_same(account: Account, other_account: Account) -> None:
    def run(one: Account) -> list[object]:
        one.call("PATCH", "/_sandbox/settings", {"seed": "seven"})
        one.freeze()
        paid = one.pay("visa_success", capture=True)
        challenged = one.pay("visa_challenge")
        one.act(paid["id"], "refund", {"amount": 1})
        answers = [one.payment(paid["id"]), one.payment(challenged["id"]), one.events()]
        # Two things hang on the account's key as well: the card's fingerprint and the link to the challenge.
        return [re.sub(r"'fingerprint': '\w+'|/challenge/\w+", "", str(answer)) for answer in answers]

    first = run(account)
    account.call("POST", "/_sandbox/reset")
    assert run(account) == first
    assert run(other_account) == first
    other_account.call("PATCH", "/_sandbox/settings", {"seed": "eight"})
    other_account.call("POST", "/_sandbox/reset")
    assert other_account.pay()["id"] != account.pay()["id"]
