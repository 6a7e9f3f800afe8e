"""Tell operators, in the dashboard, what they should know."""

from __future__ import annotations

import enum

from sqlalchemy.orm import Session

from app.clock import business_now, wall_now
from app.db import insert_if_absent
from app.notifications.models import Notice


class NoticeKind(enum.StrEnum):
    """What a notice is about."""

    MISMATCH = "mismatch"
    """The gateway says what cannot be this order, which is held, or this payout, which stays as it was."""
    UNKNOWN_OUTCOME = "unknown_outcome"
    """Nothing could settle an outcome; a person decides."""
    HOLD_ENDING = "hold_ending"
    HOLD_LAPSED = "hold_lapsed"
    REFUND_FAILED = "refund_failed"
    DISPUTE_OPENED = "dispute_opened"
    DISPUTE_DUE = "dispute_due"
    DISPUTE_CLOSED = "dispute_closed"
    APPROVAL_ASKED = "approval_asked"
    APPROVAL_DECIDED = "approval_decided"
    REVIEW = "review"
    """A payment waits for a person's verdict before its money is taken."""
    OUTAGE = "outage"
    RETRY_DUE = "retry_due"
    """A declined order may be paid again now, but only with a card given anew."""
    DELIVERY_FAILED = "delivery_failed"
    """A callback or an e-mail could not be delivered at all."""
    EVENT_FAILED = "event_failed"
    """A webhook event could not be applied."""
    JOB_DEAD = "job_dead"
    """Work that was due failed again and again, and was given up."""
    CLOCK_SKEW = "clock_skew"
    """Our clock and the gateway's are so far apart that deliveries are refused as stale."""
    PAYOUT_FAILED = "payout_failed"
    REPORT_MADE = "report_made"
    """A report is ready, or could not be made; told to whoever asked for it."""


def tell_operators(
    session: Session,
    kind: NoticeKind,
    subject_id: str,
    title: str,
    *,
    detail: str = "",
    occasion: str = "",
    order_id: str | None = None,
    payment_id: str | None = None,
    operator_id: str | None = None,
) -> bool:
    """Write a notice in the caller's transaction; False where that occasion was told before.

    With an operator's id it is told to them alone.
    """
    values = {
        "kind": kind,
        "subject_id": subject_id,
        "occasion": occasion,
        "title": title[:200],
        "detail": detail[:1000],
        "order_id": order_id,
        "payment_id": payment_id,
        "operator_id": operator_id,
        "at": business_now(session),
        "recorded_at": wall_now(),
    }
    return insert_if_absent(session, Notice.__table__, values)
