"""Whatever is changed behind the app's back, in the books or in what they are about, is named by who verifies them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from app import db
from app.db import reading, transaction
from app.ledger.chain import seal_ledger, verify_chain
from app.ledger.verify import imbalances
from app.merchants.manage import set_beneficiary
from app.merchants.models import AccountKind
from app.settlements import book
from app.settlements.agree import disagreements
from app.settlements.pay import propose_payout, send_payout
from tests.app.ledger.till import Till
from tests.app.ledger.world import NOW, TESTER, begin


@pytest.fixture(scope="module")
def rows(books: str) -> dict[str, str]:
    """One row of each kind, by its table: sold, refunded, disputed, settled, paid out, and paid to a merchant."""
    till = Till(NOW)
    till.go_to(NOW)
    held, sold, disputed = (begin(10_000, "USD", merchant_id=books) for _ in range(3))
    for story in (sold, disputed):
        story.capture(9_999, final=True)
        till.follow(story, 29)
    sold.refund(999, "succeeded")
    till.follow(sold, 0)
    disputed.dispute(4_999, 1_500)
    till.follow(disputed, 0)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(book, "gateway", lambda: till)
        (settlement,) = till.end_day()
    till.free()
    till.pay_out()
    till.arrive(till.transfers[0])
    set_beneficiary(books, AccountKind.IBAN, "Ann", "DE89370400440532013000", None, "for the test", TESTER)
    payout = propose_payout(books, "USD", TESTER)
    send_payout(payout.id, "for the test", TESTER)
    return {
        "held": held.payment_id,
        "sold": sold.payment_id,
        "disputed": disputed.payment_id,
        "settlement": settlement.id,
        "payout": till.transfers[0].id,
        "merchant_payout": payout.id,
    }


@pytest.fixture
def session(rows: dict[str, str]) -> Iterator[Session]:
    """What is written in it is taken back."""
    with Session(db.engine()) as opened:
        yield opened
        opened.rollback()


CHANGES = (
    ("held", "UPDATE payments SET amount_capturable_minor = amount_capturable_minor - 1 WHERE id = :id"),
    ("sold", "UPDATE captures SET amount_minor = amount_minor - 1 WHERE payment_id = :id"),
    ("sold", "DELETE FROM captures WHERE payment_id = :id"),
    ("sold", "UPDATE refunds SET amount_minor = amount_minor - 1 WHERE payment_id = :id"),
    ("sold", "UPDATE refunds SET status = 'pending' WHERE payment_id = :id"),
    ("disputed", "UPDATE disputes SET amount_minor = amount_minor - 1 WHERE payment_id = :id"),
    ("disputed", "UPDATE disputes SET status = 'lost' WHERE payment_id = :id"),
    ("settlement", "UPDATE settlements SET net_read_minor = net_read_minor + 1 WHERE id = :id"),
    ("settlement", "UPDATE settlements SET lines_read = lines_read - 1 WHERE id = :id"),
    ("settlement", "UPDATE settlements SET parts = '{}' WHERE id = :id"),
    ("settlement", "UPDATE settlements SET status = 'booked' WHERE id = :id"),
    ("settlement", "UPDATE settlement_lines SET net_minor = net_minor - 1 WHERE settlement_id = :id AND number = 0"),
    ("settlement", "UPDATE settlement_lines SET fee_minor = fee_minor + 1 WHERE settlement_id = :id AND number = 0"),
    ("settlement", "DELETE FROM settlement_lines WHERE settlement_id = :id AND number = 1"),
    ("payout", "UPDATE payouts SET amount_minor = amount_minor + 1 WHERE id = :id"),
    ("payout", "UPDATE payouts SET parts = '{}' WHERE id = :id"),
    ("payout", "UPDATE payouts SET status = 'in_transit' WHERE id = :id"),
    ("payout", "UPDATE payouts SET status = 'failed' WHERE id = :id"),
    ("payout", "DELETE FROM payouts WHERE id = :id"),
    ("merchant_payout", "UPDATE merchant_payouts SET amount_minor = amount_minor - 1 WHERE id = :id"),
    ("merchant_payout", "UPDATE merchant_payouts SET status = 'paid' WHERE id = :id"),
    ("merchant_payout", "UPDATE merchant_payouts SET status = 'bounced' WHERE id = :id"),
    ("merchant_payout", "DELETE FROM merchant_payouts WHERE id = :id"),
)


def test_what_was_not_touched_holds(session: Session) -> None:
    assert imbalances(session) == []
    assert disagreements(session) == []


@pytest.mark.parametrize(("of", "change"), CHANGES, ids=[change.partition(" WHERE")[0] for _, change in CHANGES])
def test_a_changed_row_is_named(session: Session, rows: dict[str, str], of: str, change: str) -> None:
    changed = session.execute(text(change), {"id": rows[of]})
    assert changed.rowcount == 1  # type: ignore[attr-defined]  # of a cursor
    faults = disagreements(session)
    assert faults
    assert all(rows[of] in fault for fault in faults)


def _without_guard(session: Session) -> None:
    """As somebody would who owns the database: its triggers no longer refuse."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SET LOCAL session_replication_role = replica"))
        return
    triggers = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE 'ledger_%'"
    for name in session.scalars(text(triggers)).all():
        session.execute(text(f"DROP TRIGGER {name}"))


LEDGER_CHANGES = (
    ("UPDATE ledger_postings SET amount_minor = amount_minor + 1 WHERE transaction_id = :id", "does not balance"),
    ("UPDATE ledger_postings SET currency = 'EUR' WHERE transaction_id = :id", "another currency than its account"),
    ("DELETE FROM ledger_postings WHERE transaction_id = :id", "has no postings"),
    ("DELETE FROM ledger_transactions WHERE id = :id", "belongs to no ledger transaction"),
)


@pytest.mark.parametrize(("change", "told"), LEDGER_CHANGES, ids=[told for _, told in LEDGER_CHANGES])
def test_postings_that_do_not_balance_are_named(session: Session, change: str, told: str) -> None:
    newest = session.scalar(text("SELECT MAX(id) FROM ledger_transactions"))
    _without_guard(session)
    session.execute(text(change), {"id": newest})
    assert any(told in fault for fault in imbalances(session))


FORGED = (
    ("UPDATE ledger_transactions SET cause = 'nothing' WHERE id = :id",),
    ("UPDATE ledger_postings SET amount_minor = 2 * amount_minor WHERE transaction_id = :id",),
    ("DELETE FROM ledger_postings WHERE transaction_id = :id",),
    ("DELETE FROM ledger_postings WHERE transaction_id = :id", "DELETE FROM ledger_transactions WHERE id = :id"),
    ("DELETE FROM ledger_seals WHERE transaction_id = :id",),
)


def test_what_was_changed_and_balances_all_the_same_breaks_the_chain(rows: dict[str, str], tmp_path: Path) -> None:
    """The last of this module: what is changed here stays changed."""
    seal_ledger(tmp_path)
    assert verify_chain(tmp_path).faults == ()
    with reading() as opened:
        ids = opened.scalars(text("SELECT transaction_id FROM ledger_seals ORDER BY number")).all()
    for number, (changes, id_) in enumerate(zip(FORGED, ids, strict=False), 1):
        with transaction() as opened:
            _without_guard(opened)
            for change in changes:
                opened.execute(text(change), {"id": id_})
        faults = " ".join(verify_chain(tmp_path).faults)
        assert (f"link {number}:" in faults) or (f"links {number} to {number}" in faults), changes
    with transaction() as opened:
        _without_guard(opened)
        opened.execute(text("DELETE FROM ledger_seals WHERE transaction_id = :id"), {"id": ids[-1]})
    assert any("the end was cut off" in fault for fault in verify_chain(tmp_path).faults)
