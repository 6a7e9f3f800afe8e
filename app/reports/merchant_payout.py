"""Why a payout to a merchant is what it is: from what was due to the sum, every step with its lines."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.money import Money
from app.reports.asked import Asked, Kind
from app.reports.cut import Cut
from app.reports.moves import merchant_book
from app.reports.report import Step
from app.settlements.models import MerchantPayout
from app.settlements.pay import how_payable
from app.settlements.states import MerchantPayoutStatus

_NEVER_SENT = (MerchantPayoutStatus.PROPOSED, MerchantPayoutStatus.CANCELED)


def merchant_payout_steps(session: Session, payout: MerchantPayout, cut: Cut) -> tuple[list[Step], dict[str, int]]:
    """From what the payout before left due to this one, as it was proposed; and how many lines each figure has."""
    currency, until = payout.currency, payout.settled_until
    book, begins = merchant_book(session, cut, currency, payout.merchant_id), _begins(session, payout)
    sums = book.sums(begins, until)
    how = how_payable(session, payout.merchant_id, currency, until, payout.created_at)
    steps = [Step(f"Due on {begins.date()}", book.opening(begins), is_level=True)] if begins else []
    steps += [Step(one.label, sums[one.key].amount, one.key) for one in book.figures if sums[one.key].lines]
    steps.append(Step(f"Due on {until.date()}, all paid to us by now", how.due_then, is_level=True))
    kept = how.due_then - how.taken - how.sent - payout.amount
    for label, amount in (
        ("Refunds, disputes and fees since", how.taken),
        ("Sent with other payouts since", how.sent),
        ("Kept for what is owed", kept),
    ):
        if amount:
            steps.append(Step(label, Money(-amount.amount_minor, currency)))
    return [*steps, Step("This payout", payout.amount, is_level=True)], {key: one.lines for key, one in sums.items()}


def statement_of(session: Session, payout: MerchantPayout) -> Asked:
    """The statement whose figures its steps are."""
    begins = _begins(session, payout)
    return Asked(
        Kind.MERCHANT,
        merchant=payout.merchant_id,
        currency=payout.currency,
        since=None if begins is None else begins.date(),
        until=payout.settled_until.date() - timedelta(days=1),
    )


def _begins(session: Session, payout: MerchantPayout) -> datetime | None:
    """Up to when the one before had paid."""
    before = select(MerchantPayout.settled_until).where(
        MerchantPayout.merchant_id == payout.merchant_id,
        MerchantPayout.currency == payout.currency,
        MerchantPayout.status.not_in(_NEVER_SENT),
        MerchantPayout.sent_at < payout.created_at,
        MerchantPayout.settled_until < payout.settled_until,
    )
    return session.scalars(before.order_by(MerchantPayout.settled_until.desc()).limit(1)).first()
