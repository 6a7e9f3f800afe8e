"""Days that ended: settlements with what differs in them, payouts, and a merchant with a plan, an account, a payout."""

from __future__ import annotations

from sqlalchemy import create_engine

from app.config import database_url_of
from tests.app.reconciliation.files import bring, own_report
from tests.app.screens.visitor import Visitor
from tests.app.settlements.shop import Shop
from tests.stack import Stack, until

_PLAN = {
    "percent": "12.5",
    "tax": "19",
    "fixed": "USD 0.30, EUR 0.25",
    "tiers": "USD 10000, EUR 9000: 9.5\nUSD 100000, EUR 90000: 7",
    "categories": "books: 5\ngarden furniture: 15",
    "passes_fees": "y",
    "reason": "As agreed by telephone. " * 9,
}
_ACCOUNT = {
    "holder": "Bücher und Lampen von der Insel Gesellschaft mit beschränkter Haftung",
    "number": "DE89370400440532013000",
    "reason": "Their first account.",
}


def settle(stack: Stack) -> dict[str, str]:
    """The ids of one of each, by the names that addresses use."""
    database = create_engine(database_url_of(stack.database_url))
    try:
        shop, admin = Shop(stack, database), Visitor(stack)
        made = admin.send("/merchants/new", "/merchants", name="Bücher und Lampen von der Insel", currency="EUR")
        merchant = made.url.rpartition("/")[2]
        page = f"/merchants/{merchant}"
        admin.send(page, f"{page}/plans", **_PLAN)
        admin.send(page, f"{page}/schedule", currency="EUR", schedule="manual", payout_day="1", reason="By hand.")
        admin.send(page, f"{page}/beneficiary", **_ACCOUNT)
        items = [{"name": "A lamp", "quantity": 1, "unit_amount": 900_000, "merchant": merchant}]
        shop.sell(900_000, items=items)
        for kind in ("wrong_fee", "unknown_payment"):
            shop.plant(kind)
        order = shop.sell(12_345)
        shop.refund(order, 345)
        batch = next(one for one in shop.end_day() if one["currency"] == "USD")  # a demo has sold in others, too
        shop.go_on("P5D")
        paid = "SELECT id FROM payouts WHERE status = 'paid'"
        payout = until(lambda: shop.rows(paid), what="the payout", within=60)[0]["id"]
        proposed = admin.send(page, f"{page}/payouts", currency="USD")
        (broken, *_) = shop.rows("SELECT id FROM breaks WHERE kind = 'fee'")
        (posted, *_) = shop.rows("SELECT id FROM ledger_transactions WHERE kind = 'shared' ORDER BY id")
        report = admin.send("/reports", "/reports/settlement/files?currency=USD", form="pdf").url
        until(lambda: "Ready" in admin.read(report).text, what="the report to be made", within=60)
        files = _bring_files(shop, admin, str(batch["id"]))
        shop.gateway.clock(mode="live")
        return {
            **files,
            "merchant": merchant,
            "settlement": str(batch["id"]),
            "payout": str(payout),
            "merchant_payout": proposed.url.rpartition("/")[2],
            "break": str(broken["id"]),
            "posted": str(posted["id"]),
            "made_report": report.rpartition("/")[2],
        }
    finally:
        database.dispose()


def _bring_files(shop: Shop, admin: Visitor, settlement_id: str) -> dict[str, str]:
    """The day's report and the bank's statement, whose sum is one cent short in each currency; of that in dollars."""
    report = bring(admin, own_report(shop, settlement_id), "settlement_of_the_day.csv").url
    told = admin.get("/three-way/sandbox-statement?plant=amount")
    statement = bring(admin, told.content, "Kontoauszug vom gestrigen Tage, berichtigte Fassung.xml").url
    (entry,) = shop.rows("SELECT id FROM bank_statements WHERE currency = 'USD'")
    (broken,) = shop.rows("SELECT id FROM breaks WHERE side = 'bank' AND currency = 'USD'")
    return {
        "brought_report": report.rpartition("/")[2],
        "statement_file": statement.rpartition("/")[2],
        "statement": str(entry["id"]),
        "bank_break": str(broken["id"]),
    }
