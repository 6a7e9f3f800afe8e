"""Reports over HTTP: a page and its files of one cut, large ones in the background, and each role's way to them."""

from __future__ import annotations

import csv
import io
import re
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect
from pytest_playwright.pytest_playwright import CreateContextCallback

from tests.app.screens.visitor import Read, Visitor
from tests.app.settlements.shop import Shop
from tests.in_browser.desk import Desk
from tests.stack import until

SIGNATURES = {"pdf": b"%PDF-", "xlsx": b"PK", "csv": b"section,", "camt": b"<?xml"}


@pytest.fixture(scope="module")
def viewer(shop: Shop) -> Visitor:
    return Visitor(shop.stack, "viewer")


@pytest.fixture(scope="module")
def payout(shop: Shop) -> str:
    """The id of a payout in a currency that no other test of this installation uses."""
    for amount in (91_000, 52_500, 1_999):
        shop.refund(shop.sell(amount, "SEK"), amount // 10)
    shop.end_day()
    shop.go_on("P7D")
    found = until(
        lambda: shop.rows("SELECT id FROM payouts WHERE status = 'paid' AND currency = 'SEK'"),
        what="the payout to arrive",
        within=60,
    )
    _sealed(shop)
    return str(found[0]["id"])


def _sealed(shop: Shop) -> None:
    waiting = "SELECT id FROM ledger_transactions WHERE id NOT IN (SELECT transaction_id FROM ledger_seals)"
    until(lambda: not shop.rows(waiting), what="the ledger to be sealed", within=40)


def test_every_file_of_a_page_says_what_the_page_says(shop: Shop, viewer: Visitor, payout: str) -> None:
    page = viewer.read("/reports/settlement?currency=SEK")
    ways = {form: page.href(label) for form, label in (("csv", "CSV"), ("xlsx", "XLSX"), ("pdf", "PDF"))}
    ways["camt"] = page.href("camt.053")
    for form, way in ways.items():
        assert way is not None
        answer = viewer.get(way)
        assert answer.status_code == 200, answer.text
        assert answer.content.startswith(SIGNATURES[form])
        assert "attachment" in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(viewer.get(str(ways["csv"])).content.decode())))
    told = {row["item"]: row["amount"] for row in rows if row["section"] == "statement"}
    for item, amount in told.items():
        assert f"{Decimal(amount):,.2f}" in page.text, item
    lines = sum(Decimal(row["amount"]) for row in rows if row["section"] == "lines")
    by_sql = shop.rows(
        "SELECT SUM(p.amount_minor) AS amount FROM ledger_postings p JOIN ledger_accounts a ON a.id = p.account_id"
        " WHERE a.currency = 'SEK' AND a.code IN ('psp_pending', 'psp_available')"
    )
    assert lines * 100 == Decimal(told["Closing"]) * 100 == by_sql[0]["amount"]

    shop.sell(777, "SEK")
    _sealed(shop)
    again = list(csv.DictReader(io.StringIO(viewer.get(str(ways["csv"])).content.decode())))
    assert again == rows, "the cut is in the address"
    new = viewer.get("/reports/settlement/files/csv?currency=SEK").content.decode()
    assert len(list(csv.DictReader(io.StringIO(new)))) > len(rows)


def test_a_payout_leads_to_its_lines_and_they_add_up(shop: Shop, viewer: Visitor, payout: str) -> None:
    amount = shop.rows("SELECT amount_minor FROM payouts WHERE id = :id", id=payout)[0]["amount_minor"]
    content = viewer.get(f"/reports/payout/files/csv?payout={payout}").content.decode()
    rows = list(csv.DictReader(io.StringIO(content)))
    assert sum(Decimal(row["net"]) for row in rows if row["section"] == "lines") * 100 == amount
    assert sum(Decimal(row["net"]) for row in rows if row["section"] == "settlements") * 100 == amount
    figures = {row["item"]: Decimal(row["amount"]) for row in rows if row["section"] == "payout"}
    assert figures.pop("Payout") * 100 == amount
    assert sum(figures.values()) * 100 == amount
    page = viewer.read(f"/payouts/{payout}")
    refunds = next(link.href for link in page.links if "Refunds" in link.text and "figure=refund" in link.href)
    lines = viewer.read(refunds).html.partition('id="lines"')[2]
    assert lines.count("Matched") == 3
    assert set(re.findall(r"/payments/(pay_\w+)", lines)) == {row["payment"] for row in rows if row["type"] == "Refund"}


def test_a_months_chart_says_what_its_table_says(shop: Shop, viewer: Visitor, payout: str) -> None:
    month = str(shop.rows("SELECT created_at FROM captures WHERE currency = 'SEK'")[0]["created_at"])[:7]
    answer = viewer.get(f"/reports/month?month={month}&currency=SEK")
    (told,) = re.findall(r'aria-label="What moved in SEK by day, together ([^"]+)"', answer.text)
    (together,) = [row for row in Read(answer.text).row_texts() if row[:1] == ["Together"]]
    said = dict(part.rsplit(" ", 1) for part in told.split(", "))
    assert {"captured", "refunds", "fees", "net"} <= said.keys()
    columns = ("captured", "refunds", "disputes", "fees", "net")
    assert [said.get(name, "0.00") for name in columns] == [cell.split()[0] for cell in together[1:]]


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/reports/settlement?currency=XYZ", 422, "Choose a currency, like USD."),
        ("/reports/settlement?since=2026-02-02&until=2026-02-01", 422, "The last day lies before the first."),
        ("/reports/settlement?since=soon", 422, "Write a day like 2026-11-23."),
        ("/reports/month?month=2026-13", 422, "Write a month like 2026-11."),
        ("/reports/merchant?merchant=mer_nobody", 422, "Choose a merchant of the list."),
        ("/reports/payout", 200, "Which payout?"),
        ("/reports/payout?payout=po_nobody", 404, "There is no payout po_nobody."),
        ("/reports/settlement?cut=1.x", 422, "There is no such cut of the books."),
        ("/reports/settlement?cut=999999999.1", 422, "There is no such cut of the books."),
        ("/reports/nothing", 404, "There is no report nothing."),
        ("/reports/fees/files/camt", 404, "This report is not written as camt."),
        ("/reports/payout/files/csv", 422, "Say which payout."),
        ("/reports/made/rpt_nobody", 404, "There is no such report"),
    ],
)
def test_what_cannot_be_told_says_what_would_be_right(viewer: Visitor, path: str, status: int, said: str) -> None:
    answer = viewer.get(path)
    assert (answer.status_code, said in answer.text) == (status, True), answer.text


def test_a_report_is_made_in_the_background_and_told_to_whoever_asked(shop: Shop, viewer: Visitor, payout: str) -> None:
    page = viewer.read("/reports/ledger?currency=SEK")
    token = parse_qs(urlsplit(str(page.href("CSV"))).query)["cut"][0]
    address = f"/reports/ledger/files?currency=SEK&cut={token}"
    made = viewer.send("/reports", address, form="csv")
    path = urlsplit(made.url).path
    assert path.startswith("/reports/made/rpt_")
    until(lambda: "Ready" in viewer.read(path).text, what="the report to be made", within=60)
    file = viewer.get(f"{path}/file")
    assert file.content == viewer.get(str(page.href("CSV"))).content
    assert int(file.headers["Content-Length"]) == len(file.content)
    assert urlsplit(viewer.send("/reports", address, form="csv").url).path == path, "the same of the same cut"
    assert path in viewer.read("/notices").html
    assert path not in Visitor(shop.stack, "finance").read("/notices").html


def test_a_payout_is_followed_to_one_payments_postings(
    shop: Shop, payout: str, new_context: CreateContextCallback
) -> None:
    desk = Desk(new_context().new_page(), shop.stack)
    page = desk.page
    desk.open(shop.stack.sign_in_link("finance"))
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{shop.stack.dashboard_url}/")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Settlements").click()
    page.get_by_role("link", name="Payouts", exact=True).first.click()
    page.locator(f'a[href$="/payouts/{payout}"]').first.click()
    page.get_by_role("list", name="From gross to payout").get_by_role("link", name="Captured").click()
    expect(page).to_have_url(re.compile(r"/reports/payout\?.*figure=capture"))
    for label, suffix in (("PDF", ".pdf"), ("XLSX", ".xlsx"), ("CSV", ".csv")):
        with page.expect_download() as download:
            page.get_by_role("link", name=label, exact=True).click()
        assert download.value.suggested_filename.endswith(suffix)
        assert download.value.path().stat().st_size > 500
    lines = page.get_by_role("region", name="Lines: Captured")
    expect(lines.get_by_role("row")).to_have_count(4)
    lines.get_by_role("link", name="Payment").first.click()
    expect(page).to_have_url(re.compile(r"/payments/pay_\w+$"))
    page.locator('a[href*="/ledger/transactions/"]').first.click()
    expect(page.get_by_role("region", name="Postings of this ledger transaction")).to_be_visible()

    desk.open("/reports/settlement?currency=SEK")
    with page.expect_download() as download:
        page.get_by_role("link", name="camt.053").click()
    assert download.value.suggested_filename.endswith(".camt053.xml")
    assert desk.complaints == []
