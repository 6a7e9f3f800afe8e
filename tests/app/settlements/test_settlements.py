"""From captures to money at the bank: each day's batch is booked, matched and paid out, and the books say what the
gateway says."""

from __future__ import annotations

import json

from sqlalchemy import text

from tests.app.screens.visitor import Visitor
from tests.app.settlements.shop import Shop
from tests.hostile import NASTY, assert_harmless
from tests.stack import until

CURRENCIES = ("USD", "JPY", "KWD", "CLF")  # 2, 0, 3 and 4 digits


def test_a_day_of_four_currencies_is_booked_and_paid_out(shop: Shop) -> None:
    shop.begin_day()
    for currency in CURRENCIES:
        sold = shop.sell(12_345, currency)
        shop.sell(777, currency, "mastercard_success")
        shop.refund(sold, 345)
    disputed = shop.sell(5_000, "USD", "visa_dispute_fraudulent")
    shop.go_on("PT2H")
    shop.service.order_when(disputed, "paid")
    until(lambda: shop.rows("SELECT id FROM disputes"), what="the dispute to be heard of")
    settlements = [one for one in shop.end_day() if one["currency"] in CURRENCIES]  # other tests sold in others
    assert {one["currency"] for one in settlements} == set(CURRENCIES)
    found = {row["settlement_id"] for row in shop.rows("SELECT settlement_id FROM breaks")}
    assert found.isdisjoint(one["id"] for one in settlements)
    for one in settlements:
        (ours,) = shop.rows("SELECT * FROM settlements WHERE id = :id", id=one["id"])
        assert (ours["lines_read"], ours["net_read_minor"]) == (one["lines"], one["net"])
    until(shop.agrees, what="our books to say what the gateway holds")

    shop.go_on("P4D")
    until(lambda: all(shop.paid_by(one["id"]) for one in settlements), what="the payouts to be booked", within=60)
    until(shop.agrees, what="our books to say what the gateway holds")
    assert {one["id"]: one["net"] for one in settlements} == {one["id"]: shop.paid_by(one["id"]) for one in settlements}
    viewer = Visitor(shop.stack, "viewer")
    for kind, of in (("settlements", "/v1/settlements"), ("payouts", "/v1/payouts")):
        newest = shop.gateway.call("GET", f"{of}?limit=1")["data"][0]["id"]
        assert viewer.get(f"/search?q={newest}").url == f"{viewer.url}/{kind}/{newest}"
    told: dict[str, int] = {}
    for one in shop.gateway.call("GET", "/v1/payouts?status=paid&limit=100")["data"]:
        told[one["currency"]] = told.get(one["currency"], 0) + one["amount"]
    ours = shop.balances()
    assert {currency: ours[currency]["bank"] for currency in told} == told


def test_a_payout_that_bounces_is_available_again(shop: Shop) -> None:
    shop.gateway.call("PATCH", "/_sandbox/settings", {"payouts": {"destination": "bank_returned_later"}})
    shop.sell(9_900)
    shop.end_day()
    shop.go_on("P7D")
    until(lambda: shop.rows("SELECT id FROM payouts WHERE status = 'failed'"), what="the return", within=60)
    shop.gateway.call("PATCH", "/_sandbox/settings", {"payouts": {"destination": "bank_success"}})
    shop.go_on("P4D")
    until(shop.agrees, what="our books to say what the gateway holds", within=40)


def test_a_break_s_reason_stays_text(shop: Shop) -> None:
    shop.plant("rounding")
    for amount in (1_999, 4_500):
        shop.sell(amount)
    shop.end_day()
    (one,) = shop.rows("SELECT id FROM breaks WHERE status = 'open' ORDER BY id DESC LIMIT 1")
    finance, at = Visitor(shop.stack, "finance"), f"/breaks/{one['id']}"
    resolved = finance.send(at, f"{at}/resolution", way="claim", reason=NASTY)
    assert resolved.status_code == 200, resolved.text
    assert_harmless(resolved.text)
    assert_harmless(finance.get(f"/audit?subject={one['id']}").text)


def test_what_no_event_told_of_is_asked_for(shop: Shop) -> None:
    order = shop.service.place(2_222)
    shop.service.pay(order, "visa_success")
    paid = shop.service.order_when(order, "authorized")
    breaks = shop.rows("SELECT id FROM breaks")
    shop.gateway.fault({"type": "webhook_drop"}, event_type="payment.captured")
    shop.gateway.call("POST", f"/v1/payments/{paid['payments'][0]['gateway_id']}/capture", {})
    shop.end_day()
    shop.gateway.no_faults()
    shop.service.order_when(order, "paid")
    assert shop.rows("SELECT id FROM breaks") == breaks


def test_what_is_verified_names_a_changed_row(shop: Shop) -> None:
    sold = shop.sell(4_321)
    assert shop.verify()["faults"] == {"balance": [], "chain": [], "agreement": []}
    with shop.database.begin() as connection:
        connection.execute(
            text("UPDATE captures SET amount_minor = 4320 WHERE payment_id = :id"), {"id": sold["payments"][0]["id"]}
        )
    told = json.loads(shop.stack.cli_here("ledger", "verify", "--json", code=1))
    assert [sold["payments"][0]["id"] in fault for fault in told["faults"]["agreement"]] == [True]
    with shop.database.begin() as connection:
        connection.execute(
            text("UPDATE captures SET amount_minor = 4321 WHERE payment_id = :id"), {"id": sold["payments"][0]["id"]}
        )
