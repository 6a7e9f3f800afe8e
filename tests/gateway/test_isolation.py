"""Accounts never meet: not by ids, not by keys, not by lists."""

from __future__ import annotations

from tests.gateway.client import Account


def test_an_id_of_another_account_is_404_everywhere(account: Account, other_account: Account) -> None:
    token = account.token()
    paid = account.pay(amount=1000, capture=True)
    held = account.pay()
    refund = account.act(paid["id"], "refund", {"amount": 1}).json()
    event = account.events()[0]["id"]
    before = account.payment(paid["id"]), account.payment(held["id"])
    for method, path in (
        ("GET", f"/v1/tokens/{token}"),
        ("GET", f"/v1/payments/{paid['id']}"),
        ("POST", f"/v1/payments/{held['id']}/capture"),
        ("POST", f"/v1/payments/{held['id']}/void"),
        ("POST", f"/v1/payments/{paid['id']}/refunds"),
        ("GET", f"/v1/payments/{paid['id']}/refunds"),
        ("GET", f"/v1/refunds/{refund['id']}"),
        ("GET", f"/v1/events/{event}"),
    ):
        other_account.refused(404, "not_found", method, path)
    assert (account.payment(paid["id"]), account.payment(held["id"])) == before


def test_a_token_of_another_account_is_unknown(account: Account, other_account: Account) -> None:
    body = {"token": account.token(), "amount": 1999, "currency": "USD"}
    other_account.refused(422, "token_not_found", "POST", "/v1/payments", body)
    assert account.call("GET", f"/v1/tokens/{body['token']}")["used"] is False


def test_lists_show_the_own_account_only(account: Account, other_account: Account) -> None:
    account.pay(reference="same")
    own = other_account.pay(reference="same")
    assert [one["id"] for one in other_account.call("GET", "/v1/payments?reference=same")["data"]] == [own["id"]]
    assert {event["data"]["id"] for event in other_account.events()} == {own["id"]}


def test_a_cursor_of_another_account_is_refused(account: Account, other_account: Account) -> None:
    for _ in range(2):
        account.pay()
        other_account.pay()
    cursor = account.call("GET", "/v1/payments?limit=1")["next_cursor"]
    other_account.refused(422, "invalid_cursor", "GET", f"/v1/payments?cursor={cursor}")


def test_reset_of_one_account_leaves_the_others(account: Account, other_account: Account) -> None:
    account.pay()
    kept = other_account.pay()
    account.ask("POST", "/_sandbox/reset")
    assert other_account.payment(kept["id"]) == kept
