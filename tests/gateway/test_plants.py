"""Errors planted in reports: each is what it says, a small reconciliation finds it, and money and truth stay right."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

import pytest

from tests.gateway.client import Account, Json
from tests.gateway.settling import csv_of, end_day, lines_of, pages, settings, sums_of, total, true_lines_of

KINDS = ("missing_line", "wrong_fee", "duplicate", "late_refund", "rounding", "unknown_payment")
FEES = {"pricing": {"type": "blended", "rate": {"basis_points": 290, "fixed": {"USD": 30}}}}

# What a reconciliation finds, and whether the lines of the report still add up to its head.
FINDINGS = {
    "missing_line": ("missing", False),
    "wrong_fee": ("fee_differs", True),
    "duplicate": ("duplicate", False),
    "late_refund": ("late", False),
    "rounding": ("fee_differs", True),
    "unknown_payment": ("unknown_payment", False),
}


def sell(account: Account, *amounts: int) -> None:
    """Captured payments, each with a refund of a third."""
    for amount in amounts:
        paid = account.pay(amount=amount, capture=True)
        account.call("POST", f"/v1/payments/{paid['id']}/refunds", {"amount": amount // 3})


def a_day(account: Account) -> Json:
    settings(account, fees=FEES)
    account.freeze()
    sell(account, 1999, 4500, 12345)
    return end_day(account)[0]


def plant(account: Account, kind: str, **more: object) -> Json:
    return account.call("POST", "/_sandbox/plants", {"kind": kind, **more})


def reconcile(account: Account, settlement: Json) -> list[tuple[str, str | None]]:
    """What is wrong in a report, found from the payments alone: (finding, source or line)."""
    moved: dict[tuple[str, str], Json] = {}
    for payment in pages(account, "/v1/payments"):
        for capture in payment["captures"]:
            moved["capture", capture["id"]] = {**capture, "payment": payment["id"]}
        for refund in payment["refunds"]:
            moved["refund", refund["id"]] = {**refund, "amount": -refund["amount"]}
    found: list[tuple[str, str | None]] = []
    seen: Counter[tuple[str, str]] = Counter()
    for line in lines_of(account, settlement["id"]):
        key = (line["type"], line["source"])
        seen[key] += 1
        known = moved.get(key)
        if known is None or known["payment"] != line["payment"]:
            found.append(("unknown_payment", line["source"]))
        elif seen[key] > 1:
            found.append(("duplicate", line["source"]))
        elif line["created_at"][:10] != settlement["date"]:
            found.append(("late", line["source"]))
        elif line["fee"] != (agreed(line["gross"]) if line["type"] == "capture" else 0):
            found.append(("fee_differs", line["source"]))
    day = [key for key, one in moved.items() if one["created_at"][:10] == settlement["date"]]
    found += [("missing", source) for type_, source in day if (type_, source) not in seen]
    return found


def agreed(amount: int) -> int:
    return int(Fraction(amount * 290, 10_000) + Fraction(1, 2)) + 30


def test_an_honest_report_has_nothing_to_find(account: Account) -> None:
    batch = a_day(account)
    assert reconcile(account, batch) == []
    assert true_lines_of(account, batch["id"]) == lines_of(account, batch["id"])
    truth = account.call("GET", f"/_sandbox/settlements/{batch['id']}/truth")
    assert (truth["settlement"], truth["report"], truth["plants"]) == (batch, batch, [])


@pytest.mark.parametrize("kind", KINDS)
def test_a_planted_error_is_in_the_report_and_not_in_the_truth(account: Account, kind: str) -> None:
    before = a_day(account)
    honest = lines_of(account, before["id"])
    planted = plant(account, kind, settlement=before["id"])
    batch = account.call("GET", f"/v1/settlements/{before['id']}")
    lines = lines_of(account, batch["id"])

    finding, adds_up = FINDINGS[kind]
    line = planted["true_line"] or planted["reported_line"]
    assert (planted["status"], planted["finding"]) == ("planted", finding)
    # To the day's own report a late refund is a missing one.
    assert reconcile(account, batch) == [("missing" if finding == "late" else finding, line["source"])]
    assert (total(lines) == sums_of(batch)) is adds_up
    assert all(one["gross"] - one["fee"] == one["net"] for one in lines)
    assert [row["id"] for row in csv_of(account, batch["id"])] == [one["id"] for one in lines]

    assert true_lines_of(account, batch["id"]) == honest
    truth = account.call("GET", f"/_sandbox/settlements/{batch['id']}/truth")
    assert (truth["settlement"], truth["report"], truth["plants"]) == (before, batch, [planted])
    assert (planted["true_line"] in honest) is (kind != "unknown_payment")

    account.clock(advance="P7D")
    [payout] = pages(account, "/v1/payouts")
    assert payout["amount"] == before["net"]
    assert (payout["amount"] == batch["net"]) is not adds_up


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_waits_for_the_next_batch_that_has_a_line_for_it(account: Account, kind: str) -> None:
    settings(account, fees=FEES)
    account.freeze()
    assert plant(account, kind, currency="USD")["status"] == "waiting"
    account.call("POST", "/_sandbox/adjustments", {"amount": 1000, "currency": "USD"})
    end_day(account)
    account.pay(amount=1000, currency="JPY", capture=True)
    end_day(account)
    [waiting] = account.call("GET", "/_sandbox/plants")["data"]
    assert (waiting["status"], waiting["settlement"]) == ("waiting", None)

    sell(account, 1999)
    [batch] = end_day(account)
    [planted] = account.call("GET", "/_sandbox/plants")["data"]
    assert (planted["status"], planted["settlement"]) == ("planted", batch["id"])
    finding, _ = FINDINGS[kind]
    line = planted["true_line"] or planted["reported_line"]
    assert reconcile(account, batch) == [("missing" if finding == "late" else finding, line["source"])]
    [event] = [event for event in account.events(object_id=batch["id"]) if event["type"] == "settlement.created"]
    assert event["data"] == batch


@pytest.mark.parametrize("planted_first", [True, False])
def test_a_late_refund_stands_in_the_next_report(account: Account, planted_first: bool) -> None:
    first = a_day(account)
    if planted_first:
        planted = plant(account, "late_refund", settlement=first["id"])
        assert planted["reported_line"] is None
    sell(account, 3000)
    [second] = end_day(account)
    if not planted_first:
        planted = plant(account, "late_refund", settlement=first["id"])
    source = planted["true_line"]["source"]
    assert reconcile(account, first) == [("missing", source)]
    assert reconcile(account, second) == [("late", source)]
    [shown] = account.call("GET", f"/_sandbox/settlements/{second['id']}/truth")["plants"]
    assert (shown["id"], shown["reported_line"]["settlement"]) == (planted["id"], second["id"])
    assert total(true_lines_of(account, second["id"])) == sums_of(second)


def test_all_kinds_fit_into_one_report(account: Account) -> None:
    batch = a_day(account)
    # Those that ask for a line of one type first: the others may take any that is left.
    kinds = ("wrong_fee", "rounding", "late_refund", "missing_line", "duplicate")
    planted = [plant(account, kind, settlement=batch["id"]) for kind in kinds]
    found = Counter(finding for finding, _ in reconcile(account, batch))
    assert found == {"missing": 2, "fee_differs": 2, "duplicate": 1}
    lines = [one["true_line"]["id"] for one in planted]
    assert len(set(lines)) == len(lines)
    for path in ("/v1/settlements/{id}/lines", "/_sandbox/settlements/{id}/truth/lines"):
        address = path.format(id=batch["id"])
        assert pages(account, address, limit=1) == pages(account, address)


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_that_is_taken_out_leaves_the_report_as_it_was(account: Account, kind: str) -> None:
    before = a_day(account)
    honest = lines_of(account, before["id"])
    planted = plant(account, kind, settlement=before["id"])
    account.call("DELETE", f"/_sandbox/plants/{planted['id']}")
    assert lines_of(account, before["id"]) == honest
    assert account.call("GET", f"/v1/settlements/{before['id']}") == before
    account.refused(404, "not_found", "GET", f"/_sandbox/plants/{planted['id']}")


def test_all_errors_go_at_once(account: Account) -> None:
    batch = a_day(account)
    plant(account, "duplicate", settlement=batch["id"])
    plant(account, "rounding", settlement=batch["id"])
    plant(account, "missing_line")
    account.call("DELETE", "/_sandbox/plants")
    assert account.call("GET", "/_sandbox/plants") == {"data": []}
    assert account.call("GET", f"/v1/settlements/{batch['id']}") == batch
    assert reconcile(account, batch) == []


def test_the_line_can_be_named(account: Account) -> None:
    batch = a_day(account)
    wanted = next(line for line in lines_of(account, batch["id"]) if line["gross"] == 4500)
    planted = plant(account, "wrong_fee", settlement=batch["id"], line=wanted["id"])
    assert planted["true_line"] == wanted
    assert planted["reported_line"]["fee"] == wanted["fee"] + 45
    assert planted["reported_line"]["id"] == wanted["id"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"kind": "typo"}, "/kind"),
        ({"kind": "duplicate", "settlement": "st_of_nobody"}, "/settlement"),
        ({"kind": "duplicate", "line": "ln_1"}, ""),
        ({"kind": "duplicate", "settlement": "st_1", "currency": "USD"}, ""),
    ],
)
def test_what_cannot_be_planted_is_refused(account: Account, body: Json, pointer: str) -> None:
    problem = account.refused(422, "validation_failed", "POST", "/_sandbox/plants", body)
    assert problem["param"] == pointer


def test_an_error_needs_a_line_that_has_none_yet(account: Account) -> None:
    account.freeze()
    account.pay(capture=True)
    [batch] = end_day(account)
    [line] = lines_of(account, batch["id"])
    on = {"settlement": batch["id"]}
    path = "/_sandbox/plants"
    assert account.refused(422, "validation_failed", "POST", path, {"kind": "late_refund", **on})["param"] == "/kind"
    plant(account, "duplicate", **on)
    assert account.refused(422, "validation_failed", "POST", path, {"kind": "rounding", **on})["param"] == "/kind"
    named = {"kind": "rounding", **on, "line": line["id"]}
    assert account.refused(422, "validation_failed", "POST", path, named)["param"] == "/line"


def test_a_seed_chooses_the_same_line_again(account: Account) -> None:
    chosen = []
    for _ in range(2):
        account.call("POST", "/_sandbox/reset")
        settings(account, seed="plants")
        batch = a_day(account)
        chosen.append(plant(account, "missing_line", settlement=batch["id"])["true_line"])
    assert chosen[0] == chosen[1]


def test_another_accounts_errors_are_not_there(account: Account, other_account: Account) -> None:
    batch = a_day(account)
    planted = plant(account, "duplicate", settlement=batch["id"])
    other_account.refused(404, "not_found", "GET", f"/_sandbox/plants/{planted['id']}")
    other_account.refused(404, "not_found", "DELETE", f"/_sandbox/plants/{planted['id']}")
    body = {"kind": "duplicate", "settlement": batch["id"]}
    other_account.refused(422, "validation_failed", "POST", "/_sandbox/plants", body)
    assert other_account.call("GET", "/_sandbox/plants") == {"data": []}
