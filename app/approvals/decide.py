"""Deciding what was asked for, carrying it out, and letting it lapse."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import jobs
from app.approvals.ask import REASON_AT_MOST
from app.approvals.kinds import KINDS, noun_of
from app.approvals.models import APPROVAL, Approval, ApprovalStatus
from app.clock import business_now, wall_now
from app.db import reading, transaction
from app.errors import GatewayUnavailable, InvalidInput, NotFound, RuleBroken
from app.notifications import NoticeKind, tell_operators
from app.operators.roles import Permission
from app.operators.staff import standing_operator
from app.timeline import Actor, ActorKind, Kind, add
from app.timeline.actors import WORKER

CARRY_OUT_JOB = "carry_out_approval"
_WORKER_AFTER = timedelta(seconds=30)
"""Who decided carries it out at once; if that process dies, the worker does."""
_EXPIRE_AT_ONCE = 100


def decide_approval(approval_id: str, *, approve: bool, reason: str, actor: Actor) -> Approval:
    """Approve, and have it done; or refuse. RuleBroken, with status 403 for whoever asked for it."""
    with transaction() as session:
        approval = _lock(session, approval_id)
        _check_second_person(session, approval, actor)
        _check_waits(session, approval)
        _take_decision(session, approval, ApprovalStatus.APPROVED if approve else ApprovalStatus.REFUSED, reason, actor)
        if approve:
            due = wall_now() + _WORKER_AFTER
            jobs.enqueue(session, CARRY_OUT_JOB, _job_key(approval_id), {"approval": approval_id}, due)
    if not approve:
        return approval
    try:
        return carry_out_approval(approval_id)
    except GatewayUnavailable:
        with transaction() as session:
            jobs.postpone(session, _job_key(approval_id), wall_now())
        return approval


def withdraw_approval(approval_id: str, reason: str, actor: Actor) -> Approval:
    """Take one's own question back. RuleBroken for another's."""
    with transaction() as session:
        approval = _lock(session, approval_id)
        if actor.id is None or actor.id not in (approval.asked_by_id, approval.asked_by_person):
            raise RuleBroken("not_yours", "Only who asked for it may withdraw it.", status=403)
        _check_waits(session, approval)
        _take_decision(session, approval, ApprovalStatus.WITHDRAWN, reason, actor)
        return approval


def carry_out_approval(approval_id: str) -> Approval:
    """Do what was approved, unless it was done already. GatewayUnavailable while it cannot be begun."""
    with reading() as session:
        approval = session.get(Approval, approval_id)
    assert approval is not None, "approvals are never deleted"
    if approval.state is not ApprovalStatus.APPROVED:
        return approval
    try:
        end, outcome = ApprovalStatus.DONE, KINDS[approval.kind].carry_out(approval)
    except RuleBroken as broken:
        end, outcome = ApprovalStatus.FAILED, broken.detail
    with transaction() as session:
        standing = _lock(session, approval_id)
        if standing.state is ApprovalStatus.APPROVED:
            standing.outcome = outcome[:1000]
            _move(session, standing, end, f"{_noun(standing)}: {outcome}", WORKER)
        jobs.finish(session, _job_key(approval_id))
        return standing


@jobs.handler(CARRY_OUT_JOB)
def _carry_out_by_worker(payload: dict[str, Any]) -> None:
    try:
        carry_out_approval(payload["approval"])
    except GatewayUnavailable as silence:
        raise jobs.Retry(str(silence)) from silence


def expire_approvals() -> int:
    """Close what nobody decided in time; returns how many. The worker looks regularly."""
    with reading() as session:
        late = select(Approval.id).where(
            Approval.status == ApprovalStatus.ASKED, Approval.expires_at <= business_now(session)
        )
        found = session.scalars(late.limit(_EXPIRE_AT_ONCE)).all()
    for approval_id in found:
        with transaction() as session:
            approval = _lock(session, approval_id)
            if _is_late(session, approval):
                _move(session, approval, ApprovalStatus.EXPIRED, f"{_noun(approval)}: nobody decided in time", WORKER)
                _tell(session, approval, "lapsed: nobody decided in time", "")
    return len(found)


def _job_key(approval_id: str) -> str:
    return f"approval:{approval_id}"


def _noun(approval: Approval) -> str:
    return f"{noun_of(approval.kind).capitalize()} of {approval.amount}"


def _lock(session: Session, approval_id: str) -> Approval:
    approval = session.get(Approval, approval_id, with_for_update=True, populate_existing=True)
    if approval is None:
        raise NotFound(f"There is no approval {approval_id}.")
    return approval


def _check_second_person(session: Session, approval: Approval, actor: Actor) -> None:
    """The role that counts is the one that stands now, not the one at sign-in; nobody decides on an own request."""
    operator = standing_operator(session, actor)
    if actor.kind != ActorKind.OPERATOR or operator is None or not operator.may(Permission.APPROVE):
        raise RuleBroken("forbidden", "Only an operator whose role may approve can decide this.", status=403)
    if operator.id in (approval.asked_by_id, approval.asked_by_person):
        raise RuleBroken(
            "own_request", "You asked for this yourself: it takes a second person, whatever your role.", status=403
        )


def _is_late(session: Session, approval: Approval) -> bool:
    return approval.state is ApprovalStatus.ASKED and approval.expires_at <= business_now(session)


def _check_waits(session: Session, approval: Approval) -> None:
    if approval.state is not ApprovalStatus.ASKED:
        by = f" by {approval.decided_by_name}" if approval.decided_by_name else ""
        raise RuleBroken("already_decided", f"This was {approval.state.value}{by} already.")
    if _is_late(session, approval):
        raise RuleBroken("approval_expired", f"This lapsed at {approval.expires_at:%d %b %Y, %H:%M} UTC. Ask again.")


def _take_decision(session: Session, approval: Approval, end: ApprovalStatus, reason: str, actor: Actor) -> None:
    if not reason.strip() or len(reason) > REASON_AT_MOST:
        raise InvalidInput("/reason", "required", f"Write why, in 1 to {REASON_AT_MOST} characters.")
    approval.decided_at, approval.decision_reason = business_now(session), reason.strip()
    approval.decided_by_name = actor.name[:200]
    if end is not ApprovalStatus.WITHDRAWN:  # which takes no second person
        approval.decided_by_id = actor.id
    _move(session, approval, end, f"{_noun(approval)} {end}: {reason.strip()}", actor)
    if end is not ApprovalStatus.WITHDRAWN:
        _tell(session, approval, f"was {end} by {actor.name}", reason.strip())


def _move(session: Session, approval: Approval, end: ApprovalStatus, summary: str, actor: Actor) -> None:
    before = approval.state
    assert APPROVAL.may_become(before, end), f"no line {before} to {end}"
    approval.status = end
    add(
        session,
        Kind.APPROVAL_DECIDED if before is ApprovalStatus.ASKED else Kind.APPROVAL_CARRIED_OUT,
        approval.id,
        summary,
        actor,
        order_id=approval.order_id,
        payment_id=approval.payment_id,
        from_status=before,
        to_status=end,
        data={"reason": approval.decision_reason} if approval.decision_reason else {},
    )


def _tell(session: Session, approval: Approval, what: str, detail: str) -> None:
    tell_operators(
        session,
        NoticeKind.APPROVAL_DECIDED,
        approval.id,
        f"{_noun(approval)}, asked for by {approval.asked_by_name}, {what}",
        detail=detail,
        order_id=approval.order_id,
        payment_id=approval.payment_id,
    )
