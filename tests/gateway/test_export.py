"""The export: everything that an account has, as JSON lines, and nothing that must not leave it."""

from __future__ import annotations

import json

import sandbox_gateway.web  # noqa: F401 - so that every room has put its tables into the metadata
from sandbox_gateway.export import _KINDS
from sandbox_gateway.schema import metadata
from tests.gateway.client import CARD, Account, Json

# Tables that hold no object of their own, with the reason.
_WITHIN_OTHERS = {
    "accounts": "the first line",
    "captures": "whole within their payments",
    "jobs": "GET /_sandbox/clock tells what will happen",
    "kept_answers": "answers already given",
    "rate_windows": "counters of the wire",
    "request_log": "bounded, and GET /_sandbox/requests shows it",
    "peppers": "of the installation, not of an account",
    "payout_settlements": "payouts name their settlements",
}


def export(account: Account) -> list[Json]:
    answer = account.ask("GET", "/_sandbox/export")
    assert answer.headers["Content-Type"] == "application/jsonl"
    assert "Content-Length" not in answer.headers
    assert answer.text.endswith("}\n")
    return [json.loads(line) for line in answer.text.splitlines()]


def test_every_object_is_a_line_as_a_get_of_it_answers(account: Account) -> None:
    account.freeze()
    endpoint = account.call("POST", "/v1/webhook_endpoints", {"url": "http://127.0.0.1:9/", "enabled": False})
    paid = [account.pay(capture=True) for _ in range(3)]
    account.clock(advance="PT1S")
    refund = account.act(paid[0]["id"], "refund", {"amount": 5}).json()
    account.clock(advance="PT1S")
    fault = account.fault({"type": "drop_before"}, operation="void")
    lines = export(account)
    assert lines[0] == account.call("GET", "/v1/account")
    by_object: dict[str, list[Json]] = {}
    for line in lines[1:]:
        by_object.setdefault(line["object"], []).append(line)
    assert by_object["payment"] == [account.payment(payment["id"]) for payment in paid]
    assert by_object["refund"] == [account.call("GET", f"/v1/refunds/{refund['id']}")]
    assert by_object["fault"] == [fault]
    assert [line["id"] for line in by_object["event"]] == [event["id"] for event in account.events()]
    assert len(by_object["token"]) == 3
    del endpoint["secret"]
    assert by_object["webhook_endpoint"] == [endpoint]
    order = [line["object"] for line in lines]
    assert order.index("payment") < order.index("refund") < order.index("fault")


def test_a_long_account_is_exported_whole(account: Account) -> None:
    made = [account.token() for _ in range(450)]
    assert [line["id"] for line in export(account) if line["object"] == "token"] == made


def test_no_number_no_secret_and_no_other_account_is_in_it(account: Account, other_account: Account) -> None:
    token = account.call("POST", "/v1/tokens", {"card": CARD, "amount": 100, "currency": "USD"}, key="a")["id"]
    account.call("POST", "/v1/payments", {"token": token, "amount": 100, "currency": "USD"})
    secret = account.call("POST", "/v1/webhook_endpoints", {"url": "http://127.0.0.1:9/"})["secret"]
    text = account.ask("GET", "/_sandbox/export").text
    assert token in text
    for hidden in (CARD["number"], secret, "whsec_", account.key):
        assert str(hidden) not in text
    assert [line["object"] for line in export(other_account)] == ["account"]


def test_every_table_is_exported_or_shown_elsewhere() -> None:
    exported = {kind.id.table.name for kind in _KINDS}
    assert exported & set(_WITHIN_OTHERS) == set()
    assert {table.name for table in metadata.sorted_tables} <= exported | set(_WITHIN_OTHERS)


def test_only_the_secret_key_gets_it_and_without_parameters(account: Account) -> None:
    publishable = account.call("GET", "/v1/account")["publishable_key"]
    account.refused(
        403, "publishable_key", "GET", "/_sandbox/export", headers={"Authorization": f"Bearer {publishable}"}
    )
    account.refused(401, "unauthorized", "GET", "/_sandbox/export", headers={"Authorization": None})
    account.refused(422, "validation_failed", "GET", "/_sandbox/export?x=1")
