"""Disputes: each card's story, every action and move in every status, the money, the deadline, and the evidence."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.gateway.client import Account, Json
from tests.gateway.disputing import (
    COMPLETE,
    STATES,
    captured,
    dispute_of,
    disputed,
    disputes_of,
    give_evidence,
    respond,
)

_FILE = {
    "field": "customer_email",
    "name": "mails.pdf",
    "content_type": "application/pdf",
    "size": 1024,
    "sha256": "0123456789abcdef" * 4,
}
_EVIDENCE = {"fields": {"explanation": "All went well."}}


def _told(account: Account, dispute: Json) -> list[tuple[str, int, str]]:
    return [
        (event["type"], event["data"]["version"], event["data"]["status"])
        for event in account.events(object_id=dispute["id"])
    ]


def _money(account: Account, payment_id: str) -> dict[str, int]:
    paid = account.payment(payment_id)
    return {name: paid[f"amount_{name}"] for name in ("refunded", "refundable", "disputed", "disputed_lost")}


def test_a_disputing_cards_dispute_opens_an_hour_after_the_capture(account: Account) -> None:
    account.freeze("2026-03-02T12:00:00Z")
    paid = account.pay("visa_dispute_fraudulent", amount=1000)
    account.clock(advance="PT2H")
    assert disputes_of(account, paid["id"]) == []
    account.act(paid["id"], "capture")
    assert account.clock(advance="PT59M")["next"][0]["kind"] == "payment.disputed"
    assert disputes_of(account, paid["id"]) == []
    account.clock(advance="PT1M")
    (dispute,) = disputes_of(account, paid["id"])
    assert dispute == {
        "id": dispute["id"],
        "object": "dispute",
        "version": 1,
        "payment": paid["id"],
        "kind": "chargeback",
        "round": 1,
        "previous": None,
        "status": "needs_response",
        "amount": 1000,
        "fee": dispute["fee"],
        "currency": "USD",
        "reason": "fraudulent",
        "network_reason_code": "10.4",
        "evidence": {
            "fields": {},
            "files": [],
            "required": ["customer_email", "customer_ip"],
            "helpful": ["access_log", "billing_address", "customer_name", "customer_signature", "shipping_address"],
            "missing": ["customer_email", "customer_ip"],
            "is_complete": False,
        },
        "respond_by": "2026-03-12T15:00:00.000000Z",
        "submitted_at": None,
        "decided_at": None,
        "allowed_actions": ["submit", "accept"],
        "created_at": "2026-03-02T15:00:00.000000Z",
        "why": dispute["why"],
    }
    assert dispute["fee"] > 0
    assert dispute["why"].startswith("card visa_dispute_fraudulent: ")
    assert _told(account, dispute) == [("dispute.opened", 1, "needs_response")]
    assert account.events(object_id=dispute["id"])[0]["data"] == dispute


def test_a_payment_shows_its_disputes_and_what_they_hold_and_tells_of_them_by_no_event_of_its_own(
    account: Account,
) -> None:
    paid = captured(account, "visa_dispute_fraudulent")
    account.clock(advance="PT1H")
    (dispute,) = disputes_of(account, paid["id"])
    shown = account.payment(paid["id"])
    assert shown["disputes"] == [
        {
            name: dispute[name]
            for name in ("id", "kind", "round", "status", "amount", "currency", "reason", "created_at")
        }
    ]
    assert (shown["status"], shown["version"]) == ("captured", paid["version"] + 1)
    assert (shown["amount_disputed"], shown["amount_refundable"]) == (1000, 1000)
    assert [event["type"] for event in account.events(object_id=paid["id"])] == [
        "payment.authorized",
        "payment.captured",
    ]


@pytest.mark.parametrize(
    ("card", "reason", "code"),
    [
        ("visa_dispute_fraudulent", "fraudulent", "10.4"),
        ("visa_dispute_not_received", "product_not_received", "13.1"),
        ("visa_dispute_duplicate", "duplicate", "12.6.1"),
        ("visa_dispute_credit_not_processed", "credit_not_processed", "13.6"),
        ("visa_dispute_unacceptable", "product_unacceptable", "13.3"),
        ("visa_dispute_subscription_canceled", "subscription_canceled", "13.2"),
        ("visa_dispute_unrecognized", "unrecognized", "10.4"),
        ("visa_dispute_general", "general", "12.5"),
        ("mastercard_dispute_fraudulent", "fraudulent", "4837"),
        ("amex_dispute_not_received", "product_not_received", "C08"),
        ("discover_dispute_duplicate", "duplicate", "DP"),
    ],
)
def test_complete_evidence_wins_and_none_loses(account: Account, card: str, reason: str, code: str) -> None:
    account.freeze()
    for is_complete, status in ((True, "won"), (False, "lost")):
        dispute = disputed(account, card)
        assert (dispute["reason"], dispute["network_reason_code"]) == (reason, code)
        if is_complete:
            assert give_evidence(account, dispute)["evidence"]["is_complete"]
        assert respond(account, dispute, "submit")["status"] == "under_review"
        account.clock(advance="P7D")
        decided = dispute_of(account, dispute)
        assert decided["status"] == status
        assert decided["why"].startswith("evidence: ")
        assert all(name in decided["why"] for name in decided["evidence"]["missing"])


@pytest.mark.parametrize("reason", ["fraudulent", "not_received", "duplicate", "credit_not_processed"])
@pytest.mark.parametrize("outcome", ["won", "lost"])
def test_a_card_can_decide_whatever_the_evidence_says(account: Account, reason: str, outcome: str) -> None:
    dispute = disputed(account, f"visa_dispute_{reason}_{outcome}")
    if outcome == "lost":
        give_evidence(account, dispute)
    respond(account, dispute, "submit")
    account.clock(advance="P7D")
    decided = dispute_of(account, dispute)
    assert (decided["status"], decided["decided_at"]) == (outcome, "2026-03-09T13:00:00.000000Z")
    assert decided["why"].startswith(f"card visa_dispute_{reason}_{outcome}: ")


@pytest.mark.parametrize(("kind", "status"), STATES)
def test_every_action_is_done_or_refused_as_the_status_says(account: Account, kind: str, status: str) -> None:
    allowed = {
        ("chargeback", "needs_response"): {"submit": "under_review", "accept": "accepted"},
        ("inquiry", "needs_response"): {"submit": "under_review"},
    }.get((kind, status), {})
    dispute = STATES[kind, status](account)
    assert (dispute["kind"], dispute["status"], dispute["allowed_actions"]) == (kind, status, list(allowed))
    events = len(account.events())
    for action, body in (("evidence", _EVIDENCE), ("submit", {}), ("accept", {})):
        if action in allowed or (action == "evidence" and status == "needs_response"):
            continue
        problem = account.refused(409, "invalid_transition", "POST", f"/v1/disputes/{dispute['id']}/{action}", body)
        assert (problem["current_status"], problem["allowed_actions"]) == (status, list(allowed))
    assert dispute_of(account, dispute) == dispute
    assert len(account.events()) == events
    for action, after in allowed.items():
        assert respond(account, STATES[kind, status](account), action)["status"] == after


_MOVES = {
    ("chargeback", "needs_response"): {
        "withdraw": ("chargeback", "won", "dispute.won"),
        "expire": ("chargeback", "expired", "dispute.lost"),
    },
    ("chargeback", "under_review"): {
        "win": ("chargeback", "won", "dispute.won"),
        "lose": ("chargeback", "lost", "dispute.lost"),
    },
    ("inquiry", "needs_response"): {
        "close": ("inquiry", "closed", "dispute.closed"),
        "escalate": ("chargeback", "needs_response", "dispute.updated"),
    },
    ("inquiry", "under_review"): {
        "close": ("inquiry", "closed", "dispute.closed"),
        "escalate": ("chargeback", "needs_response", "dispute.updated"),
    },
    ("chargeback", "won"): {"open_second_round": ("chargeback", "won", "dispute.won")},
}


@pytest.mark.parametrize(("kind", "status"), STATES)
def test_the_outside_world_can_do_to_a_dispute_what_its_status_allows(account: Account, kind: str, status: str) -> None:
    moves = _MOVES.get((kind, status), {})
    dispute = STATES[kind, status](account)
    assert account.moves("disputes", dispute["id"]) == list(moves)
    impossible = next(move for some in _MOVES.values() for move in some if move not in moves)
    problem = account.refused(
        409, "invalid_transition", "POST", f"/_sandbox/disputes/{dispute['id']}/next", {"action": impossible}
    )
    assert (problem["current_status"], problem["allowed_actions"]) == (status, list(moves))
    for move, (kind_after, status_after, event) in moves.items():
        dispute = STATES[kind, status](account)
        moved = account.move("disputes", dispute["id"], move)
        assert (moved["kind"], moved["status"]) == (kind_after, status_after)
        assert _told(account, moved)[-1] == (event, moved["version"], status_after)
        due = [
            one["kind"] for one in account.call("GET", "/_sandbox/clock")["next"] if one["object_id"] == dispute["id"]
        ]
        assert due == (["dispute.deadline"] if status_after == "needs_response" else [])


def test_a_deadline_that_passes_loses_a_chargeback(account: Account) -> None:
    dispute = disputed(account)
    give_evidence(account, dispute)
    account.clock(to="2026-03-12T12:59:59Z")
    assert dispute_of(account, dispute)["status"] == "needs_response"
    account.clock(advance="PT1S")
    expired = dispute_of(account, dispute)
    assert (expired["status"], expired["decided_at"]) == ("expired", dispute["respond_by"])
    assert expired["why"] == "clock: no answer within 10 days"
    assert _told(account, dispute) == [
        ("dispute.opened", 1, "needs_response"),
        ("dispute.updated", 2, "needs_response"),
        ("dispute.lost", 3, "expired"),
    ]
    assert _money(account, dispute["payment"]) == {
        "refunded": 0,
        "refundable": 0,
        "disputed": 0,
        "disputed_lost": 1000,
    }


def test_an_answer_in_time_stops_the_deadline(account: Account) -> None:
    dispute = disputed(account)
    account.clock(advance="P9DT23H")
    respond(account, dispute, "submit")
    account.clock(advance="P1D")
    assert dispute_of(account, dispute)["status"] == "under_review"


def test_evidence_is_gathered_changed_and_taken_back_until_it_is_submitted(account: Account) -> None:
    dispute = disputed(account)
    first = respond(account, dispute, "evidence", {"fields": {"customer_ip": "192.0.2.7", "receipt": "R-1"}})
    assert first["evidence"]["fields"] == {"customer_ip": "192.0.2.7", "receipt": "R-1"}
    assert (first["evidence"]["missing"], first["version"]) == (["customer_email"], 2)
    second = respond(account, dispute, "evidence", {"fields": {"receipt": None, "customer_email": "a@example.com"}})
    assert second["evidence"]["fields"] == {"customer_email": "a@example.com", "customer_ip": "192.0.2.7"}
    assert (second["evidence"]["is_complete"], second["version"]) == (True, 3)
    again = respond(account, dispute, "evidence", {"fields": {"customer_email": "a@example.com"}})
    assert again == second
    submitted = respond(account, dispute, "submit")
    assert (submitted["evidence"], submitted["submitted_at"]) == (second["evidence"], "2026-03-02T13:00:00.000000Z")
    assert [version for _, version, _ in _told(account, dispute)] == [1, 2, 3, 4]
    account.refused(409, "invalid_transition", "POST", f"/v1/disputes/{dispute['id']}/evidence", _EVIDENCE)


def test_a_file_gives_the_evidence_that_it_shows(account: Account) -> None:
    dispute = disputed(account)
    given = respond(account, dispute, "evidence", {"fields": {"customer_ip": "192.0.2.7"}, "files": [_FILE]})
    assert (given["evidence"]["files"], given["evidence"]["missing"]) == ([_FILE], [])
    kept = respond(account, dispute, "evidence", {"fields": {"receipt": "R-1"}})
    assert kept["evidence"]["files"] == [_FILE], "files that are not spoken of stay"
    gone = respond(account, dispute, "evidence", {"fields": {"receipt": None}, "files": []})
    assert (gone["evidence"]["files"], gone["evidence"]["missing"]) == ([], ["customer_email"])
    respond(account, dispute, "evidence", {"fields": {"receipt": None}, "files": [_FILE]})
    respond(account, dispute, "submit")
    account.clock(advance="P7D")
    assert dispute_of(account, dispute)["status"] == "won"


@pytest.mark.parametrize(
    ("body", "pointer", "words"),
    [
        ({"fields": {"receipt": "R"}, "files": [_FILE] * 11}, "/files", "10 items"),
        ({"fields": {"receipt": "R"}, "files": [_FILE | {"field": "proof"}]}, "/files/0/field", "shipping_address"),
        ({"fields": {"receipt": "R"}, "files": [_FILE | {"size": 5 * 1024 * 1024 + 1}]}, "/files/0/size", "5242880"),
        ({"fields": {"receipt": "R"}, "files": [_FILE | {"sha256": "A" * 64}]}, "/files/0/sha256", ""),
        ({"fields": {"receipt": "R"}, "files": [_FILE | {"content_type": "text/html"}]}, "/files/0/content_type", ""),
        ({"fields": {"tracking": "1"}}, "/fields/tracking", "shipping_tracking_number"),
        ({"fields": {"receipt": ""}}, "/fields/receipt", "1 character"),
        ({"fields": {"receipt": "x" * 4001}}, "/fields/receipt", "4000 characters"),
        ({"fields": {"receipt": 7}}, "/fields/receipt", "must be text"),
        ({"fields": {"receipt": "a\u0000b"}}, "/fields/receipt", "NUL"),
        ({"fields": {}}, "/fields", "1 item"),
        ({"fields": "receipt"}, "/fields", "must be an object"),
        ({}, "/fields", "is required"),
        (
            {"fields": dict.fromkeys(("receipt", "refund_policy", "explanation", "access_log"), "x" * 4000)},
            "/fields",
            "at most 12000",
        ),
    ],
)
def test_evidence_that_cannot_be_taken_is_refused_by_name(
    account: Account, body: Json, pointer: str, words: str
) -> None:
    dispute = disputed(account)
    problem = account.refused(422, "validation_failed", "POST", f"/v1/disputes/{dispute['id']}/evidence", body)
    assert problem["param"] == pointer
    assert words in problem["errors"][0]["detail"]
    assert dispute_of(account, dispute) == dispute


@pytest.mark.parametrize(
    ("ending", "after"),
    [
        ("accept", {"refunded": 0, "refundable": 0, "disputed": 0, "disputed_lost": 1000}),
        ("withdraw", {"refunded": 0, "refundable": 1000, "disputed": 0, "disputed_lost": 0}),
    ],
)
def test_money_leaves_at_the_opening_and_comes_back_with_a_win_alone(
    account: Account, ending: str, after: dict[str, int]
) -> None:
    dispute = disputed(account)
    paid = account.payment(dispute["payment"])
    refund = f"/v1/payments/{paid['id']}/refunds"
    assert _money(account, paid["id"]) == {"refunded": 0, "refundable": 1000, "disputed": 1000, "disputed_lost": 0}
    for body in ({}, {"amount": 1}):
        problem = account.refused(409, "refund_blocked_by_dispute", "POST", refund, body)
        assert problem["amount_refundable"] == 0
    account.refused(422, "amount_too_large", "POST", refund, {"amount": 1001})
    assert account.payment(paid["id"]) == paid
    if ending == "accept":
        respond(account, dispute, "accept")
        problem = account.refused(409, "invalid_transition", "POST", refund, {})
        assert (problem["current_status"], problem["allowed_actions"]) == ("captured", [])
    else:
        account.move("disputes", dispute["id"], ending)
    assert _money(account, paid["id"]) == after
    assert account.payment(paid["id"])["version"] == paid["version"] + 1
    if ending == "withdraw":
        assert account.act(paid["id"], "refund").json()["amount"] == 1000


def test_a_refund_before_the_dispute_leaves_less_to_dispute(account: Account) -> None:
    paid = captured(account, "visa_dispute_fraudulent")
    account.act(paid["id"], "refund", {"amount": 400})
    account.clock(advance="PT1H")
    (dispute,) = disputes_of(account, paid["id"])
    assert dispute["amount"] == 600
    respond(account, dispute, "accept")
    assert _money(account, paid["id"]) == {"refunded": 400, "refundable": 0, "disputed": 0, "disputed_lost": 600}


def test_what_was_refunded_whole_is_not_disputed(account: Account) -> None:
    paid = captured(account, "visa_dispute_fraudulent")
    account.act(paid["id"], "refund")
    account.clock(advance="P1D")
    assert disputes_of(account, paid["id"]) == []
    assert account.moves("payments", paid["id"]) == []


def test_a_partial_dispute_blocks_only_its_part(account: Account) -> None:
    dispute = disputed(account, "visa_dispute_partial", 1001)
    assert dispute["amount"] == 400
    refund = f"/v1/payments/{dispute['payment']}/refunds"
    problem = account.refused(409, "refund_blocked_by_dispute", "POST", refund, {"amount": 602})
    assert problem["amount_refundable"] == 601
    account.call("POST", refund, {"amount": 601})
    respond(account, dispute, "accept")
    assert _money(account, dispute["payment"]) == {
        "refunded": 601,
        "refundable": 0,
        "disputed": 0,
        "disputed_lost": 400,
    }
    assert account.payment(dispute["payment"])["status"] == "partially_refunded"


def test_two_disputes_of_one_payment_end_each_for_itself(account: Account) -> None:
    first = disputed(account, "visa_dispute_twice")
    both = disputes_of(account, first["payment"])
    assert [one["amount"] for one in both] == [500, 300]
    assert _money(account, first["payment"])["disputed"] == 800
    respond(account, both[0], "accept")
    account.move("disputes", both[1]["id"], "withdraw")
    assert _money(account, first["payment"]) == {
        "refunded": 0,
        "refundable": 500,
        "disputed": 0,
        "disputed_lost": 500,
    }
    assert [one["status"] for one in account.payment(first["payment"])["disputes"]] == ["accepted", "won"]


def test_disputes_never_take_more_than_is_left(account: Account) -> None:
    paid = captured(account, amount=7)
    ends = itertools.cycle(("accept", "withdraw"))
    for _ in range(6):
        if "dispute_partly" not in account.moves("payments", paid["id"]):
            break
        account.move("payments", paid["id"], "dispute_partly")
        dispute = disputes_of(account, paid["id"])[-1]
        if next(ends) == "accept":
            respond(account, dispute, "accept")
        money = _money(account, paid["id"])
        assert 0 <= money["refunded"] + money["disputed"] + money["disputed_lost"] <= 7
        assert money["refundable"] == 7 - money["refunded"] - money["disputed_lost"]
    account.move("payments", paid["id"], "dispute_general")
    assert account.moves("payments", paid["id"]) == []
    assert sum(one["amount"] for one in disputes_of(account, paid["id"])) == 7


def test_a_dispute_takes_what_several_captures_had_taken_by_then(account: Account) -> None:
    account.freeze()
    paid = account.pay("visa_dispute_fraudulent", amount=1000)
    for amount in (200, 300):
        account.act(paid["id"], "capture", {"amount": amount})
    account.clock(advance="PT1H")
    account.act(paid["id"], "capture")
    account.clock(advance="P1D")
    assert [one["amount"] for one in disputes_of(account, paid["id"])] == [500]
    assert _money(account, paid["id"])["refundable"] == 1000


def test_an_inquiry_holds_no_money_and_closes_answered_or_not(account: Account) -> None:
    for is_answered, days in ((True, "P7D"), (False, "P10D")):
        inquiry = disputed(account, "visa_inquiry")
        assert (inquiry["kind"], inquiry["fee"], inquiry["allowed_actions"]) == ("inquiry", 0, ["submit"])
        assert _money(account, inquiry["payment"])["disputed"] == 0
        if is_answered:
            respond(account, inquiry, "submit")
        account.clock(advance=days)
        closed = dispute_of(account, inquiry)
        assert (closed["status"], closed["why"]) == ("closed", "clock: the issuer asked no further")
        assert _told(account, inquiry)[-1] == ("dispute.closed", closed["version"], "closed")


def test_an_inquiry_can_be_answered_by_a_refund(account: Account) -> None:
    inquiry = disputed(account, "visa_inquiry")
    account.act(inquiry["payment"], "refund", {"amount": 400})
    assert dispute_of(account, inquiry)["status"] == "needs_response"
    account.act(inquiry["payment"], "refund")
    assert dispute_of(account, inquiry)["status"] == "closed"
    assert account.payment(inquiry["payment"])["status"] == "refunded"


def test_an_inquiry_that_escalates_takes_what_is_left_and_wants_another_answer(account: Account) -> None:
    inquiry = disputed(account, "visa_inquiry_escalates")
    respond(account, inquiry, "submit")
    account.act(inquiry["payment"], "refund", {"amount": 400})
    account.clock(advance="P7D")
    chargeback = dispute_of(account, inquiry)
    assert (chargeback["kind"], chargeback["status"], chargeback["amount"]) == ("chargeback", "needs_response", 600)
    assert chargeback["fee"] > 0
    assert (chargeback["submitted_at"], chargeback["respond_by"]) == (None, "2026-03-19T13:00:00.000000Z")
    assert _money(account, inquiry["payment"])["disputed"] == 600
    give_evidence(account, chargeback)
    respond(account, chargeback, "submit")
    account.clock(advance="P7D")
    assert [event for event, _, _ in _told(account, inquiry)] == [
        "dispute.opened",
        "dispute.updated",
        "dispute.updated",
        "dispute.updated",
        "dispute.updated",
        "dispute.won",
    ]


def test_a_second_round_is_a_dispute_of_its_own_and_the_last(account: Account) -> None:
    first = disputed(account, "visa_dispute_second_round")
    respond(account, first, "submit")
    account.clock(advance="P7D")
    assert dispute_of(account, first)["status"] == "won"
    assert _money(account, first["payment"])["disputed"] == 0
    account.clock(advance="P5D")
    second = disputes_of(account, first["payment"])[1]
    assert (second["round"], second["previous"], second["status"]) == (2, first["id"], "needs_response")
    assert (second["kind"], second["amount"], second["reason"]) == ("chargeback", 1000, first["reason"])
    assert second["why"].startswith("card visa_dispute_second_round: ")
    assert dispute_of(account, first)["status"] == "won"
    assert account.moves("disputes", first["id"]) == []
    account.move("disputes", second["id"], "withdraw")
    assert account.moves("disputes", second["id"]) == []


def test_a_chosen_second_round_forestalls_the_cards(account: Account) -> None:
    first = disputed(account, "visa_dispute_second_round")
    account.move("disputes", first["id"], "withdraw")
    account.move("disputes", first["id"], "open_second_round")
    account.clock(advance="P6D")
    assert [one["round"] for one in disputes_of(account, first["payment"])] == [1, 2]


def test_a_cardholder_can_dispute_any_captured_payment(account: Account) -> None:
    account.freeze()
    held = account.pay()
    assert not any(move.startswith(("dispute_", "inquire")) for move in account.moves("payments", held["id"]))
    for reason in COMPLETE:
        paid = captured(account)
        shown = account.move("payments", paid["id"], f"dispute_{reason}")
        (dispute,) = disputes_of(account, paid["id"])
        assert (dispute["reason"], dispute["amount"]) == (reason, 1000)
        assert dispute["why"].startswith("next: ")
        assert shown == account.payment(paid["id"])
    paid = captured(account)
    account.move("payments", paid["id"], "inquire")
    assert disputes_of(account, paid["id"])[0]["kind"] == "inquiry"


@pytest.mark.parametrize(
    ("card", "code"), [("diners_success", "UA02"), ("unionpay_success", "UA02"), ("jcb_success", "546")]
)
def test_every_network_has_its_own_word_for_a_reason(account: Account, card: str, code: str) -> None:
    paid = captured(account, card)
    account.move("payments", paid["id"], "dispute_fraudulent")
    assert disputes_of(account, paid["id"])[0]["network_reason_code"] == code


def test_disputes_are_listed_by_page_status_payment_and_time(account: Account) -> None:
    made = []
    for card in ("visa_dispute_fraudulent", "visa_inquiry", "visa_dispute_duplicate"):
        made.append(disputed(account, card)["id"])
        account.clock(advance="PT1H")
    account.call("POST", f"/v1/disputes/{made[0]}/accept")

    def ids(query: str) -> list[str]:
        return [one["id"] for one in account.call("GET", f"/v1/disputes?{query}")["data"]]

    page = account.call("GET", "/v1/disputes?limit=2")
    assert [one["id"] for one in page["data"]] == [made[2], made[1]]
    rest = account.call("GET", f"/v1/disputes?limit=2&cursor={page['next_cursor']}")
    assert ([one["id"] for one in rest["data"]], rest["has_more"]) == ([made[0]], False)
    middle = dispute_of(account, {"id": made[1]})
    assert ids("status=accepted") == [made[0]]
    assert ids("status=needs_response") == [made[2], made[1]]
    assert ids(f"payment={middle['payment']}") == [made[1]]
    assert ids(f"created_after={middle['created_at']}") == [made[2]]
    assert ids(f"created_before={middle['created_at']}") == [made[0]]
    account.refused(422, "validation_failed", "GET", "/v1/disputes?status=open")


def test_another_accounts_dispute_is_not_found(account: Account, other_account: Account) -> None:
    dispute = disputed(account)
    path = f"/v1/disputes/{dispute['id']}"
    assert other_account.call("GET", "/v1/disputes")["data"] == []
    assert other_account.call("GET", f"/v1/disputes?payment={dispute['payment']}")["data"] == []
    other_account.refused(404, "not_found", "GET", path)
    for action, body in (("evidence", _EVIDENCE), ("submit", {}), ("accept", {})):
        other_account.refused(404, "not_found", "POST", f"{path}/{action}", body)
    other_account.refused(404, "not_found", "GET", f"/_sandbox/disputes/{dispute['id']}/next")
    assert dispute_of(account, dispute) == dispute


def test_of_answers_at_once_one_is_taken(account: Account) -> None:
    dispute = disputed(account)
    actions = ["submit", "accept"] * 4
    with ThreadPoolExecutor(len(actions)) as pool:
        path = f"/v1/disputes/{dispute['id']}"
        statuses = list(pool.map(lambda action: account.ask("POST", f"{path}/{action}").status_code, actions))
    assert sorted(statuses) == [200] + [409] * 7
    assert dispute_of(account, dispute)["version"] == 2
    assert len(_told(account, dispute)) == 2


def test_an_acceptance_whose_answer_is_lost_was_done_once(account: Account) -> None:
    dispute = disputed(account)
    account.fault({"type": "drop_after"}, times=1, operation="dispute")
    path = f"/v1/disputes/{dispute['id']}/accept"
    with pytest.raises(requests.ConnectionError):
        account.ask("POST", path, {}, key="accept-1")
    assert dispute_of(account, dispute)["status"] == "accepted"
    assert account.ask("POST", path, {}, key="accept-1").json() == dispute_of(account, dispute)
    assert _money(account, dispute["payment"])["disputed_lost"] == 1000


def test_a_retry_under_the_same_key_submits_once(account: Account) -> None:
    dispute = disputed(account)
    answers = [account.ask("POST", f"/v1/disputes/{dispute['id']}/submit", {}, key="submit-1") for _ in range(2)]
    assert answers[0].text == answers[1].text
    assert answers[1].headers["Idempotent-Replayed"] == "true"
    assert [version for _, version, _ in _told(account, dispute)] == [1, 2]
