"""Settlements: each movement is a line of its day's batch, with the fee that was agreed, and everything adds up."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.gateway.client import Account, Json
from tests.gateway.disputing import disputed
from tests.gateway.settling import (
    PARTS,
    adjust,
    csv_of,
    end_day,
    lines_of,
    pages,
    settings,
    sums_of,
    total,
)
from tests.stack import Gateway


def blended(basis_points: int, **fixed: int) -> Json:
    return {"pricing": {"type": "blended", "rate": {"basis_points": basis_points, "fixed": fixed}}}


PLUS_PLUS: Json = {
    "pricing": {
        "type": "interchange_plus_plus",
        "interchange": {"basis_points": 165, "fixed": {"USD": 10}},
        "scheme": {"basis_points": 13},
        "markup": {"basis_points": 30, "fixed": {"USD": 5}},
    }
}


@pytest.mark.parametrize(
    ("fees", "card", "amount", "currency", "parts"),
    [
        ({}, "visa_success", 1999, "USD", {"processing": 88}),
        (blended(290), "visa_success", 499, "USD", {"processing": 14}),  # 14.471
        (blended(290), "visa_success", 500, "USD", {"processing": 15}),  # 14.5: half goes up
        (blended(290, JPY=40), "visa_success", 500, "JPY", {"processing": 55}),
        (blended(290, KWD=100), "visa_success", 1234, "KWD", {"processing": 136}),  # 35.786
        (blended(290), "visa_success", 123456, "CLF", {"processing": 3580}),  # 3580.224
        (blended(290, USD=30), "visa_success", 1, "USD", {"processing": 30}),  # more than was captured
        (blended(0), "visa_success", 1999, "USD", {}),
        # 32.9835 + 2.5987 + 5.997 = 41.5792, so 42: scheme and markup lost most by being rounded down.
        (PLUS_PLUS, "visa_success", 1999, "USD", {"interchange": 43, "scheme": 3, "markup": 11}),
        (blended(290), "visa_success_de", 1000, "USD", {"processing": 29, "cross_border": 15}),
        ({**blended(290), "country": "DE"}, "visa_success_de", 1000, "USD", {"processing": 29}),
        (
            {**blended(290), "settlement_currency": "EUR", "currency_conversion": 100},
            "visa_success",
            1000,
            "USD",
            {"processing": 29, "currency_conversion": 10},
        ),
    ],
)
def test_a_capture_costs_what_the_schedule_says(
    account: Account, fees: Json, card: str, amount: int, currency: str, parts: dict[str, int]
) -> None:
    if fees:
        settings(account, fees=fees)
    account.freeze()
    paid = account.pay(card, amount, currency, capture=True)
    [batch] = end_day(account)
    [line] = lines_of(account, batch["id"])
    assert line["fee_parts"] == dict.fromkeys(PARTS, 0) | parts
    assert (line["type"], line["payment"], line["source"]) == ("capture", paid["id"], paid["captures"][0]["id"])
    assert (line["gross"], line["fee"], line["net"]) == (amount, sum(parts.values()), amount - sum(parts.values()))


def test_a_changed_schedule_leaves_older_lines_alone(account: Account) -> None:
    account.freeze()
    account.pay(capture=True)
    settings(account, fees=blended(0))
    account.pay(capture=True)
    [batch] = end_day(account)
    assert [line["fee"] for line in lines_of(account, batch["id"])] == [88, 0]


CURRENCIES = ("JPY", "USD", "KWD", "CLF")  # 0, 2, 3 and 4 digits
rates = st.fixed_dictionaries(
    {
        "basis_points": st.integers(0, 10_000),
        "fixed": st.dictionaries(st.sampled_from(CURRENCIES), st.integers(0, 5000)),
    }
)
schedules = st.fixed_dictionaries(
    {
        "pricing": st.one_of(
            st.fixed_dictionaries({"type": st.just("blended"), "rate": rates}),
            st.fixed_dictionaries(
                {"type": st.just("interchange_plus_plus"), "interchange": rates, "scheme": rates, "markup": rates}
            ),
        ),
        "cross_border": st.integers(0, 500),
        "settlement_currency": st.sampled_from([None, "USD"]),
        "refund": st.dictionaries(st.sampled_from(CURRENCIES), st.integers(0, 100)),
        "refunds_return_fees": st.booleans(),
    }
)
sales = st.lists(
    st.tuples(
        st.sampled_from(["visa_success", "visa_success_de"]),
        st.sampled_from(CURRENCIES),
        st.one_of(st.integers(1, 5000), st.integers(1, 999_999_999_999)),
        st.floats(0, 1),
    ),
    min_size=1,
    max_size=8,
)


@hypothesis_settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(fees=schedules, sold=sales, reserve=st.integers(0, 10_000))
def test_lines_add_up_to_batches_and_batches_to_payouts_in_any_currency(
    gateway: Gateway, fees: Json, sold: list[tuple[str, str, int, float]], reserve: int
) -> None:
    account = Account(gateway)
    settings(account, fees=fees, payouts={"reserve": reserve, "reserve_days": 5})
    account.freeze()
    cards = {}
    for card, currency, amount, share in sold:
        paid = account.pay(card, amount, currency, capture=True)
        cards[paid["id"]] = card
        if int(amount * share):
            account.call("POST", f"/v1/payments/{paid['id']}/refunds", {"amount": int(amount * share)})
    batches = end_day(account)
    assert {batch["currency"] for batch in batches} == {currency for _, currency, _, _ in sold}
    for batch in batches:
        lines = lines_of(account, batch["id"])
        assert total(lines) == sums_of(batch) == total(batch["totals"])
        assert len(lines) == batch["lines"] == sum(one["lines"] for one in batch["totals"])
        for line in lines:
            assert line["gross"] - line["fee"] == line["net"]
            assert sum(line["fee_parts"].values()) == line["fee"]
            if line["type"] == "capture":
                assert line["fee"] == agreed(fees, cards[line["payment"]], line["gross"], line["currency"])
        captured = total(line for line in lines if line["type"] == "capture")["gross"]
        held = -total(line for line in lines if line["type"] == "reserve")["gross"]
        assert held == captured * reserve // 10_000

    account.clock(advance="P30D")
    balance = {one["currency"]: one for one in account.call("GET", "/v1/balance")["data"]}
    for currency in balance:
        net = sum(batch["net"] for batch in pages(account, f"/v1/settlements?currency={currency}"))
        payouts = pages(account, f"/v1/payouts?currency={currency}")
        assert all(payout["status"] == "paid" for payout in payouts)
        assert sum(payout["amount"] for payout in payouts) + balance[currency]["available"] == net
        assert balance[currency]["available"] <= 0
        assert (balance[currency]["pending"], balance[currency]["reserved"]) == (0, 0)
        for payout in payouts:
            paid_for = pages(account, f"/v1/settlements?payout={payout['id']}")
            assert sum(batch["net"] for batch in paid_for) == payout["amount"]
    account.close()


def agreed(fees: Json, card: str, amount: int, currency: str) -> int:
    """The fee of a capture, by fractions: all shares together, rounded half up once, and the fixed amounts."""
    pricing = fees["pricing"]
    applied = [pricing[name] for name in ("rate", "interchange", "scheme", "markup") if name in pricing]
    share = sum(rate["basis_points"] for rate in applied)
    if card == "visa_success_de":
        share += fees["cross_border"]
    if fees["settlement_currency"] not in (None, currency):
        share += 100
    exact = Fraction(amount * share, 10_000)
    fixed: int = sum(rate["fixed"].get(currency, 0) for rate in applied)
    return int(exact + Fraction(1, 2)) + fixed


def test_a_day_ends_at_midnight_and_each_currency_has_its_own_batch(account: Account) -> None:
    account.freeze("2026-03-02T23:59:59.999999Z")
    first = account.pay(amount=1000, capture=True)
    yen = account.pay(amount=500, currency="JPY", capture=True)
    assert account.call("GET", "/v1/settlements")["data"] == []
    account.clock(advance="PT0.000001S")
    second = account.pay(amount=2000, capture=True)
    account.clock(advance="P1D")

    found = {(batch["date"], batch["currency"]): batch for batch in pages(account, "/v1/settlements")}
    paid = {key: [line["payment"] for line in lines_of(account, batch["id"])] for key, batch in found.items()}
    assert paid == {
        ("2026-03-02", "USD"): [first["id"]],
        ("2026-03-02", "JPY"): [yen["id"]],
        ("2026-03-03", "USD"): [second["id"]],
    }
    assert found["2026-03-02", "USD"]["created_at"] == "2026-03-03T00:00:00.000000Z"


def test_a_settlement_is_told_of_once_with_what_its_get_says(account: Account) -> None:
    account.freeze()
    account.pay(capture=True)
    [batch] = end_day(account)
    [event] = [event for event in account.events() if event["type"] == "settlement.created"]
    assert event["data"] == batch == account.call("GET", f"/v1/settlements/{batch['id']}")
    assert event["timestamp"] == batch["created_at"]


def test_days_without_movements_make_no_batch_and_a_year_passes_quickly(account: Account) -> None:
    account.freeze()
    account.pay(capture=True)
    account.clock(advance="P1Y")
    assert len(pages(account, "/v1/settlements")) == 1
    assert account.call("GET", "/_sandbox/clock")["next"] == []


def test_an_authorization_alone_moves_nothing(account: Account) -> None:
    account.freeze()
    account.pay()
    account.pay("visa_insufficient_funds", capture=True)
    assert end_day(account) == []
    assert account.call("GET", "/v1/balance") == {"object": "balance", "data": []}


def test_each_partial_capture_is_a_line(account: Account) -> None:
    account.freeze()
    paid = account.pay(amount=1000)
    for amount in (300, 200):
        account.act(paid["id"], "capture", {"amount": amount})
    [batch] = end_day(account)
    assert [(line["gross"], line["fee"]) for line in lines_of(account, batch["id"])] == [(300, 39), (200, 36)]


def shape(lines: list[Json]) -> list[tuple[str, int, int]]:
    return [(line["type"], line["gross"], line["fee"]) for line in lines]


def test_a_refund_does_not_return_the_fee_and_may_cost_one(account: Account) -> None:
    settings(account, fees={"refund": {"USD": 25}})
    account.freeze()
    paid = account.pay(amount=1000, capture=True)
    refund = account.call("POST", f"/v1/payments/{paid['id']}/refunds", {"amount": 400})
    [batch] = end_day(account)
    lines = lines_of(account, batch["id"])
    assert shape(lines) == [("capture", 1000, 59), ("refund", -400, 0), ("fee", 0, 25)]
    assert {line["source"] for line in lines[1:]} == {refund["id"]}


def test_refunds_may_return_the_fee_and_together_return_all_of_it(account: Account) -> None:
    settings(account, fees={**PLUS_PLUS, "refunds_return_fees": True})
    account.freeze()
    paid = account.pay(amount=1999, capture=True)
    for amount in (333, 667, 1, 998):
        account.call("POST", f"/v1/payments/{paid['id']}/refunds", {"amount": amount})
    [batch] = end_day(account)
    lines = lines_of(account, batch["id"])
    assert [line["fee"] for line in lines] == [57, -8, -19, 0, -30]
    assert sums_of(batch) == {"gross": 0, "fee": 0, "net": 0}
    assert set(batch["fee_parts"].values()) == {0}


def test_a_refund_that_comes_back_puts_the_money_back_with_a_line_of_its_own(account: Account) -> None:
    settings(account, fees={**blended(300), "refunds_return_fees": True})
    account.freeze()
    paid = account.pay(amount=1000, capture=True)
    refund = account.call("POST", f"/v1/payments/{paid['id']}/refunds", {"amount": 500})
    account.move("refunds", refund["id"], next_failure(account, refund["id"]))
    [batch] = end_day(account)
    lines = lines_of(account, batch["id"])
    assert shape(lines) == [("capture", 1000, 30), ("refund", -500, -15), ("refund_failure", 500, 15)]
    assert lines[2]["source"] == refund["id"]


def next_failure(account: Account, refund_id: str) -> str:
    [move] = account.call("GET", f"/_sandbox/refunds/{refund_id}/next")["data"]
    return str(move["action"])


def test_a_refund_that_never_left_moves_nothing(account: Account) -> None:
    account.freeze()
    paid = account.pay("visa_refund_fails", amount=1000, capture=True)
    account.call("POST", f"/v1/payments/{paid['id']}/refunds", {})
    account.clock(advance="P3D")
    [batch] = pages(account, "/v1/settlements")
    assert shape(lines_of(account, batch["id"])) == [("capture", 1000, 59)]


@pytest.mark.parametrize(
    ("returns", "expected"),
    [
        (False, [("dispute", -1000, 0), ("fee", 0, 1500), ("dispute_reversal", 1000, 0)]),
        (True, [("dispute", -1000, 0), ("fee", 0, 1500), ("dispute_reversal", 1000, 0), ("fee", 0, -1500)]),
    ],
)
def test_a_chargeback_takes_money_and_fee_and_a_win_brings_the_money_back(
    account: Account, returns: bool, expected: list[tuple[str, int, int]]
) -> None:
    settings(account, fees={**blended(0), "won_disputes_return_fee": returns})
    dispute = disputed(account)
    account.move("disputes", dispute["id"], "withdraw")
    [batch] = end_day(account)
    lines = lines_of(account, batch["id"])
    assert shape(lines) == [("capture", 1000, 0), *expected]
    assert {(line["source"], line["payment"]) for line in lines[1:]} == {(dispute["id"], dispute["payment"])}


def test_a_reserve_is_held_back_and_released_by_lines_of_their_own(account: Account) -> None:
    settings(account, fees=blended(0), payouts={"reserve": 1000, "reserve_days": 10})
    account.freeze()
    account.pay(amount=1999, capture=True)
    [batch] = end_day(account)
    lines = lines_of(account, batch["id"])
    assert shape(lines) == [("capture", 1999, 0), ("reserve", -199, 0)]
    assert (lines[1]["source"], lines[1]["payment"]) == (batch["id"], None)
    assert lines[1]["created_at"] == "2026-03-02T23:59:59.999999Z"
    [balance] = account.call("GET", "/v1/balance")["data"]
    assert balance == {"currency": "USD", "pending": 1800, "available": 0, "in_transit": 0, "reserved": 199}

    account.clock(to="2026-03-14T00:00:00Z")
    [later, _] = pages(account, "/v1/settlements")
    assert later["date"] == "2026-03-13"
    [line] = lines_of(account, later["id"])
    assert (line["type"], line["net"], line["source"]) == ("reserve_release", 199, batch["id"])
    account.clock(advance="P7D")
    assert sorted(payout["amount"] for payout in pages(account, "/v1/payouts")) == [199, 1800]
    assert account.call("GET", "/v1/balance")["data"][0]["reserved"] == 0


def test_csv_says_what_json_says_over_many_chunks(account: Account) -> None:
    account.freeze()
    paid = account.pay(amount=1999, capture=True)
    account.call("POST", f"/v1/payments/{paid['id']}/refunds", {"amount": 500})
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: adjust(account, number), range(1, 1050)))
    [batch] = end_day(account)
    rows, lines = csv_of(account, batch["id"]), lines_of(account, batch["id"])
    assert len(rows) == 1051
    assert rows == [as_row(line) for line in lines]


def as_row(line: Json) -> dict[str, str]:
    kept: dict[str, Any] = {name: value for name, value in line.items() if name not in ("object", "fee_parts")}
    kept |= {f"fee_{part}": value for part, value in line["fee_parts"].items()}
    return {name: "" if value is None else str(value) for name, value in kept.items()}


def test_lists_are_narrowed_by_their_parameters(account: Account) -> None:
    account.freeze()
    paid = account.pay(amount=1000, capture=True)
    account.call("POST", f"/v1/payments/{paid['id']}/refunds", {"amount": 400})
    account.pay(amount=500, currency="JPY", capture=True)
    account.pay(amount=700, capture=True)
    _, usd = end_day(account)
    assert pages(account, "/v1/settlements?currency=usd") == [usd]
    assert pages(account, "/v1/settlements?date=2026-03-03") == []
    assert [line["gross"] for line in lines_of(account, usd["id"], "?type=refund")] == [-400]
    assert [line["gross"] for line in lines_of(account, usd["id"], f"?payment={paid['id']}")] == [1000, -400]
    account.refused(422, "validation_failed", "GET", "/v1/settlements?date=2026-02-30")


def test_pages_of_lines_repeat_nothing(account: Account) -> None:
    account.freeze()
    for number in range(1, 8):
        adjust(account, number)
    [batch] = end_day(account)
    path = f"/v1/settlements/{batch['id']}/lines"
    assert [line["net"] for line in pages(account, path, limit=3)] == [7, 6, 5, 4, 3, 2, 1]
    cursor = account.call("GET", "/v1/settlements?limit=1")["next_cursor"]
    assert cursor is None
    account.refused(422, "invalid_cursor", "GET", f"{path}?cursor=x")


@pytest.mark.parametrize(
    "path",
    [
        "/v1/settlements/{id}",
        "/v1/settlements/{id}/lines",
        "/_sandbox/settlements/{id}/truth",
        "/_sandbox/settlements/{id}/truth/lines",
    ],
)
def test_another_accounts_settlement_is_not_there(account: Account, other_account: Account, path: str) -> None:
    account.freeze()
    account.pay(capture=True)
    [batch] = end_day(account)
    address = path.format(id=batch["id"])
    account.call("GET", address)
    other_account.refused(404, "not_found", "GET", address)
    assert pages(other_account, "/v1/settlements") == []


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        (
            {"fees": {"pricing": {"type": "blended", "rate": {"basis_points": 10_001}}}},
            "/fees/pricing/rate/basis_points",
        ),
        ({"fees": {"pricing": {"type": "flat"}}}, "/fees/pricing"),
        ({"fees": {"country": "usa"}}, "/fees/country"),
        ({"fees": {"refund": {"XXX": 1}}}, "/fees/refund/XXX"),
        ({"payouts": {"reserve": 0.5}}, "/payouts/reserve"),
        ({"payouts": {"destination": "mattress"}}, "/payouts/destination"),
    ],
)
def test_wrong_terms_are_refused_by_their_member(account: Account, changed: Json, pointer: str) -> None:
    problem = account.refused(422, "validation_failed", "PATCH", "/_sandbox/settings", changed)
    assert problem["param"] == pointer


def test_an_adjustment_of_nothing_is_refused(account: Account) -> None:
    body = {"amount": 0, "currency": "USD"}
    assert account.refused(422, "validation_failed", "POST", "/_sandbox/adjustments", body)["param"] == "/amount"
