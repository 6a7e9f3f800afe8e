"""Whether the books agree with what they are about: payments with their refunds and disputes, settlements, payouts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import islice

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.disputes.models import Dispute
from app.disputes.states import LOST, OPEN
from app.ledger.accounts import CHART, Account
from app.ledger.post import ACCOUNTS, POSTINGS, TRANSACTIONS
from app.money import Money
from app.payments.models import Payment
from app.payments.moved import Capture, Refund
from app.payments.states import RefundStatus
from app.settlements.agree_payouts import disagreeing_payouts

_AT_ONCE = 500
_NAMED = 50
_COMPARED = (
    Account.AUTH_PENDING,
    Account.REVENUE,
    Account.REFUNDS,
    Account.DISPUTES_OPEN,
    Account.DISPUTE_LOSSES,
)


def disagreements(session: Session) -> list[str]:
    """Each payment, settlement or payout whose postings do not say what its rows say; none when all agree."""
    found: list[str] = []
    for kind in (_payments(session), disagreeing_payouts(session)):
        some = list(islice(kind, _NAMED + 1))
        found += some[:_NAMED]
        if len(some) > _NAMED:
            found.append("and more; these come first by their ids")
    return found


def _payments(session: Session) -> Iterator[str]:
    after = ""
    while True:
        some = select(Payment.id, Payment.currency, Payment.amount_capturable_minor, Payment.authorized_at)
        rows = session.execute(some.where(Payment.id > after).order_by(Payment.id).limit(_AT_ONCE)).all()
        ids = [row.id for row in rows]
        said, posted = _said(session, ids), _posted(session, ids)
        for row in rows:
            if row.authorized_at is not None:
                said[row.id][Account.AUTH_PENDING] = row.amount_capturable_minor
            for code in _COMPARED:
                should, is_ = said[row.id][code], posted[row.id][code]
                if should != is_:
                    yield (
                        f"payment {row.id}: {CHART[code].name.lower()} should be {Money(should, row.currency)},"
                        f" the books say {Money(is_, row.currency)}"
                    )
        if len(rows) < _AT_ONCE:
            return
        after = ids[-1]


def _said(session: Session, ids: list[str]) -> dict[str, dict[Account, int]]:
    """What payments, refunds and disputes say, with the sign of the account's balance."""
    found: dict[str, dict[Account, int]] = defaultdict(lambda: defaultdict(int))
    captured = select(Capture.payment_id, func.sum(Capture.amount_minor)).where(Capture.payment_id.in_(ids))
    for payment_id, amount in session.execute(captured.group_by(Capture.payment_id)):
        found[payment_id][Account.REVENUE] = int(amount)
    refunded = select(Refund.payment_id, func.sum(Refund.amount_minor)).where(
        Refund.payment_id.in_(ids), Refund.status == RefundStatus.SUCCEEDED
    )
    for payment_id, amount in session.execute(refunded.group_by(Refund.payment_id)):
        found[payment_id][Account.REFUNDS] = int(amount)
    disputed = select(Dispute.payment_id, Dispute.status, Dispute.amount_minor).where(
        Dispute.payment_id.in_(ids), Dispute.taken_at.is_not(None)
    )
    for payment_id, status, amount in session.execute(disputed):
        if status in OPEN:
            found[payment_id][Account.DISPUTES_OPEN] += amount
        elif status in LOST:
            found[payment_id][Account.DISPUTE_LOSSES] += amount
    return found


def _posted(session: Session, ids: list[str]) -> dict[str, dict[Account, int]]:
    found: dict[str, dict[Account, int]] = defaultdict(lambda: defaultdict(int))
    sums = (
        select(TRANSACTIONS.c.payment_id, ACCOUNTS.c.code, func.sum(POSTINGS.c.amount_minor))
        .join_from(TRANSACTIONS, POSTINGS, POSTINGS.c.transaction_id == TRANSACTIONS.c.id)
        .join(ACCOUNTS, ACCOUNTS.c.id == POSTINGS.c.account_id)
        .where(TRANSACTIONS.c.payment_id.in_(ids), ACCOUNTS.c.code.in_(_COMPARED))
        .group_by(TRANSACTIONS.c.payment_id, ACCOUNTS.c.code)
    )
    for payment_id, code, amount in session.execute(sums):
        income = Account(code) is Account.REVENUE
        found[payment_id][Account(code)] = -int(amount) if income else int(amount)
    return found
