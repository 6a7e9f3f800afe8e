"""Asking for a second person, and reading what was asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app.approvals.kinds import KINDS, noun_of
from app.approvals.models import Approval, ApprovalStatus
from app.clock import business_now
from app.errors import InvalidInput, NotFound, RuleBroken
from app.ids import new_id
from app.money import Money
from app.notifications import NoticeKind, tell_operators
from app.operators.tokens import person_behind
from app.policy import current_policy
from app.timeline import Actor, Kind, add

REASON_AT_MOST = 1000


def ask_approval(
    session: Session,
    kind: str,
    subject_id: str,
    amount: Money,
    payload: dict[str, Any],
    actor: Actor,
    reason: str,
    request_key: str | None = None,
    *,
    order_id: str | None = None,
    payment_id: str | None = None,
) -> Approval:
    """Write the question down in the caller's transaction; the same `request_key` twice is one question.

    The caller has locked the subject. RuleBroken while another question of the kind about it waits.
    """
    assert kind in KINDS, f"nothing carries out {kind}"
    if not reason.strip() or len(reason) > REASON_AT_MOST:
        raise InvalidInput("/reason", "required", f"Write why, in 1 to {REASON_AT_MOST} characters.")
    standing = find_approval(session, request_key)
    if standing is not None:
        return standing
    _check_none_waits(session, kind, subject_id)
    now = business_now(session)
    approval = Approval(
        id=new_id("apr"),
        kind=kind,
        subject_id=subject_id,
        order_id=order_id,
        payment_id=payment_id,
        amount_minor=amount.amount_minor,
        currency=amount.currency,
        payload=payload,
        reason=reason.strip(),
        request_key=request_key,
        status=ApprovalStatus.ASKED,
        asked_by_kind=actor.kind,
        asked_by_id=actor.id,
        asked_by_name=actor.name[:200],
        asked_by_person=person_behind(session, actor),
        created_at=now,
        expires_at=now + timedelta(days=current_policy(session).approval_days),
    )
    session.add(approval)
    session.flush()
    title = f"A {noun_of(kind)} of {amount} waits for a second person"
    add(
        session,
        Kind.APPROVAL_ASKED,
        approval.id,
        title,
        actor,
        order_id=order_id,
        payment_id=payment_id,
        to_status=ApprovalStatus.ASKED,
        cause=request_key,
        data={"kind": kind, "subject": subject_id, "amount": amount.amount_minor, "currency": amount.currency},
    )
    tell_operators(
        session,
        NoticeKind.APPROVAL_ASKED,
        approval.id,
        title,
        detail=f"{actor.name} asks: {approval.reason}",
        order_id=order_id,
        payment_id=payment_id,
    )
    return approval


def _check_none_waits(session: Session, kind: str, subject_id: str) -> None:
    waiting = select(Approval).where(
        Approval.kind == kind, Approval.subject_id == subject_id, Approval.status == ApprovalStatus.ASKED
    )
    rival = session.scalars(waiting).first()
    if rival is not None:
        raise RuleBroken(
            "approval_pending",
            f"A {noun_of(kind)} of {rival.amount} was asked for by {rival.asked_by_name} already and waits for a second"
            " person. Decide that first, or have it withdrawn.",
        )


def find_approval(session: Session, request_key: str | None) -> Approval | None:
    """What a form or call with this key asked for, if it did."""
    if request_key is None:
        return None
    return session.scalars(select(Approval).where(Approval.request_key == request_key)).one_or_none()


def get_approval(session: Session, approval_id: str) -> Approval:
    """The approval; NotFound."""
    approval = session.get(Approval, approval_id)
    if approval is None:
        raise NotFound(f"There is no approval {approval_id}.")
    return approval


def _waits(now: datetime) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return Approval.status == ApprovalStatus.ASKED, Approval.expires_at > now


def count_waiting(session: Session, now: datetime) -> int:
    """How many wait for somebody's decision."""
    return session.scalar(select(func.count()).select_from(Approval).where(*_waits(now))) or 0


def waiting_of(session: Session, order_id: str) -> Sequence[Approval]:
    """What waits for a decision about this order, the oldest first."""
    found = select(Approval).where(Approval.order_id == order_id, *_waits(business_now(session)))
    return session.scalars(found.order_by(Approval.created_at)).all()
