"""Events: one for each change, in order, never changed, and a list from which a client catches up."""

from __future__ import annotations

import pytest

from tests.gateway.hooked import Hooked


def test_the_list_is_newest_first_and_its_pages_join_without_a_seam(account: Hooked) -> None:
    payments = [account.pay()["id"] for _ in range(5)]
    seen = []
    path = "/v1/events?limit=2"
    while True:
        page = account.call("GET", path)
        seen += [event["data"]["id"] for event in page["data"]]
        # New events do not disturb the pages that follow.
        account.pay()
        if not page["has_more"]:
            break
        path = f"/v1/events?limit=2&cursor={page['next_cursor']}"

    assert page["next_cursor"] is None
    assert seen == payments[::-1]


def test_after_turns_the_list_round(account: Hooked) -> None:
    for _ in range(4):
        account.pay()
    ids = [event["id"] for event in account.events()]

    page = account.call("GET", f"/v1/events?after={ids[0]}&limit=2")
    rest = account.call("GET", f"/v1/events?after={ids[0]}&limit=2&cursor={page['next_cursor']}")
    last = account.call("GET", f"/v1/events?after={ids[3]}")

    assert [event["id"] for event in page["data"] + rest["data"]] == ids[1:]
    assert (page["has_more"], rest["has_more"], rest["next_cursor"]) == (True, False, None)
    assert last == {"data": [], "has_more": False, "next_cursor": None}


def test_a_client_that_goes_on_from_its_last_event_misses_nothing(account: Hooked) -> None:
    account.pay()
    [first] = account.events()
    missed = [account.pay()["id"] for _ in range(3)]

    found = account.call("GET", f"/v1/events?after={first['id']}")["data"]
    assert [event["data"]["id"] for event in found] == missed


def test_events_can_be_asked_for_by_type(account: Hooked) -> None:
    account.pay(capture=True)
    account.pay("visa_insufficient_funds")

    found = account.call("GET", "/v1/events?type=payment.declined")["data"]
    assert [event["type"] for event in found] == ["payment.declined"]


def test_an_event_stays_as_it_was_when_the_object_changes(account: Hooked) -> None:
    payment = account.pay()
    [event] = account.events()
    account.call("POST", f"/v1/payments/{payment['id']}/capture", {"amount": 500})

    assert account.call("GET", f"/v1/events/{event['id']}") == event
    assert event["data"] == payment


def test_an_event_bears_the_accounts_time_and_sorts_by_its_id(account: Hooked) -> None:
    frozen = account.stop_clock()
    account.pay()
    account.clock(advance="P1D")
    account.pay()

    first, second = account.events()
    assert first["timestamp"] == frozen
    assert second["timestamp"] > first["timestamp"]
    assert first["id"] < second["id"]
    assert set(first) == {"id", "type", "timestamp", "data"}


@pytest.mark.parametrize(
    ("query", "code", "param"),
    [
        ("after=evt_unknown", "invalid_cursor", "/after"),
        ("after=", "validation_failed", "/after"),
        ("cursor=nonsense", "invalid_cursor", "/cursor"),
        ("type=payment.paid", "validation_failed", "/type"),
        ("limit=0", "validation_failed", "/limit"),
        ("limit=101", "validation_failed", "/limit"),
        ("limit=ten", "validation_failed", "/limit"),
        ("limit=5&limit=6", "validation_failed", "/limit"),
        ("before=evt_1", "validation_failed", "/before"),
    ],
)
def test_a_wrong_query_is_refused_by_name(account: Hooked, query: str, code: str, param: str) -> None:
    problem = account.problem("GET", f"/v1/events?{query}")

    assert (problem["status"], problem["code"], problem["param"]) == (422, code, param)


def test_a_cursor_of_another_list_or_account_is_refused(account: Hooked) -> None:
    account.pay()
    account.pay()
    cursor = account.call("GET", "/v1/events?limit=1")["next_cursor"]
    [first, _] = account.events()
    stranger = Hooked(account.gateway)

    assert account.problem("GET", f"/v1/payments?cursor={cursor}")["code"] == "invalid_cursor"
    assert account.problem("GET", f"/v1/events?after={first['id']}&cursor={cursor}")["code"] == "invalid_cursor"
    assert stranger.problem("GET", f"/v1/events?cursor={cursor}")["code"] == "invalid_cursor"
    assert stranger.problem("GET", f"/v1/events?after={first['id']}")["code"] == "invalid_cursor"
