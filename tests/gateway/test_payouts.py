"""Payouts: when what was settled leaves, how it arrives or does not, and what is carried over."""

from __future__ import annotations

import pytest

from tests.gateway.client import Account, Json
from tests.gateway.settling import adjust, end_day, pages, settings


def payouts_of(account: Account, more: str = "") -> list[Json]:
    """The oldest first."""
    return pages(account, f"/v1/payouts{more}")[::-1]


def told(account: Account, payout_id: str) -> list[tuple[str, int]]:
    return [(event["type"], event["data"]["version"]) for event in account.events(object_id=payout_id)]


def waiting_payout(account: Account, amount: int = 1000, **terms: object) -> Json:
    """A payout just made, on Wednesday 2026-03-04 at midnight; sent at one, at the bank at noon."""
    if terms:
        settings(account, payouts=terms)
    account.freeze()
    adjust(account, amount)
    account.clock(to="2026-03-04T00:00:00Z")
    [payout] = payouts_of(account)
    return payout


# 2026-03-02 is a Monday.
@pytest.mark.parametrize(
    ("day", "delay", "paid_on"),
    [
        ("2026-03-02", 2, "2026-03-04"),
        ("2026-03-05", 2, "2026-03-09"),  # Thursday: Monday
        ("2026-03-06", 2, "2026-03-10"),  # Friday: Tuesday
        ("2026-03-07", 2, "2026-03-10"),  # Saturday and Sunday: Tuesday
        ("2026-03-08", 2, "2026-03-10"),
        ("2026-03-02", 1, "2026-03-03"),
        ("2026-03-06", 1, "2026-03-09"),
        ("2026-03-02", 0, "2026-03-03"),  # no payout before its batch
        ("2026-03-07", 0, "2026-03-09"),
        ("2026-03-06", 10, "2026-03-20"),
        ("2028-02-28", 2, "2028-03-01"),  # over a leap day
    ],
)
def test_a_batch_is_paid_out_so_many_business_days_after_its_day(
    account: Account, day: str, delay: int, paid_on: str
) -> None:
    settings(account, payouts={"delay_days": delay})
    account.freeze(f"{day}T12:00:00Z")
    adjust(account, 1000)
    [batch] = end_day(account)
    account.clock(advance="P30D")
    [payout] = payouts_of(account)
    assert payout["created_at"][:10] == paid_on
    assert payout["settlements"] == [batch["id"]]
    assert account.call("GET", f"/v1/settlements/{batch['id']}")["payout"] == payout["id"]


def test_a_payout_is_pending_then_in_transit_then_paid(account: Account) -> None:
    payout = waiting_payout(account)
    assert (payout["status"], payout["arrives_at"]) == ("pending", "2026-03-04T12:00:00.000000Z")
    assert payout["destination"] == {"type": "bank_account", "bank": "Sandbox Bank", "last4": "6789"}
    account.clock(advance="PT1H")
    assert account.call("GET", f"/v1/payouts/{payout['id']}")["status"] == "in_transit"
    [balance] = account.call("GET", "/v1/balance")["data"]
    assert (balance["available"], balance["in_transit"]) == (0, 1000)
    account.clock(advance="PT11H")
    paid = account.call("GET", f"/v1/payouts/{payout['id']}")
    assert (paid["status"], paid["paid_at"], paid["failure"]) == ("paid", payout["arrives_at"], None)
    assert told(account, payout["id"]) == [("payout.created", 1), ("payout.paid", 3)]
    assert account.events(object_id=payout["id"])[-1]["data"] == paid


def test_batches_of_a_weekend_leave_together_and_currencies_apart(account: Account) -> None:
    account.freeze("2026-03-06T12:00:00Z")
    for _ in range(3):
        adjust(account, 100)
        adjust(account, 500, "JPY")
        account.clock(advance="P1D")
    account.clock(advance="P5D")
    found = {payout["currency"]: payout for payout in payouts_of(account)}
    assert {currency: payout["amount"] for currency, payout in found.items()} == {"USD": 300, "JPY": 1500}
    assert len(found["USD"]["settlements"]) == 3
    assert payouts_of(account, "?currency=JPY") == [found["JPY"]]
    assert payouts_of(account, "?status=failed") == []


def test_a_negative_balance_is_carried_over_until_enough_was_earned(account: Account) -> None:
    account.freeze()
    adjust(account, -700)
    account.clock(advance="P1D")
    adjust(account, 500)
    account.clock(advance="P3D")
    assert payouts_of(account) == []
    [balance] = account.call("GET", "/v1/balance")["data"]
    assert balance["available"] == -200

    adjust(account, 1000)
    account.clock(advance="P7D")
    [payout] = payouts_of(account)
    assert (payout["amount"], payout["settled"], payout["carried_over"]) == (800, 1000, -200)
    assert len(payout["settlements"]) == 3
    assert account.call("GET", "/v1/balance")["data"][0]["available"] == 0


def test_less_than_the_minimum_waits(account: Account) -> None:
    settings(account, payouts={"minimum": {"USD": 1000}})
    account.freeze()
    adjust(account, 999)
    adjust(account, 1, "JPY")
    account.clock(advance="P3D")
    assert [payout["currency"] for payout in payouts_of(account)] == ["JPY"]
    adjust(account, 1)
    account.clock(advance="P7D")
    [_, payout] = payouts_of(account)
    assert (payout["amount"], payout["carried_over"]) == (1000, 999)


def test_a_refused_payout_goes_back_to_the_balance_and_out_again_with_the_next(account: Account) -> None:
    first = waiting_payout(account, destination="bank_account_closed")
    adjust(account, 50)  # of Wednesday, so due on Friday
    account.clock(advance="PT12H")
    failed = account.call("GET", f"/v1/payouts/{first['id']}")
    assert (failed["status"], failed["failure"]["code"]) == ("failed", "account_closed")
    assert "bank_account_closed" in failed["why"]
    assert told(account, first["id"]) == [("payout.created", 1), ("payout.failed", 3)]
    assert account.call("GET", "/v1/balance")["data"][0]["available"] == 1000

    settings(account, payouts={"destination": "bank_success"})
    account.clock(advance="P7D")
    _, again, last = payouts_of(account)
    assert (again["created_at"][:10], again["amount"], again["carried_over"]) == ("2026-03-05", 1000, 1000)
    assert again["settlements"] == failed["settlements"]
    assert (last["created_at"][:10], last["amount"], last["carried_over"]) == ("2026-03-06", 50, 0)
    assert {again["status"], last["status"]} == {"paid"}
    assert account.call("GET", f"/v1/settlements/{failed['settlements'][0]}")["payout"] == again["id"]


def test_a_payout_that_was_paid_can_come_back_later(account: Account) -> None:
    payout = waiting_payout(account, destination="bank_returned_later")
    account.clock(advance="PT12H")
    assert account.call("GET", f"/v1/payouts/{payout['id']}")["status"] == "paid"
    settings(account, payouts={})
    account.clock(advance="P1D")
    returned = account.call("GET", f"/v1/payouts/{payout['id']}")
    assert (returned["status"], returned["failure"]["code"]) == ("failed", "returned")
    assert (returned["paid_at"], returned["failed_at"]) == (
        "2026-03-04T12:00:00.000000Z",
        "2026-03-05T12:00:00.000000Z",
    )
    assert told(account, payout["id"]) == [("payout.created", 1), ("payout.paid", 3), ("payout.failed", 4)]
    account.clock(advance="P2D")
    assert [(one["amount"], one["status"]) for one in payouts_of(account)] == [(1000, "failed"), (1000, "paid")]


def test_a_refused_friday_payout_is_tried_again_on_monday(account: Account) -> None:
    settings(account, payouts={"destination": "bank_account_closed", "delay_days": 1})
    account.freeze("2026-03-05T12:00:00Z")
    adjust(account, 1000)
    account.clock(to="2026-03-11T00:00:00Z")
    assert [payout["created_at"][:10] for payout in payouts_of(account)] == [
        "2026-03-06",
        "2026-03-09",
        "2026-03-10",
        "2026-03-11",
    ]


@pytest.mark.parametrize(
    ("path", "status", "then", "code"),
    [
        ([], "pending", ["send", "fail"], None),
        (["send"], "in_transit", ["pay", "fail"], None),
        (["fail"], "failed", [], "rejected"),
        (["send", "fail"], "failed", [], "rejected"),
        (["send", "pay"], "paid", ["return"], None),
        (["send", "pay", "return"], "failed", [], "returned"),
    ],
)
def test_the_outside_world_can_do_to_a_payout_what_is_possible_now(
    account: Account, path: list[str], status: str, then: list[str], code: str | None
) -> None:
    payout = waiting_payout(account)
    for action in path:
        payout = account.move("payouts", payout["id"], action)
    assert (payout["status"], payout["failure"] and payout["failure"]["code"]) == (status, code)
    assert payout["version"] == 1 + len(path)
    assert account.moves("payouts", payout["id"]) == then
    for action in {"send", "pay", "fail", "return"} - set(then):
        refused = account.refused(
            409, "invalid_transition", "POST", f"/_sandbox/payouts/{payout['id']}/next", {"action": action}
        )
        assert (refused["current_status"], refused["allowed_actions"]) == (status, then)
    assert account.call("GET", f"/v1/payouts/{payout['id']}") == payout


def test_a_driven_payout_is_not_driven_again_by_the_clock(account: Account) -> None:
    payout = waiting_payout(account)
    account.move("payouts", payout["id"], "send")
    paid = account.move("payouts", payout["id"], "pay")
    account.clock(advance="P1D")
    assert account.call("GET", f"/v1/payouts/{payout['id']}") == paid
    assert account.call("GET", "/_sandbox/clock")["next"] == []


@pytest.mark.parametrize(("method", "path"), [("GET", "/v1/payouts/{id}"), ("GET", "/_sandbox/payouts/{id}/next")])
def test_another_accounts_payout_is_not_there(account: Account, other_account: Account, method: str, path: str) -> None:
    payout = waiting_payout(account)
    address = path.format(id=payout["id"])
    account.call(method, address)
    other_account.refused(404, "not_found", method, address)
    assert payouts_of(other_account) == []
    assert other_account.call("GET", "/v1/balance")["data"] == []


def test_a_reset_takes_settlements_and_payouts_away(account: Account) -> None:
    payout = waiting_payout(account)
    account.call("POST", "/_sandbox/plants", {"kind": "missing_line"})
    account.call("POST", "/_sandbox/reset")
    account.refused(404, "not_found", "GET", f"/v1/payouts/{payout['id']}")
    assert (payouts_of(account), pages(account, "/v1/settlements")) == ([], [])
    assert account.call("GET", "/_sandbox/plants") == {"data": []}
