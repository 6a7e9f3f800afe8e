"""Driving payments and refunds: what the outside world may do in each status, and that it is as if by itself."""

from __future__ import annotations

import pytest

from sandbox_gateway.declines import AUTHENTICATIONS, DECLINES
from tests.gateway.client import Account, Json

# In order, so that tests that run side by side are numbered alike.
_DECLINING = sorted(f"decline_{code}" for code in DECLINES if code not in AUTHENTICATIONS)
_CHALLENGE = {"approve_challenge", "fail_challenge", "cancel_challenge", "abandon_challenge"}
_PROCESSING = {"approve", "fail", *_DECLINING}
_HOLD = {"expire_hold"}
_SOME_DECLINES = {"decline_generic_decline", "decline_insufficient_funds", "decline_revocation"}

# What banks, customers and time can do, and where it leads; disputes come on top where there is captured money.
_PAYMENTS: dict[str, dict[str, str]] = {
    "requires_action": {
        "approve_challenge": "authorized",
        "fail_challenge": "declined",
        "cancel_challenge": "declined",
        "abandon_challenge": "expired",
    },
    "processing": {"approve": "authorized", "fail": "failed"} | dict.fromkeys(_DECLINING, "declined"),
    "authorized": {"expire_hold": "expired"},
    "partially_captured": {"expire_hold": "captured"},
    "captured": {},
    "partially_refunded": {},
    "refunded": {},
    "voided": {},
    "expired": {},
    "declined": {},
    "failed": {},
}
_REFUNDS: dict[str, dict[str, str]] = {
    "pending": {"succeed": "succeeded", "fail": "failed"},
    "succeeded": {"fail": "failed"},
    "failed": {},
}
_EVERY_MOVE = sorted({*_CHALLENGE, "approve", "fail", *_HOLD, *_SOME_DECLINES})


def _payment_in(account: Account, status: str) -> Json:
    """A payment that has come to this status by the front door."""
    account.freeze()
    cards = {
        "requires_action": "visa_challenge",
        "processing": "visa_processing_approved",
        "failed": "visa_processing_failed",
        "declined": "visa_generic_decline",
    }
    takes = status in ("captured", "partially_refunded", "refunded")
    paid = account.pay(cards.get(status, "visa_success"), amount=1000, capture=takes)
    if status == "partially_captured":
        account.act(paid["id"], "capture", {"amount": 400})
    if status == "voided":
        account.act(paid["id"], "void")
    if status in ("expired", "failed"):
        account.clock(advance="P7D")
    if status in ("partially_refunded", "refunded"):
        account.act(paid["id"], "refund", {"amount": 1000 if status == "refunded" else 400})
    return account.payment(paid["id"])


def _refund_in(account: Account, status: str) -> Json:
    account.freeze()
    cards = {"pending": "visa_refund_pending", "succeeded": "visa_success", "failed": "visa_refund_fails"}
    paid = account.pay(cards[status], amount=1000, capture=True)
    refund: Json = account.act(paid["id"], "refund", {"amount": 400}).json()
    if status == "failed":
        account.clock(advance="P1D")
    return account.call("GET", f"/v1/refunds/{refund['id']}")


@pytest.mark.parametrize("status", list(_PAYMENTS))
def test_every_pair_of_status_and_move_of_a_payment_is_legal_or_refused(account: Account, status: str) -> None:
    before = _payment_in(account, status)
    assert before["status"] == status
    allowed = account.moves("payments", before["id"])
    assert {move for move in allowed if not move.startswith(("dispute_", "inquire"))} == set(_PAYMENTS[status])
    events = len(account.events())
    for action in {*_EVERY_MOVE, "nonsense"} - set(_PAYMENTS[status]):
        problem = account.refused(
            409, "invalid_transition", "POST", f"/_sandbox/payments/{before['id']}/next", {"action": action}
        )
        assert (problem["current_status"], problem["allowed_actions"]) == (status, allowed)
    assert account.payment(before["id"]) == before
    assert len(account.events()) == events


@pytest.mark.parametrize(
    ("status", "action"),
    [
        (status, action)
        for status, moves in _PAYMENTS.items()
        for action in moves
        if action not in _DECLINING or action in _SOME_DECLINES
    ],
)
def test_a_move_leads_where_the_drawing_says_with_one_event(account: Account, status: str, action: str) -> None:
    before = _payment_in(account, status)
    events = len(account.events(object_id=before["id"]))
    after = account.move("payments", before["id"], action)
    assert after["status"] == _PAYMENTS[status][action]
    assert after["version"] == before["version"] + 1
    assert account.payment(before["id"]) == after
    told = account.events(object_id=before["id"])[events:]
    assert [(event["type"], event["data"]) for event in told] == [(f"payment.{after['status']}", after)]
    if action.startswith("decline_"):
        assert after["decline"]["code"] == action.removeprefix("decline_")
    due = account.call("GET", "/_sandbox/clock")["next"]
    kept = {"payment.authorization_expires"} if after["status"] == "authorized" else set()
    assert {one["kind"] for one in due if one["object_id"] == before["id"]} == kept


@pytest.mark.parametrize("status", list(_REFUNDS))
def test_every_pair_of_status_and_move_of_a_refund_is_legal_or_refused(account: Account, status: str) -> None:
    before = _refund_in(account, status)
    assert before["status"] == status
    allowed = account.moves("refunds", before["id"])
    assert allowed == list(_REFUNDS[status])
    events = len(account.events())
    for action in {"succeed", "fail", "approve", "nonsense"} - set(allowed):
        problem = account.refused(
            409, "invalid_transition", "POST", f"/_sandbox/refunds/{before['id']}/next", {"action": action}
        )
        assert (problem["current_status"], problem["allowed_actions"]) == (status, allowed)
    assert account.call("GET", f"/v1/refunds/{before['id']}") == before
    assert len(account.events()) == events


@pytest.mark.parametrize(
    ("status", "action"), [(status, action) for status, moves in _REFUNDS.items() for action in moves]
)
def test_a_move_of_a_refund_leads_where_the_drawing_says(account: Account, status: str, action: str) -> None:
    before = _refund_in(account, status)
    paid = account.payment(before["payment"])
    after = account.move("refunds", before["id"], action)
    assert (after["status"], after["version"]) == (_REFUNDS[status][action], before["version"] + 1)
    assert account.events(object_id=before["id"])[-1]["data"] == after
    payment = account.payment(before["payment"])
    failed = after["status"] == "failed"
    assert payment["amount_refunded"] == (0 if failed else 400)
    assert payment["status"] == ("captured" if failed else "partially_refunded")
    assert payment["version"] == paid["version"] + 1
    assert payment["refunds"] == [after]
    due = account.call("GET", "/_sandbox/clock")["next"]
    assert before["id"] not in {one["object_id"] for one in due}
    account.clock(advance="P30D")
    assert account.call("GET", f"/v1/refunds/{before['id']}") == after


_AS_IF_BY_ITSELF = [
    ("visa_processing_approved", "PT10M", "approve"),
    ("visa_processing_declined", "PT10M", "decline_generic_decline"),
    ("visa_processing_failed", "PT10M", "fail"),
    ("visa_challenge", "PT15M", "abandon_challenge"),
    ("visa_success", "P7D", "expire_hold"),
]


@pytest.mark.parametrize(("card", "pause", "action"), _AS_IF_BY_ITSELF)
def test_a_move_is_as_if_it_had_happened_by_itself(account: Account, card: str, pause: str, action: str) -> None:
    account.freeze()
    by_itself, chosen = account.pay(card), account.pay(card)
    driven = account.move("payments", chosen["id"], action)
    account.clock(advance=pause)
    waited = account.payment(by_itself["id"])
    own = {"id", "why", "authorization_code", "authorized_at", "expires_at"}
    assert {name: value for name, value in driven.items() if name not in own} == {
        name: value for name, value in waited.items() if name not in own
    }
    assert (driven["why"].startswith("next: "), waited["why"].startswith(("card ", "clock: "))) == (True, True)


def test_unknown_objects_and_wrong_bodies_are_refused(account: Account, other_account: Account) -> None:
    paid, foreign = account.pay(), other_account.pay()
    for payment_id in (foreign["id"], "pay_unknown"):
        account.refused(404, "not_found", "GET", f"/_sandbox/payments/{payment_id}/next")
        account.refused(404, "not_found", "POST", f"/_sandbox/payments/{payment_id}/next", {"action": "expire_hold"})
    account.refused(404, "not_found", "GET", f"/_sandbox/refunds/{paid['id']}/next")
    for body in ({}, {"action": 1}, {"action": "expire_hold", "code": "05"}):
        account.refused(422, "validation_failed", "POST", f"/_sandbox/payments/{paid['id']}/next", body)
    assert account.payment(paid["id"]) == paid
