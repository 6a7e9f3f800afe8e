"""What a payment brings to the books: compared with what stands there, so that nothing is posted twice or left out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import inspect
from sqlalchemy.orm import Session

from app.ledger import Draft, Event, Line, lines_of, post_once, reverse, standing_of
from app.merchants.shares import SHARE_BACK, SHARED, share_back, share_of_capture, shared_gross
from app.money import Money
from app.payments.states import RefundStatus

if TYPE_CHECKING:
    from app.payments.models import Payment

T = TypeVar("T")
_OURS = frozenset({"payment", "capture", "refund"})
"""Sources of what is posted here; disputes and settlements post for themselves."""


def book_payment(session: Session, payment: Payment, cause: str | None) -> bool:
    """Post what is new, reverse what no longer holds, in the caller's transaction. True if anything was posted."""
    wanted = drafts_of(session, payment, cause)
    standing, past = standing_of(session, payment.id)
    changed = False
    for one in standing:
        if one.source_type in _OURS and not _is_wanted(one.key, wanted):
            reverse(session, one, cause=cause)
            changed = True
    for draft in wanted:
        changed |= post_once(session, standing, past, draft)
    return _book_shares(session, payment, cause) or changed


def drafts_of(session: Session, payment: Payment, cause: str | None = None) -> list[Draft]:
    """Every posting that the payment as it is now stands for, its merchants' shares aside."""
    captures = _kept(session, payment.captures)
    drafts = [
        *_holds(payment, captures, cause),
        *(_draft(payment, "capture", one.id, Event.CAPTURED, one.amount, cause, one.created_at) for one in captures),
        *(
            _draft(payment, "refund", one.id, Event.REFUNDED, one.amount, cause)
            for one in _kept(session, payment.refunds)
            if one.status == RefundStatus.SUCCEEDED
        ),
    ]
    return [draft for draft in drafts if draft.lines]


def _holds(payment: Payment, captures: Sequence[Any], cause: str | None) -> list[Draft]:
    """The hold, what captures took of it, and what was released or lapsed."""
    if payment.authorized_at is None:
        return []
    taken = sum(capture.amount_minor for capture in captures)
    left = Money(payment.amount_minor - taken - payment.amount_capturable_minor, payment.currency)
    return [
        _draft(payment, "payment", payment.id, Event.AUTHORIZED, payment.amount, cause, payment.authorized_at),
        *(_draft(payment, "capture", one.id, Event.HOLD_TAKEN, one.amount, cause, one.created_at) for one in captures),
        _draft(payment, "payment", payment.id, Event.HOLD_RELEASED, left, cause),
    ]


def _draft(
    payment: Payment,
    source_type: str,
    source_id: str,
    event: Event,
    amount: Money,
    cause: str | None,
    happened_at: datetime | None = None,
) -> Draft:
    lines = lines_of(event, amount, payment.order.merchant_id)
    return _of(payment, source_type, source_id, event, lines, cause, happened_at)


def _of(
    payment: Payment,
    source_type: str,
    source_id: str,
    kind: str,
    lines: tuple[Line, ...],
    cause: str | None,
    happened_at: datetime | None = None,
) -> Draft:
    return Draft(
        source_type,
        source_id,
        str(kind),
        payment.order.merchant_id,
        lines,
        order_id=payment.order_id,
        payment_id=payment.id,
        cause=cause,
        happened_at=happened_at,
    )


def _is_wanted(key: tuple[str, str, str], wanted: Iterable[Draft]) -> bool:
    """A share stands for as long as the capture or refund that it is of does."""
    source_type, source_id, kind = key
    of = {SHARED: Event.CAPTURED.value, SHARE_BACK: Event.REFUNDED.value}.get(kind, kind)
    return any(draft.key == (source_type, source_id, of) for draft in wanted)


def _book_shares(session: Session, payment: Payment, cause: str | None) -> bool:
    """What of each capture belongs to merchants, and what of that each refund takes back."""
    captures, refunds = _kept(session, payment.captures), _kept(session, payment.refunds)
    if not captures and not refunds:
        return False
    standing, past = standing_of(session, payment.id)
    grosses = {one.source_id: shared_gross(one) for one in standing if one.kind == SHARED}
    changed = False
    for capture in captures:
        if grosses.get(capture.id) != capture.amount_minor:
            lines = share_of_capture(session, payment.order, capture.amount, capture.created_at)
            draft = _of(payment, "capture", capture.id, SHARED, lines, cause, capture.created_at)
            changed |= post_once(session, standing, past, draft)
    for refund in refunds:
        is_back = any(one.key == ("refund", refund.id, SHARE_BACK) for one in standing)
        if refund.status == RefundStatus.SUCCEEDED and not is_back:
            standing, past = standing_of(session, payment.id)
            lines = share_back(session, standing, refund.amount, payment.created_at)
            changed |= post_once(session, standing, past, _of(payment, "refund", refund.id, SHARE_BACK, lines, cause))
    return changed


def _kept(session: Session, rows: Iterable[T]) -> list[T]:
    """Without those that are being removed in this transaction."""
    return [row for row in rows if row not in session.deleted and not inspect(row).deleted]
