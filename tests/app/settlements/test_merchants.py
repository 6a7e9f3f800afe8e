"""Merchants: made, checked, agreed with; a sale split over two of them, and paid to one by two people."""

from __future__ import annotations

import csv
import re
from decimal import Decimal
from urllib.parse import urlsplit

import pytest
import requests

from tests.app.screens.visitor import Read, Visitor
from tests.app.settlements.shop import Shop
from tests.hostile import NASTY, assert_harmless
from tests.stack import until

GOOD = {"kind": "iban", "holder": "Ada Books Ltd", "number": "DE89 3704 0044 0532 0130 00", "reason": "first account"}
PLAN = {
    "percent": "10",
    "tax": "19",
    "fixed": "USD 0.30, JPY 40",
    "minimum": "",
    "tiers": "USD 100000: 5",
    "categories": "books: 5",
    "passes_fees": "y",
    "returns_commission": "y",
    "valid_from": "",
    "reason": "as agreed on the phone",
}


@pytest.fixture(scope="module")
def finance(shop: Shop) -> Visitor:
    return Visitor(shop.stack, "finance")


@pytest.fixture(scope="module")
def seller(shop: Shop, finance: Visitor) -> str:
    """The id of a merchant with an account and a plan."""
    made = finance.send("/merchants/new", "/merchants", name="Ada Books", currency="USD")
    assert made.status_code == 200, made.text
    merchant = made.url.rpartition("/")[2]
    page = f"/merchants/{merchant}"
    for form, written in (("beneficiary", GOOD), ("plans", PLAN)):
        answer = finance.send(page, f"{page}/{form}", **written)
        assert answer.status_code == 200, answer.text
    finance.send(page, f"{page}/schedule", schedule="manual", payout_day="1", currency="USD", reason="by hand")
    return merchant


@pytest.mark.parametrize("currency", [None, "EUR"])
def test_another_schedule_leaves_the_currency_as_it_is(shop: Shop, finance: Visitor, currency: str | None) -> None:
    name = f"Keeps {currency}"
    merchant = finance.send("/merchants/new", "/merchants", name=name, currency="EUR").url.rpartition("/")[2]
    page = f"/merchants/{merchant}"
    finance.send(page, f"{page}/schedule", currency=currency or "", reason="as agreed")
    assert finance.read(page).fields["currency"] == (currency or "")
    for schedule in ("weekly", "manual"):
        answer = finance.send(page, f"{page}/schedule", schedule=schedule, reason="paid otherwise")
        assert answer.status_code == 200, answer.text
    assert f"Books in {currency or 'any currency'}" in finance.read(page).text
    wanted = "SELECT currency, schedule FROM merchants WHERE id = :id"
    assert shop.rows(wanted, id=merchant) == [{"currency": currency, "schedule": "manual"}]
    without = {name: value for name, value in finance.read(page).fields.items() if name != "currency"}
    assert finance.post(f"{page}/schedule", without | {"reason": "no currency at all"}).status_code == 422


@pytest.mark.parametrize(
    ("form", "written", "said"),
    [
        ("beneficiary", GOOD | {"number": "DE89 3704 0044 0532 0130 01"}, "That is no IBAN"),
        ("beneficiary", GOOD | {"number": "4242 4242 4242 4242"}, "That is no IBAN"),
        ("beneficiary", GOOD | {"routing": "NOBIC"}, "Write a BIC of 8 or 11 characters"),
        ("beneficiary", GOOD | {"kind": "us_account", "number": "12"}, "4 to 17 digits"),
        ("beneficiary", GOOD | {"kind": "us_account", "number": "123456", "routing": "021000022"}, "routing number"),
        ("beneficiary", GOOD | {"holder": ""}, "Write whose account it is."),
        ("plans", PLAN | {"percent": "101"}, "from 0 to 100"),
        ("plans", PLAN | {"fixed": "JPY 0.5"}, "JPY has 0 digits after the point"),
        ("plans", PLAN | {"fixed": "XYZ 1"}, "XYZ"),
        ("plans", PLAN | {"tiers": "5 percent"}, "is no tier"),
        ("plans", PLAN | {"categories": "books"}, "is no category"),
        ("plans", PLAN | {"valid_from": "2020-01-01"}, "cannot begin in the past"),
        ("plans", PLAN | {"valid_from": "soon"}, "Write a day like"),
        ("schedule", {"schedule": "weekly", "payout_day": "8", "currency": "USD", "reason": "x"}, "from 1 to 7"),
        ("schedule", {"schedule": "daily", "payout_day": "1", "currency": "USD", "reason": ""}, "Write why."),
    ],
)
def test_a_form_says_what_would_be_right(
    shop: Shop, finance: Visitor, seller: str, form: str, written: dict[str, str], said: str
) -> None:
    before = _written(shop)
    answer = finance.send(f"/merchants/{seller}", f"/merchants/{seller}/{form}", **written)
    assert answer.status_code == 422
    assert said in answer.text.replace("&#39;", "'")
    assert written["reason"] in answer.text
    assert _written(shop) == before


def _written(shop: Shop) -> list[list[object]]:
    """All that merchants' forms write."""
    return [shop.rows(f"SELECT * FROM {table}") for table in ("merchants", "beneficiaries", "commission_plans")]  # noqa: S608 - a fixed list


@pytest.mark.parametrize("role", ["viewer", "operator", "developer"])
def test_who_may_not_pay_out_changes_nothing(shop: Shop, seller: str, role: str) -> None:
    visitor = Visitor(shop.stack, role)
    page = visitor.read(f"/merchants/{seller}")
    assert "Pay to this account" not in page.text
    token = visitor.read("/account").fields["csrf_token"]
    for form in ("beneficiary", "plans", "schedule", "payouts"):
        assert visitor.post(f"/merchants/{seller}/{form}", GOOD | {"csrf_token": token}).status_code == 403


def test_an_account_is_shown_masked(finance: Visitor, seller: str) -> None:
    page = finance.read(f"/merchants/{seller}")
    assert "DE ···· 3000" in page.text
    assert "370400440532" not in page.html


def test_what_is_written_about_a_merchant_stays_text(finance: Visitor) -> None:
    made = finance.send("/merchants/new", "/merchants", name=NASTY, currency="USD")
    assert made.status_code == 200, made.text
    page = made.url.removeprefix(finance.url)
    for form, written in (("beneficiary", GOOD | {"holder": NASTY}), ("plans", PLAN)):
        assert finance.send(page, f"{page}/{form}", **(written | {"reason": NASTY})).status_code == 200
    finance.send(page, f"{page}/schedule", schedule="manual", payout_day="1", currency="USD", reason=NASTY)
    merchant = page.rpartition("/")[2]
    for path in ("/merchants", page, f"{page}/statement", f"/audit?subject={merchant}"):
        assert_harmless(finance.get(path).text)


def test_a_sale_is_split_and_paid_to_one_of_them_by_two_people(shop: Shop, finance: Visitor, seller: str) -> None:
    items = [
        {"name": "A book", "quantity": 1, "unit_amount": 600_000, "merchant": seller, "category": "books"},
        {"name": "A lamp", "quantity": 1, "unit_amount": 400_000, "merchant": seller},
        {"name": "A cup", "quantity": 1, "unit_amount": 1_000},
    ]
    order = shop.sell(1_001_000, items=items)
    shop.refund(order, 1_001)

    def on(code: str) -> int:
        rows = shop.rows(
            "SELECT SUM(amount_minor) AS amount FROM ledger_postings WHERE account_id = :id", id=f"{seller}:{code}:USD"
        )
        return int(rows[0]["amount"] or 0)

    # 5 % of the book, 10 % of the lamp, 0.30; 19 % tax on it; a thousandth of all of it refunded
    assert on("merchant_shares") == 1_000_000 - 1_000
    kept = 30_000 + 40_000 + 30
    assert on("commission") == -(kept - kept * 1_000 // 1_000_000)
    tax = (2 * kept * 1_900 + 10_000) // 20_000
    assert on("fee_tax_due") == -(tax - tax * 1_000 // 1_000_000)
    assert shop.verify()["faults"] == {"balance": [], "chain": [], "agreement": []}

    early = finance.send(f"/merchants/{seller}", f"/merchants/{seller}/payouts", currency="USD")
    assert early.status_code == 409
    assert "has not come from the gateway" in early.text
    shop.end_day()
    shop.go_on("P7D")
    until(lambda: shop.rows("SELECT id FROM payouts WHERE status = 'paid'"), what="the gateway's payout", within=40)
    until(lambda: "Propose" in finance.read(f"/merchants/{seller}").text, what="something payable", within=40)
    due = -on("merchant_due")
    proposed = finance.send(f"/merchants/{seller}", f"/merchants/{seller}/payouts", currency="USD")
    assert proposed.status_code == 200, proposed.text
    path = proposed.url.removeprefix(shop.stack.dashboard_url)
    assert f"{due / 100:,.2f}" in proposed.text
    assert finance.get(f"/search?q={path.rpartition('/')[2]}").url == proposed.url

    asked = finance.send(path, f"{path}/sending", reason="monthly statement")
    assert "waits for a second one" in asked.text
    assert on("merchant_payout") == 0
    approval = shop.rows("SELECT id FROM approvals WHERE kind = 'merchant_payout'")[0]["id"]
    own = finance.send(f"/approvals/{approval}", f"/approvals/{approval}/decision", decision="approve", reason="mine")
    assert own.status_code == 403
    second = Visitor(shop.stack, "admin")
    second.send(f"/approvals/{approval}", f"/approvals/{approval}/decision", decision="approve", reason="looked at it")
    assert on("merchant_payout") == -due
    assert on("merchant_due") == 0

    finance.send(path, f"{path}/end", status="paid", reason="on the statement of today")
    assert (on("merchant_payout"), on("bank")) != (0, 0)
    finance.send(path, f"{path}/end", status="bounced", reason="their bank gave it back")
    assert on("merchant_due") == -due
    assert shop.verify()["faults"] == {"balance": [], "chain": [], "agreement": []}


def test_what_the_bank_gave_back_to_the_gateway_is_paid_to_nobody(shop: Shop, finance: Visitor, seller: str) -> None:
    paid = "SELECT id FROM payouts WHERE currency = 'CHF' AND status = 'paid' ORDER BY created_at"
    for amount, payouts in ((100_000, 1), (1_000, 2)):
        sold = shop.sell(
            amount, "CHF", items=[{"name": "A lamp", "quantity": 1, "unit_amount": amount, "merchant": seller}]
        )
        shop.end_day()
        shop.go_on("P6D")
        until(lambda: len(shop.rows(paid)) == payouts, what="the gateway's payout", within=60)  # noqa: B023
    first = shop.rows(paid)[0]["id"]
    shop.gateway.call("POST", f"/_sandbox/payouts/{first}/next", {"action": "return"})
    failed = "SELECT id FROM payouts WHERE status = 'failed' AND id = :id"
    until(lambda: shop.rows(failed, id=first), what="its return to be heard of", within=60)
    early = finance.send(f"/merchants/{seller}", f"/merchants/{seller}/payouts", currency="CHF")
    assert early.status_code == 409
    assert "has not come from the gateway" in early.text
    shop.go_on("P6D")  # it goes out again with the next
    until(lambda: len(shop.rows(paid)) == 2, what="it to be paid again", within=60)
    shop.refund(sold, 700)
    proposed = finance.send(f"/merchants/{seller}", f"/merchants/{seller}/payouts", currency="CHF")
    assert proposed.status_code == 200, proposed.text
    until(
        lambda: "Refunds, disputes and fees since" in finance.read(_path(proposed)).text, what="the books to be sealed"
    )
    _adds_up(finance, _path(proposed))
    finance.send(_path(proposed), f"{_path(proposed)}/sending", reason="as every month")
    shop.sell(3_000, "CHF", items=[{"name": "A lamp", "quantity": 1, "unit_amount": 3_000, "merchant": seller}])
    shop.end_day()
    shop.go_on("P6D")
    until(lambda: len(shop.rows(paid)) == 3, what="the next payout", within=60)
    after = finance.send(f"/merchants/{seller}", f"/merchants/{seller}/payouts", currency="CHF")
    _adds_up(finance, _path(proposed))
    assert _adds_up(finance, _path(after))[0][0].startswith("Due on ")


def _path(answer: requests.Response) -> str:
    return urlsplit(answer.url).path


def _adds_up(visitor: Visitor, path: str) -> list[tuple[str, int]]:
    """The steps of a payout's page; each level is the one before and what lies between."""
    found, level = list[tuple[str, int]](), 0
    for html in re.findall(r'<li class="fall .*?</li>', visitor.read(path).html, re.DOTALL):
        name, amount = Read(html).text.rpartition(" CHF")[0], _minor(html.partition("fall-amount")[2])
        if "fall-sum" in html:
            assert amount == level or not found, (name, found)
            level = amount
        else:
            level += amount
        found.append((name, amount))
    assert found[-1][0].startswith("This payout")
    return found


def test_a_payout_goes_to_no_account_that_was_changed_since(shop: Shop, finance: Visitor, seller: str) -> None:
    page = f"/merchants/{seller}"
    shop.sell(5_000, "NZD", items=[{"name": "A lamp", "quantity": 1, "unit_amount": 5_000, "merchant": seller}])
    shop.end_day()
    shop.go_on("P6D")
    until(lambda: shop.rows("SELECT id FROM payouts WHERE currency = 'NZD' AND status = 'paid'"), what="it", within=60)
    proposed = finance.send(page, f"{page}/payouts", currency="NZD")
    at = proposed.url.removeprefix(shop.stack.dashboard_url)
    finance.send(
        page, f"{page}/beneficiary", **GOOD | {"number": "GB82 WEST 1234 5698 7654 32", "reason": "taken over"}
    )
    refused = finance.send(at, f"{at}/sending", reason="as every month")
    assert refused.status_code == 409
    assert "another account since this was proposed" in refused.text
    sent = shop.rows("SELECT status FROM merchant_payouts WHERE id = :id", id=at.rpartition("/")[2])
    assert sent[0]["status"] == "proposed"
    finance.send(at, f"{at}/end", status="canceled", reason="to the new account")
    anew = finance.send(page, f"{page}/payouts", currency="NZD")
    assert "GB" in anew.text
    finance.send(page, f"{page}/beneficiary", **GOOD)


def test_a_statement_adds_up_and_says_what_the_ledger_says(shop: Shop, finance: Visitor, seller: str) -> None:
    items = [{"name": "A lamp", "quantity": 1, "unit_amount": 7_777, "merchant": seller}]
    order = shop.sell(7_777, items=items)
    shop.refund(order, 777)
    for period in ("", "?since=2020-01-01", "?until=2020-01-01", "?since=2999-01-01"):
        page = finance.read(f"/merchants/{seller}/statement{period}")
        told = re.findall(
            r"<dd>(.*?)</dd>", page.html.partition('id="statement-USD"')[2].partition("</dl>")[0], re.DOTALL
        )
        opening, *steps, closing = [_minor(one) for one in told]
        assert opening + sum(steps) == closing, period
    due = shop.rows(
        "SELECT -SUM(amount_minor) AS due FROM ledger_postings WHERE account_id = :id", id=f"{seller}:merchant_due:USD"
    )
    assert _told(finance, f"/merchants/{seller}/statement")[-1] == due[0]["due"]
    wrong = finance.get(f"/merchants/{seller}/statement?since=2026-02-02&until=2026-02-01")
    assert wrong.status_code == 422
    assert "The last day lies before the first." in wrong.text


def _told(visitor: Visitor, path: str) -> list[int]:
    """The sums of a statement in dollars, in cents: opening, steps, closing."""
    sums = visitor.read(path).html.partition('id="statement-USD"')[2].partition("</dl>")[0]
    return [_minor(one) for one in re.findall(r"<dd>(.*?)</dd>", sums, re.DOTALL)]


def _minor(html: str) -> int:
    """An amount of dollars on a page, in cents."""
    said = re.sub(r"<[^>]+>", " ", html)
    found = re.search(r"-?[0-9,]+\.[0-9]{2}", said)
    assert found is not None, said
    return int(found[0].replace(",", "").replace(".", ""))


def test_a_ledger_extract_adds_up_to_the_account(shop: Shop, finance: Visitor, seller: str) -> None:
    file = finance.get(f"/ledger/accounts/merchant_due/USD?owner={seller}&format=csv")
    assert file.headers["Content-Type"].startswith("text/csv")
    rows = list(csv.DictReader(file.text.splitlines()))
    debit, credit = (sum(Decimal(row[side] or 0) for row in rows) for side in ("debit", "credit"))
    due = shop.rows(
        "SELECT -SUM(amount_minor) AS due FROM ledger_postings WHERE account_id = :id", id=f"{seller}:merchant_due:USD"
    )
    assert (credit - debit) * 100 == due[0]["due"]


def test_the_api_refuses_an_item_of_nobody(shop: Shop) -> None:
    items = [{"name": "A cup", "quantity": 1, "unit_amount": 500, "merchant": "mer_nobody"}]
    body = {
        "reference": "nobody-1",
        "amount": 500,
        "currency": "USD",
        "customer": {"email": "ann@example.com", "name": "Ann"},
        "items": items,
    }
    answer = shop.service.call("POST", "/orders", body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/items/0/merchant"
