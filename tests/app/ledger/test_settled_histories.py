"""Whatever was sold, refunded, disputed, kept, held, paid out and sent back: both sides hold the same money, to the
unit, each day again."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.db import reading
from app.ledger import Account
from app.ledger.balances import balance_of, receivable, trial_balance
from app.ledger.verify import imbalances
from app.merchants.manage import make_merchant, set_beneficiary
from app.merchants.models import AccountKind
from app.money import Money
from app.orders.place import Item
from app.settlements import book
from app.settlements.agree import disagreements
from app.settlements.models import Break, Payout, Settlement
from app.settlements.pay import end_payout, payable, propose_payout, send_payout
from app.settlements.statement import statements
from app.settlements.states import MerchantPayoutStatus
from tests.app.ledger.till import Till
from tests.app.ledger.world import NOW, TESTER, Story, begin

if TYPE_CHECKING:
    from collections.abc import Sequence

CURRENCIES = ("JPY", "USD", "KWD", "CLF")  # 0, 2, 3 and 4 digits
STEPS = (
    *("capture", "capture", "capture_final", "void", "refund", "pending_refund", "refund_ends", "refund_fails"),
    *("dispute", "won", "lost"),
)
NIGHTS = ("free", "free", "pay_out", "pay_out", "arrive", "arrive", "fail", "merchants", "bounce", "adjust", "hold")
SOAKED, USUAL = 400, 8

Step = tuple[int, str, int]
Day = tuple[list[tuple[int, str, int]], list[Step], list[tuple[str, int]]]
"""Orders placed (amount, currency, which merchants sell it), steps of payments, and what the night brings."""

numbers = st.integers(0, 10**6)
days = st.tuples(
    st.lists(st.tuples(st.integers(1, 90_000), st.sampled_from(CURRENCIES), st.integers(0, 8)), max_size=2),
    st.lists(st.tuples(numbers, st.sampled_from(STEPS), numbers), max_size=8),
    st.lists(st.tuples(st.sampled_from(NIGHTS), numbers), max_size=5),
)


class World:
    """A gateway's till beside our books, over as many histories as are told."""

    def __init__(self, sellers: list[str]) -> None:
        self.sellers, self.till = sellers, Till(NOW)
        self.spent: dict[str, int] = defaultdict(int)
        self.till.go_to(NOW)

    def live(self, history: Sequence[Day]) -> None:
        stories: list[Story] = []
        for placed, steps, night in history:
            stories += [self._place(*one) for one in placed]
            for which, step, number in steps:
                if stories:
                    self._go(stories[which % len(stories)], step, number)
            settlements = self.till.end_day()
            assert [(one.net_read_minor, one.breaks) for one in settlements] == [
                (one.net_minor, 0) for one in settlements
            ]
            self.check()
            for what, number in night:
                self._happen(what, number)
                self.check()

    def _place(self, amount: int, currency: str, shape: int) -> Story:
        first, second = self.sellers[shape % 3], self.sellers[shape // 3]
        items = [Item("A lamp", 1, amount, merchant=first), Item("A cup", 2, 1 + amount // 7, merchant=second)]
        total = sum(item.quantity * item.unit_amount_minor for item in items)
        return begin(total, currency, items, first)

    def _go(self, story: Story, step: str, number: int) -> None:
        """One more word of the gateway's, where it is a legal one, and the line that it brings."""
        story.now = self.till.now
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
        self.till.follow(story, number % 97)

    def _happen(self, what: str, number: int) -> None:
        transfers = self.till.transfers
        match what:
            case "free":
                self.till.free()
            case "pay_out":
                self.till.pay_out()
            case "arrive":
                for one in [one for one in transfers if one.status == "pending"]:
                    self.till.arrive(one)
            case "fail":
                for one in [one for one in transfers if one.status != "failed"][-1:]:
                    self.till.fail(one)
            case "merchants" | "bounce":
                for seller in self.sellers:
                    for currency in CURRENCIES:
                        self._pay(seller, currency, bounces=what == "bounce")
            case "adjust":
                self.till.move("adjustment", f"ad_{number}_{self.till.now}", CURRENCIES[number % 4], number - 500_000)
                self.till.end_day()
            case "hold":
                currency = CURRENCIES[number % 4]
                self.till.hold(currency, -self.till.reserved[currency] or number + 1)
                self.till.end_day()

    def _pay(self, seller: str, currency: str, *, bounces: bool) -> None:
        with reading() as session:
            amount, _ = payable(session, seller, currency)
            due = -balance_of(session, Account.MERCHANT_DUE, currency, seller).amount_minor
        assert 0 <= amount.amount_minor <= max(due, 0)
        if amount:
            payout = propose_payout(seller, currency, TESTER)
            assert payout.amount == amount
            send_payout(payout.id, "for the test", TESTER)
            status = MerchantPayoutStatus.BOUNCED if bounces else MerchantPayoutStatus.PAID
            end_payout(payout.id, status, "for the test", TESTER)
            self.spent[currency] += 0 if bounces else amount.amount_minor

    def check(self) -> None:
        """Both sides agree, and every sum is the one before it and what came since."""
        till = self.till
        with reading() as session:
            assert imbalances(session) == []
            assert disagreements(session) == []
            assert session.query(Break).all() == []
            for currency in CURRENCIES:
                ours = {code: balance_of(session, code, currency).amount_minor for code in Account}
                assert ours[Account.PSP_AVAILABLE] == till.available[currency]
                assert ours[Account.PSP_RESERVE] == till.reserved[currency]
                assert ours[Account.IN_TRANSIT] == till.in_transit[currency]
                assert ours[Account.PSP_PENDING] == till.pending[currency]
                assert ours[Account.BANK] == till.paid[currency] - self.spent[currency]
                theirs = till.pending[currency] + till.available[currency]
                theirs += till.reserved[currency] + till.in_transit[currency]
                assert receivable(session, currency) == Money(theirs, currency)
            for transfer in till.transfers:
                row = session.get_one(Payout, transfer.id)
                nets = [session.get_one(Settlement, one).net_minor for one in transfer.batches]
                lines = [line.net for one in transfer.batches for line in till.reports[one]]
                assert sum(lines) == sum(nets) == row.amount_minor == transfer.amount == sum(row.parts.values())
            self._statements_join()

    def _statements_join(self) -> None:
        """What a statement closes with the next one opens with, wherever one cuts; and both are whole."""
        cut = datetime.combine(self.till.now, time(), UTC) - timedelta(days=1)
        with reading() as session:
            for seller in self.sellers:
                before = statements(session, seller, None, cut)
                after = statements(session, seller, cut, None)
                assert all(one.is_whole for one in (*before, *after))
                assert [one.closing for one in before] == [one.opening for one in after]
                for one in after:
                    due = balance_of(session, Account.MERCHANT_DUE, one.currency, seller)
                    assert one.closing.amount_minor == -due.amount_minor
            past = {one.account_id: one.net for one in trial_balance(session, at=cut)}
            now = {one.account_id: one.net for one in trial_balance(session)}
            assert past.keys() <= now.keys()


@pytest.fixture(scope="module")
def world(books: str) -> World:
    """Three merchants who may be paid."""
    sellers = [books, *(make_merchant(f"Seller {number}", "USD", TESTER).id for number in range(2))]
    for seller in sellers:
        set_beneficiary(seller, AccountKind.IBAN, "Ann", "DE89370400440532013000", None, "for the test", TESTER)
    return World(sellers)


def test_any_history_settles_to_the_unit(
    world: World, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.setattr(book, "gateway", lambda: world.till)
    soak = bool(request.config.getoption("--soak"))

    @settings(
        max_examples=SOAKED if soak else USUAL,
        derandomize=not soak,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(days, min_size=1, max_size=4))
    def any_history(history: list[Day]) -> None:
        world.live(history)

    any_history()
    assert any(one.status == "paid" for one in world.till.transfers), "something was paid out"
