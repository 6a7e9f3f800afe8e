"""Accounts never meet: not by ids, not by keys, not by lists; and secrets of cards leave no trace."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

from sandbox_gateway.test_cards import CARDS
from tests.gateway.client import CARD, Account
from tests.stack import Gateway


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


_CVC = "739"


@pytest.fixture
def own_gateway(start_gateway: Callable[..., Gateway]) -> Gateway:
    return start_gateway()


def test_no_number_and_no_security_code_is_ever_written_down(own_gateway: Gateway) -> None:
    account = Account(own_gateway)
    account.fault({"type": "status", "status": 500, "at": "after"}, operation="token", nth=2)
    for card in CARDS.values():
        cvc = _CVC + "1" if card.network == "amex" else _CVC
        details = CARD | {"number": card.number, "cvc": cvc, "name": f"Ann {card.name}"}
        body = {"card": details, "amount": 1999, "currency": "USD"}
        answer = account.ask("POST", "/v1/tokens", body, key=f"key-{card.name}")
        account.ask("POST", "/v1/tokens", body | {"amount": "x"}, key=f"other-{card.name}")
        account.ask("POST", "/v1/tokens", body | {"card": details | {"cvc": "1"}}, key=f"third-{card.name}")
        if answer.status_code == 201:
            token = answer.json()["id"]
            account.ask("POST", "/v1/payments", {"token": token, "amount": 1999, "currency": "USD", "capture": True})
    account.ask(
        "POST", "/v1/tokens", headers={"Content-Type": "application/json"}, data=b'{"number": "4242424242424242"'
    )
    account.close()

    everything = _all_that_was_written(own_gateway)
    assert "visa_success" in everything
    for number in (card.number for card in CARDS.values()):
        for form in _forms(number):
            assert form not in everything, form
    assert not re.search(rf"""["'=: ]{_CVC}1?["',}} ]""", everything)


def _forms(number: str) -> set[str]:
    spaced = " ".join(re.findall(".{1,4}", number))
    encoded = base64.b64encode(number.encode()).decode().rstrip("=")[:-1]
    return {number, spaced, spaced.replace(" ", "-"), quote(spaced), encoded, number.encode().hex()}


def _all_that_was_written(gateway: Gateway) -> str:
    """Logs, files of the data folder, and the database: its files, or every row of every table."""
    places = [path for path in gateway.data_dir.rglob("*") if path.is_file()]
    found = [path.read_bytes() for path in places]
    if gateway.engine == "sqlite":
        database = Path(gateway.database_url.removeprefix("sqlite:///"))
        found.extend(path.read_bytes() for path in database.parent.glob(f"{database.name}*"))
        return "\n".join(part.decode("latin-1") for part in found)
    with psycopg.connect(gateway.database_url) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        for (table,) in tables:
            query = psycopg.sql.SQL("SELECT t::text FROM {} t").format(psycopg.sql.Identifier(table))
            found.extend(str(row[0]).encode() for row in connection.execute(query))
    return "\n".join(part.decode("latin-1") for part in found)
