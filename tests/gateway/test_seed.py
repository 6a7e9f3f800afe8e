"""The same seed and the same calls give the same bytes: on another account, after a reset, across a restart."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import requests

from tests.gateway.client import Account, Json
from tests.stack import Gateway

# The link to the issuer's page is all that opens it, so it is never that of another account.
_LINK = re.compile(rb"/challenge/\w+")
_CARDS = (
    "visa_success",
    "amex_success",
    "mastercard_success_de",
    "visa_insufficient_funds",
    "visa_challenge",
    "visa_processing_approved",
    "visa_refund_pending",
    "visa_dispute_fraudulent",
)


class Noted:
    """Lives an account's life and notes every answer, status and body."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.answers: list[tuple[str, int, bytes]] = []

    def ask(self, method: str, path: str, body: object = None, **options: Any) -> Json:
        answer = self.account.ask(method, path, body, headers={"X-Request-Id": "the-same"}, **options)
        self.answers.append((f"{method} {path}", answer.status_code, _LINK.sub(b"/challenge/", answer.content)))
        return dict(answer.json()) if answer.content else {}

    def life(self) -> Iterator[None]:
        """All that a year can bring, in two halves, between which the gateway may be started again."""
        self.ask("PATCH", "/_sandbox/settings", {"seed": "a long life", "hold_days": 3})
        self.account.freeze("2027-01-04T09:00:00Z")
        known = {card["name"] for card in self.account.call("GET", "/_sandbox/cards")["data"]}
        payments = []
        for number, card in enumerate(name for name in _CARDS if name in known):
            amount = 10_000 + number
            token = self.ask("POST", "/_sandbox/tokens", {"test_card": card, "amount": amount, "currency": "EUR"})
            body = {"token": token["id"], "amount": amount, "currency": "EUR", "reference": f"order-{number}"}
            payments.append(self.ask("POST", "/v1/payments", body, key=f"pay-{number}"))
            self.ask("POST", "/v1/payments", body, key=f"pay-{number}")
        challenge = next(payment["next_action"] for payment in payments if payment["next_action"])
        decided = requests.post(challenge["url"], data={"decision": "approve"}, timeout=30)
        assert decided.status_code == 200
        self.account.clock(advance="PT30M")
        yield
        for number, payment in enumerate(payments):
            self.ask("POST", f"/v1/payments/{payment['id']}/capture", {"amount": 6000}, key=f"capture-{number}")
            self.ask("POST", f"/v1/payments/{payment['id']}/refunds", {"amount": 250}, key=f"refund-{number}")
        rule = {"match": {"operation": "token", "probability": 0.5}, "effect": {"type": "status", "status": 503}}
        self.ask("POST", "/_sandbox/faults", rule)
        for _ in range(8):
            given = {"test_card": "visa_success", "amount": 1, "currency": "JPY"}
            self.ask("POST", "/_sandbox/tokens", given)
        self.ask("GET", "/_sandbox/faults")
        for _ in range(4):
            self.account.clock(advance="P30D")
        for path in ("payments", "events", "disputes", "settlements", "payouts"):
            self._pages(f"/v1/{path}?limit=7")
        for payment in payments:
            self.ask("GET", f"/v1/payments/{payment['id']}")

    def _pages(self, path: str) -> None:
        cursor: str | None = ""
        while cursor is not None:
            page = self.ask("GET", path + (f"&cursor={cursor}" if cursor else ""))
            cursor = page.get("next_cursor")


def lived(account: Account, between: Callable[[], None] = lambda: None) -> list[tuple[str, int, bytes]]:
    noted = Noted(account)
    for _ in noted.life():
        between()
    return noted.answers


def test_the_same_seed_and_calls_answer_the_same_bytes_on_two_accounts_after_a_reset_and_across_a_restart(
    start_gateway: Callable[..., Gateway],
) -> None:
    gateway = start_gateway()
    one, other = Account(gateway), Account(gateway)
    first = lived(one)
    # What is left to chance did go both ways.
    assert {status for _, status, _ in first if status in (201, 503)} == {201, 503}
    assert lived(other, gateway.restart) == first
    one.call("POST", "/_sandbox/reset")
    assert lived(one) == first
    one.call("POST", "/_sandbox/reset")
    one.call("PATCH", "/_sandbox/settings", {"seed": "another"})
    one.freeze("2027-01-04T09:00:00Z")
    assert one.token().encode() not in first[1][2]
    one.close()
    other.close()


def test_accounts_without_a_seed_have_nothing_in_common(account: Account, other_account: Account) -> None:
    for one in (account, other_account):
        one.freeze()
    mine, theirs = account.pay(), other_account.pay()
    assert mine["id"] != theirs["id"]
    assert mine["card"]["fingerprint"] != theirs["card"]["fingerprint"]
