"""Killed at a named point, the gateway keeps the whole effect with its answer, or neither; money moves once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import requests

from tests.gateway.client import Account, Json
from tests.stack import Gateway, until

_OPERATIONS = ("token", "payment", "capture", "void", "refund")


def _asked_of(account: Account, operation: str) -> tuple[str, Json]:
    """What to send for this operation, everything before it done."""
    if operation == "token":
        return "/_sandbox/tokens", {"test_card": "visa_success", "amount": 1000, "currency": "USD"}
    if operation == "payment":
        return "/v1/payments", {"token": account.token(amount=1000), "amount": 1000, "currency": "USD"}
    paid = account.pay(amount=1000, capture=operation == "refund")
    last = "refunds" if operation == "refund" else operation
    return f"/v1/payments/{paid['id']}/{last}", {} if operation == "void" else {"amount": 400}


def _state(account: Account) -> tuple[list[Json], list[str]]:
    return account.call("GET", "/v1/payments")["data"], [event["id"] for event in account.events()]


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_kill_leaves_the_whole_effect_or_none_and_a_retry_completes_it_once(
    start_gateway: Callable[..., Gateway], moment: str
) -> None:
    points = [f"{operation}.{moment}_commit" for operation in _OPERATIONS]
    gateway = start_gateway(crash_at=points[0])
    for operation, following in zip(_OPERATIONS, [*points[1:], ""], strict=True):
        account = Account(gateway)
        path, body = _asked_of(account, operation)
        before = _state(account)
        with pytest.raises(requests.ConnectionError):
            account.ask("POST", path, body, key="k")
        until(lambda: not gateway.process.running, what="the gateway to die")
        # It comes back with the next point armed; what is looked at before then does not pass that point.
        gateway.start(crash_at=following)

        found = _state(account)
        if moment == "before":
            assert found == before
        elif operation != "token":
            assert found != before
        answer = account.ask("POST", path, body, key="k")
        assert answer.ok
        assert answer.headers.get("Idempotent-Replayed") == ("true" if moment == "after" else None)
        after = _state(account)
        if moment == "after":
            assert after == found
        paid = after[0]
        assert len(paid) == (0 if operation == "token" else 1)
        assert sum(one["amount_captured"] for one in paid) == {"capture": 400, "refund": 1000}.get(operation, 0)
        assert sum(one["amount_refunded"] for one in paid) == (400 if operation == "refund" else 0)
        account.close()
