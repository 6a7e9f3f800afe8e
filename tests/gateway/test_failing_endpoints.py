"""Endpoints that fail for days are switched off and say so; what they missed can be sent again."""

from __future__ import annotations

import pytest

from tests.gateway.client import Json
from tests.gateway.hooked import Hooked
from tests.gateway.receiver import Receiver, Reply, receiving


def _since(account: Hooked, endpoint: Json, **order: str) -> Json:
    return account.call("POST", f"/v1/webhook_endpoints/{endpoint['id']}/replay", dict(order))


def test_everything_since_a_time_can_be_sent_again(account: Hooked, receiver: Receiver) -> None:
    endpoint = account.endpoint(receiver, events=["payment.authorized", "payment.captured"])
    account.freeze()
    account.pay()
    account.clock(advance="PT1H")
    since = account.clock(mode="frozen")["now"]
    paid = account.pay(capture=True)
    account.act(paid["id"], "refund")
    account.drain()
    before = list(receiver.requests)
    answer = _since(account, endpoint, since=since)
    account.drain()
    again = receiver.requests[len(before) :]
    assert [request.event["type"] for request in again] == ["payment.authorized", "payment.captured"]
    assert [(one.id, one.body) for one in again] == [(one.id, one.body) for one in before[1:]]
    assert answer == {"endpoint": endpoint["id"], "events": 2, "has_more": False, "last_event": again[-1].id}
    assert _since(account, endpoint, after=again[0].id)["events"] == 1
    assert _since(account, endpoint, after=again[1].id)["last_event"] is None


@pytest.mark.parametrize(
    "order", [{}, {"since": "yesterday"}, {"after": "evt_1"}, {"since": "2026-01-01T00:00:00Z", "after": "evt_1"}]
)
def test_a_replay_needs_one_beginning(account: Hooked, receiver: Receiver, order: Json) -> None:
    endpoint = account.endpoint(receiver)
    account.refused(422, "validation_failed", "POST", f"/v1/webhook_endpoints/{endpoint['id']}/replay", order)


def test_five_days_of_failures_switch_an_endpoint_off_and_say_so(account: Hooked, receiver: Receiver) -> None:
    account.freeze()
    receiver.rule = lambda _request: Reply(500)
    failing = account.endpoint(receiver)
    with receiving() as well:
        account.endpoint(well, events=["endpoint.disabled"])
        for day in range(6):
            account.pay()
            account.drain()
            shown = account.call("GET", f"/v1/webhook_endpoints/{failing['id']}")
            assert shown["enabled"] == (day < 5), day
            account.clock(advance="P1D")
            account.drain()
        assert (shown["disabled_reason"], shown["failing_since"][:10], shown["disabled_at"][:10]) == (
            "failing",
            "2026-03-02",
            "2026-03-07",
        )
        [told] = well.requests
    assert (told.event["type"], told.event["data"]) == ("endpoint.disabled", shown)
    receiver.rule = lambda _request: Reply(204)
    heard = len(receiver.requests)
    back = account.call("PATCH", f"/v1/webhook_endpoints/{failing['id']}", {"enabled": True})
    assert (back["disabled_reason"], back["disabled_at"], back["failing_since"]) == (None, None, None)
    account.pay()
    account.drain()
    assert len(receiver.requests) == heard + 1


def test_one_success_within_five_days_keeps_an_endpoint_on(account: Hooked, receiver: Receiver) -> None:
    account.freeze()
    failing = account.endpoint(receiver)
    status = 500
    receiver.rule = lambda _request: Reply(status)
    for day in range(8):
        status = 204 if day == 4 else 500
        account.pay()
        account.drain()
        if day == 4:
            assert account.call("GET", f"/v1/webhook_endpoints/{failing['id']}")["failing_since"] is None
        account.clock(advance="P1D")
        account.drain()
    assert account.call("GET", f"/v1/webhook_endpoints/{failing['id']}")["enabled"] is True
