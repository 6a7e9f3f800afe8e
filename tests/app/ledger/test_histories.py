"""Whatever happens to payments, in whatever currencies: the books balance and say what the gateway says."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.clock import business_now
from app.db import reading, transaction
from app.ledger import Account
from app.ledger.balances import trial_balance
from app.ledger.post import standing_of
from app.ledger.verify import imbalances
from app.merchants.manage import make_merchant
from app.merchants.plans import agree
from app.merchants.terms import Terms, Tier
from app.orders.place import Item
from app.payments.models import lock_payment
from app.payments.postings import book_payment
from app.settlements.agree import disagreements
from tests.app.ledger.world import TESTER, Story, begin

Part = tuple[int, int, str | None]
"""An item: who sells it, its price, its category."""
CURRENCIES = ("JPY", "USD", "KWD", "CLF")  # 0, 2, 3 and 4 digits
STEPS = (
    "capture",
    "capture_final",
    "void",
    "refund",
    "pending_refund",
    "refund_ends",
    "refund_fails",
    "dispute",
    "won",
)
PLANS = (
    Terms(basis_points=1250, fixed={"USD": 30}, minimum={"JPY": 40}, tax_basis_points=1900),
    Terms(
        basis_points=900,
        tiers=(Tier(above={"USD": 5_000, "JPY": 5_000}, basis_points=333),),
        categories={"books": 77},
        passes_fees=False,
    ),
    Terms(basis_points=10_000, tax_basis_points=10_000, returns_commission=False),
)


@pytest.fixture(scope="module")
def sellers(books: str) -> list[str]:
    """The first merchant, without a plan, and one for each plan."""
    found = [books]
    for number, terms in enumerate(PLANS):
        merchant = make_merchant(f"Seller {number}", "USD", TESTER)
        with transaction() as session:
            agree(session, merchant.id, terms, datetime(2999, 1, 1, tzinfo=UTC), "for later", TESTER)
            plan = agree(session, merchant.id, terms, None, "for the test", TESTER)
            plan.valid_from = datetime(2020, 1, 1, tzinfo=UTC)
        found.append(merchant.id)
    return found


orders = st.tuples(
    st.integers(1, 4000),
    st.sampled_from(CURRENCIES),
    st.lists(st.tuples(st.integers(0, 3), st.integers(1, 50_000), st.sampled_from((None, "books"))), max_size=4),
)
steps = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from((*STEPS, "won", "lost")), st.integers(0, 10**6)), max_size=14
)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(orders, min_size=1, max_size=3), steps)
def test_any_history_balances_and_agrees(
    sellers: list[str],
    placed: list[tuple[int, str, list[tuple[int, int, str | None]]]],
    told: list[tuple[int, str, int]],
) -> None:
    stories = [_place(sellers, *one) for one in placed]
    for which, step, number in told:
        _go(stories[which % len(stories)], step, number)
    with reading() as session:
        assert imbalances(session) == []
        assert disagreements(session) == []
    for story in stories:
        _is_right(story)


def _place(sellers: list[str], amount: int, currency: str, parts: list[Part]) -> Story:
    items = [
        Item(f"Thing {number}", 1, price, merchant=sellers[who], category=category)
        for number, (who, price, category) in enumerate(parts)
    ]
    total = sum(item.unit_amount_minor for item in items) or amount
    return begin(total, currency, items, sellers[amount % len(sellers)])


def _go(story: Story, step: str, number: int) -> None:
    """One more word of the gateway's, where it is a legal one."""
    if step in ("capture", "capture_final") and story.capturable:
        story.capture(number, final=step == "capture_final")
    elif step == "void" and story.capturable:
        story.void()
    elif step in ("refund", "pending_refund") and not story.capturable and story.free > 0:
        story.refund(number, "succeeded" if step == "refund" else "pending")
    elif step in ("refund_ends", "refund_fails"):
        story.end_refund("failed" if step == "refund_fails" else "succeeded")
    elif step == "dispute" and not story.capturable and story.free > 0:
        story.dispute(number, number % 1500)
    elif step in ("won", "lost"):
        story.decide(step)


def _is_right(story: Story) -> None:
    """The payment's own postings: what it moved, what is held, and the merchants' part of it."""
    with reading() as session:
        standing, _ = standing_of(session, story.payment_id)
    sums: dict[str, int] = defaultdict(int)
    for one in standing:
        for (_, code, currency), amount in one.amounts.items():
            assert currency == story.currency
            sums[code] += amount
    open_now, lost = story.disputed("needs_response"), story.disputed("lost")
    fees = sum(case.fee for case in story.disputes)
    assert sums[Account.AUTH_PENDING] == story.capturable
    assert sums[Account.PSP_PENDING] == story.captured - story.given_back - open_now - lost - fees
    assert sums[Account.MERCHANT_SHARES] == story.captured - story.given_back - lost
    assert -sums[Account.MERCHANT_HELD] == open_now
    kept = -sums[Account.COMMISSION] - sums[Account.FEE_TAX_DUE]
    assert -sums[Account.COMMISSION] >= 0
    assert -sums[Account.FEE_TAX_DUE] >= 0
    assert -sums[Account.MERCHANT_DUE] == (
        sums[Account.MERCHANT_SHARES] - open_now - kept + sums[Account.FEES_RECHARGED]
    )


def test_the_same_word_again_posts_nothing(books: str) -> None:
    story = begin(5000, "USD")
    story.capture(2999, final=False)
    story.void()
    story.refund(999, "succeeded")
    with transaction() as session:
        payment = lock_payment(session, story.payment_id)
        assert payment is not None
        assert not book_payment(session, payment, None)


def test_a_past_moment_keeps_its_balance(books: str) -> None:
    story = begin(700, "USD", merchant_id=books)
    story.capture(699, final=True)
    with reading() as session:
        moment = business_now(session)
        before = {one.account_id: one.net for one in trial_balance(session, at=moment)}
    story.refund(699, "succeeded")
    with reading() as session:
        after = {one.account_id: one.net for one in trial_balance(session, at=moment)}
        now = {one.account_id: one.net for one in trial_balance(session)}
    assert after == before
    assert now != before
    assert sum(one.amount_minor for one in now.values() if one.currency == "USD") == 0
