"""What reports tell late, twice or otherwise: at the end each sale has cost and brought its money once."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.approvals import Approval
from app.approvals.decide import decide_approval
from app.db import reading, transaction
from app.ids import new_id
from app.ledger.balances import trial_balance
from app.merchants.models import CommissionPlan, Merchant
from app.merchants.terms import Terms, Tier
from app.operators.models import Operator
from app.operators.roles import Role
from app.payments.models import Payment
from app.reconciliation.rematch import rematch
from app.settlements.book import make_available
from app.settlements.models import Break, GatewayTerms, Settlement
from app.settlements.resolve import Way, resolve_break
from app.settlements.states import BreakStatus, Outcome
from app.settlements.write_off import ask_write_off
from tests.app.ledger.world import NOW, TESTER, Story, begin, book_report, line_of

TODAY, TOMORROW = NOW.date(), NOW.date() + timedelta(days=1)
CURRENCIES = iter("SEK NOK DKK PLN CZK HUF CHF GBP AUD CAD NZD EUR USD RON ISK MXN BRL ZAR SGD HKD".split())  # noqa: SIM905
"""Each test has one of its own."""
FEE = 320
"""Of 100.00, as agreed."""
_TERMS = {
    "pricing": {"type": "blended", "rate": {"basis_points": 320, "fixed": {}}},
    "country": "SE",
    "cross_border": 0,
    "currency_conversion": 0,
    "settlement_currency": None,
}


@pytest.fixture(scope="module")
def merchant(books: str) -> str:
    """The one merchant; what the gateway costs was agreed."""
    with transaction() as session:
        session.add(GatewayTerms(id=new_id("gt"), valid_from=NOW - timedelta(days=5), fees=_TERMS))
    return books


def sold(currency: str, amount: int = 10_000, merchant: str | None = None) -> Story:
    story = begin(amount, currency, merchant_id=merchant)
    story.capture(amount - 1, final=True)
    with transaction() as session:
        session.get_one(Payment, story.payment_id).card = {"last4": "4242", "country": "SE"}
    return story


def stands(currency: str) -> dict[str, int]:
    """By account, of all owners together, in minor units; what is nothing is left out."""
    sums: dict[str, int] = {}
    with reading() as session:
        for one in trial_balance(session, currency=currency):
            sums[one.code] = sums.get(one.code, 0) + one.net.amount_minor
    return {code: amount for code, amount in sums.items() if amount}


def breaks_of(currency: str) -> list[Break]:
    with reading() as session:
        return list(session.scalars(select(Break).where(Break.currency == currency).order_by(Break.id)))


def write_off(break_id: str) -> None:
    people = [Operator(id=new_id("opr"), name=secrets.token_hex(8), role=Role.FINANCE, created_at=NOW) for _ in "ab"]
    with transaction() as session:
        session.add_all(people)
    asker, second = (one.actor for one in people)
    asked: Approval = ask_write_off(break_id, "it never comes", asker, None)
    decide_approval(asked.id, approve=True, reason="looked at it", actor=second)


def pay_out(*settlements: Settlement) -> None:
    for one in settlements:
        make_available(one.id)


@pytest.mark.parametrize("ended", ["open", "claimed", "written off"])
def test_a_line_that_comes_after_all_is_counted_once(
    merchant: str, ended: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    currency = next(CURRENCIES)
    story = sold(currency)
    first = book_report(currency, [], monkeypatch, TODAY)
    (missing,) = breaks_of(currency)
    assert (missing.kind, missing.expected_minor) == (Outcome.MISSING_THERE, 10_000)
    if ended == "claimed":
        resolve_break(missing.id, Way.CLAIM, "they were asked", TESTER)
    elif ended == "written off":
        write_off(missing.id)
        pay_out(first)
        assert stands(currency).keys().isdisjoint({"psp_pending", "psp_available", "fees", "unmatched"})
        assert stands(currency)["write_offs"] == 10_000
    second = book_report(currency, [line_of(story, FEE)], monkeypatch, TOMORROW)
    pay_out(first, second)
    books = stands(currency)
    assert (books["psp_available"], books["fees"]) == (10_000 - FEE, FEE)
    assert books.keys().isdisjoint({"psp_pending", "write_offs", "unmatched"})
    assert [one.kind for one in breaks_of(currency) if one.status == BreakStatus.OPEN] == [Outcome.LATE]


@pytest.mark.parametrize("is_available", [False, True])
def test_a_loss_is_written_off_where_the_money_would_be(
    merchant: str, is_available: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    currency = next(CURRENCIES)
    sold(currency)
    settlement = book_report(currency, [], monkeypatch, TODAY)
    if is_available:
        pay_out(settlement)
    (missing,) = breaks_of(currency)
    write_off(missing.id)
    pay_out(settlement)
    books = stands(currency)
    assert books["write_offs"] == 10_000
    assert books.keys().isdisjoint({"psp_pending", "psp_available", "fees", "unmatched"})


@pytest.mark.parametrize("way", ["book", "write off"])
def test_a_line_of_another_sum_is_believed_once_that_is_decided(
    merchant: str, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    currency = next(CURRENCIES)
    settlement = book_report(currency, [line_of(sold(currency), 300, gross=9_000)], monkeypatch, TODAY)
    (differs,) = breaks_of(currency)
    assert differs.kind == Outcome.AMOUNT
    if way == "book":
        resolve_break(differs.id, Way.BOOK, "they are right", TESTER)
    else:
        write_off(differs.id)
    pay_out(settlement)
    books = stands(currency)
    assert (books["psp_available"], books["fees"]) == (8_700, 300)
    assert books["unmatched" if way == "book" else "write_offs"] == 1_000
    assert "psp_pending" not in books


def test_an_unknown_line_that_is_told_twice_is_booked_once_when_its_payment_turns_up(
    merchant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    currency = next(CURRENCIES)
    story = begin(10_000, currency)
    told = replace(story, captures=[10_000], captured_at=[NOW])
    told.status = "captured"
    settlement = book_report(currency, [line_of(told, FEE), line_of(told, FEE)], monkeypatch, TODAY)
    assert [one.kind for one in breaks_of(currency)] == [Outcome.MISSING_HERE, Outcome.MISSING_HERE]
    story.capture(9_999, final=True)
    assert rematch(TESTER) == 1
    pay_out(settlement)
    books = stands(currency)
    assert (books["psp_available"], books["fees"]) == (10_000 - FEE, FEE)
    assert "psp_pending" not in books
    assert sorted((one.kind, one.status) for one in breaks_of(currency)) == [
        (Outcome.DUPLICATE, BreakStatus.OPEN),
        (Outcome.MISSING_HERE, BreakStatus.RESOLVED),
    ]


def agree_with(merchant_id: str, terms: Terms) -> str:
    """A merchant with this plan."""
    with transaction() as session:
        session.add(Merchant(id=merchant_id, name=merchant_id, created_at=NOW))
        session.flush()
        plan = CommissionPlan(id=new_id("cpl"), merchant_id=merchant_id, valid_from=NOW - timedelta(days=9))
        plan.terms, plan.reason, plan.actor_name, plan.created_at = terms.model_dump(mode="json"), "agreed", "test", NOW
        session.add(plan)
    return merchant_id


def test_a_refund_beside_a_dispute_gives_back_the_commission_on_itself_alone(books: str) -> None:
    currency, seller = next(CURRENCIES), agree_with("mer_tenth", Terms(basis_points=1000))
    story = sold(currency, merchant=seller)
    assert stands(currency)["commission"] == -1_000
    story.dispute(4_999, 0)
    story.refund(4_999, "succeeded")
    assert stands(currency)["commission"] == -500
    story.decide("won")
    books_now = stands(currency)
    assert (books_now["commission"], books_now["merchant_shares"]) == (-500, 5_000)
    story.refund(4_999, "succeeded")
    assert stands(currency).keys().isdisjoint({"commission", "merchant_shares", "merchant_due"})


def test_a_refund_that_failed_is_no_sale_towards_a_tier(books: str) -> None:
    currency = next(CURRENCIES)
    tiers = (Tier(above={currency: 1_000_000}, basis_points=500),)
    seller = agree_with("mer_tiers", Terms(basis_points=1000, tiers=tiers))
    story = sold(currency, 600_000, seller)
    story.refund(599_999, "succeeded")
    story.end_refund("failed")
    sold(currency, 100_000, seller)
    assert stands(currency)["commission"] == -60_000 - 10_000
    sold(currency, 400_000, seller)  # 700,000 until now: still below
    sold(currency, 100_000, seller)
    assert stands(currency)["commission"] == -60_000 - 10_000 - 40_000 - 5_000
