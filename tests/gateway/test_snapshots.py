"""Snapshots: an account's state under a name, whatever tables hold it, and back again."""

from __future__ import annotations

from typing import Any

import pytest

import sandbox_gateway.web  # noqa: F401 - so that every room has put its tables into the metadata
from sandbox_gateway import account_state
from sandbox_gateway.accounts import accounts
from sandbox_gateway.schema import metadata
from sandbox_gateway.snapshots import MOST_SNAPSHOTS
from tests.gateway.client import Account, Json
from tests.gateway.hooked import Hooked
from tests.gateway.receiver import Receiver, Reply
from tests.stack import Gateway

READS = (
    "/v1/payments?limit=100",
    "/v1/events?limit=100",
    "/v1/webhook_deliveries",
    "/v1/disputes",
    "/v1/settlements",
    "/v1/payouts",
    "/v1/balance",
    "/_sandbox/faults",
    "/v1/account",
)


_CARDS = ("visa_success", "visa_lost_card", "visa_processing_approved", "amex_success", "visa_dispute_fraudulent")


def take(account: Account, name: str = "base") -> Json:
    return account.call("POST", "/_sandbox/snapshots", {"name": name})


def restore(account: Account, name: str = "base") -> Json:
    return account.call("POST", f"/_sandbox/snapshots/{name}/restore")


def seen(account: Account) -> list[bytes]:
    """Every list and every object of the account, as bytes; and its clock without the wall clock's part."""
    answers = [account.ask("GET", path).content for path in READS]
    payments = account.call("GET", "/v1/payments?limit=100")["data"]
    answers += [account.ask("GET", f"/v1/payments/{payment['id']}").content for payment in payments]
    clock = account.call("GET", "/_sandbox/clock")
    del clock["offset_ms"]
    return [*answers, str(clock).encode()]


def live(account: Account) -> list[bytes]:
    """A few of everything, under keys; the answers as bytes."""
    answers = []

    def tell(path: str, body: object = None, **options: Any) -> Json:
        answer = account.ask("POST", path, body, **options)
        answers.append(answer.content)
        return dict(answer.json())

    for number, card in enumerate(_CARDS):
        token = tell("/_sandbox/tokens", {"test_card": card, "amount": 5000, "currency": "USD"})["id"]
        body = {"token": token, "amount": 5000, "currency": "USD", "reference": f"order-{number}"}
        paid = tell("/v1/payments", body, key=f"key-{token}")
        if paid["status"] == "authorized":
            tell(f"/v1/payments/{paid['id']}/capture", {"amount": 3000})
            tell(f"/v1/payments/{paid['id']}/refunds", {"amount": 700})
    tell("/_sandbox/faults", {"match": {"operation": "void", "nth": 3}, "effect": {"type": "drop_after"}})
    account.clock(advance="P4D")
    return answers


@pytest.fixture
def lived(account: Account) -> Account:
    account.call("PATCH", "/_sandbox/settings", {"seed": "snapshots"})
    account.freeze()
    live(account)
    return account


def test_a_restore_brings_the_same_state_back_as_often_as_wanted(lived: Account) -> None:
    before = seen(lived)
    taken = take(lived)
    held = {name: taken["rows"][name] for name in ("payments", "captures", "disputes")}
    assert held == {"payments": 5, "captures": 3, "disputes": 1}
    assert taken["rows"]["payouts"] >= 1
    for _ in range(2):
        live(lived)
        lived.clock(advance="P30D")
        assert seen(lived) != before
        assert restore(lived) == taken
        assert seen(lived) == before


def test_a_snapshot_outlives_a_reset(lived: Account) -> None:
    before = seen(lived)
    take(lived)
    lived.call("POST", "/_sandbox/reset")
    assert lived.call("GET", "/v1/payments")["data"] == []
    restore(lived)
    assert seen(lived) == before


def test_the_same_calls_after_a_restore_answer_the_same_bytes(lived: Account) -> None:
    take(lived)
    first = live(lived)
    lived.call("PATCH", "/_sandbox/settings", {"seed": "another"})
    assert live(lived) != first
    restore(lived)
    assert live(lived) == first


def test_what_was_due_at_the_snapshot_is_due_again(account: Account) -> None:
    account.freeze()
    payment = account.pay()
    take(account)
    for _ in range(2):
        assert account.call("GET", f"/v1/payments/{payment['id']}")["status"] == "authorized"
        account.clock(advance="P7D")
        assert account.call("GET", f"/v1/payments/{payment['id']}")["status"] == "expired"
        restore(account)
    assert account.act(payment["id"], "capture").status_code == 200


def test_a_live_clock_ticks_on_from_the_moment_of_the_snapshot(account: Account) -> None:
    payment = account.pay()
    taken = take(account)
    account.clock(advance="P30D")
    restore(account)
    clock = account.call("GET", "/_sandbox/clock")
    assert clock["mode"] == "live"
    assert taken["taken_at"] <= clock["now"] < payment["expires_at"]


def test_other_accounts_notice_nothing_of_a_restore(lived: Account, other_account: Account) -> None:
    take(lived)
    lived.call("POST", "/_sandbox/reset")
    other_account.freeze()
    live(other_account)
    before = seen(other_account)
    restore(lived)
    assert seen(other_account) == before
    other_account.refused(404, "not_found", "POST", "/_sandbox/snapshots/base/restore")
    assert other_account.call("GET", "/_sandbox/snapshots") == {"data": []}


def test_a_key_used_before_the_snapshot_answers_the_same_after_the_restore(lived: Account) -> None:
    token = lived.token()
    body = {"token": token, "amount": 1999, "currency": "USD"}
    first = lived.ask("POST", "/v1/payments", body, key="once")
    take(lived)
    lived.call("POST", "/_sandbox/reset")
    restore(lived)
    again = lived.ask("POST", "/v1/payments", body, key="once")
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.content == first.content


def test_a_waiting_webhook_is_sent_again_after_a_restore(gateway: Gateway, receiver: Receiver) -> None:
    account = Hooked(gateway)
    account.stop_clock()
    account.endpoint(receiver)
    receiver.rule = lambda _request: Reply(500)
    account.pay()
    account.drain()
    take(account)
    receiver.rule = lambda _request: Reply(204)
    for tries in (2, 3):
        account.clock(advance="PT10S")
        account.drain()
        assert len(receiver.requests) == tries
        restore(account)
    account.close()


def test_snapshots_are_listed_read_replaced_and_removed(account: Account) -> None:
    account.freeze()
    first = take(account, "a.b-1")
    account.pay()
    second = take(account, "a.b-1")
    assert second["rows"]["payments"] == 1
    assert "payments" not in first["rows"]
    other = take(account, "other")
    assert account.call("GET", "/_sandbox/snapshots") == {"data": [second, other]}
    assert account.call("GET", "/_sandbox/snapshots/a.b-1") == second
    assert account.ask("DELETE", "/_sandbox/snapshots/a.b-1").status_code == 204
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/restore")):
        account.refused(404, "not_found", method, f"/_sandbox/snapshots/a.b-1{path}")


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a b", "é", "-a", "a" * 65, 7, None])
def test_a_name_that_no_address_could_hold_is_refused(account: Account, name: object) -> None:
    problem = account.refused(422, "validation_failed", "POST", "/_sandbox/snapshots", {"name": name})
    assert problem["param"] == "/name"


def test_an_account_has_so_many_snapshots_and_no_more(account: Account) -> None:
    for number in range(MOST_SNAPSHOTS):
        take(account, f"n{number}")
    account.refused(422, "too_many", "POST", "/_sandbox/snapshots", {"name": "one-more"})
    take(account, "n0")


def test_what_is_too_large_for_a_snapshot_is_refused_in_plain_words(account: Account) -> None:
    account.freeze()
    weight = {f"member-{number}": "\x01" * 500 for number in range(50)}
    # In the payment, in its two events, and in the answer kept under its key.
    needed = account_state.MOST_BYTES // (4 * 7 * 500 * len(weight)) + 1
    for number in range(needed):
        body = {"token": account.token(), "amount": 1999, "currency": "USD", "capture": True, "metadata": weight}
        account.call("POST", "/v1/payments", body, key=f"k{number}")
    problem = account.refused(422, "snapshot_too_large", "POST", "/_sandbox/snapshots", {"name": "large"})
    assert f"{account_state.MOST_BYTES // 1024**2} MiB" in problem["detail"]
    assert account.call("GET", "/_sandbox/snapshots") == {"data": []}


def test_every_table_of_accounts_can_be_put_back() -> None:
    """New internal keys are given on a restore, so they may stand nowhere but in foreign keys between such tables."""
    kept = {"accounts", "webhook_endpoints", "snapshots"}
    put_back = account_state.emptied_tables()
    of_accounts = {table.name for table in metadata.sorted_tables if table is accounts or "account_id" in table.c}
    assert of_accounts - {table.name for table in put_back} == kept
    for table in put_back:
        if table.info.get("left_out_of_snapshots"):
            continue
        keys = {key.parent.name: key.column.table for key in table.foreign_keys}
        assert keys.pop("account_id") is accounts
        for name, target in keys.items():
            assert target in put_back, (table.name, name)
            assert target is not table, (table.name, name)
        assert {column.name for column in table.c if column.name.endswith("_row")} == set(keys), table.name
