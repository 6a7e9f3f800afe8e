"""What is done about a dispute: its evidence submitted once, or the dispute accepted. Write, ask, record."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app import jobs
from app.clock import wall_now
from app.crash import crash_point
from app.db import reading, transaction
from app.disputes.attempts import RESOLVE_JOB, DisputeAttempt
from app.disputes.models import WHOLE, Dispute, lock_dispute
from app.disputes.reasons import FIELDS
from app.disputes.record import ASK_AGAIN_AFTER, record_gateway_dispute, record_refusal, record_silence
from app.disputes.states import DisputeStatus, Response
from app.errors import GatewayRefused, GatewayUnavailable, NotFound, RuleBroken
from app.gateway import GatewayDispute, GatewayPayment, gateway
from app.gateway.calls import collecting
from app.ids import new_id, new_key
from app.payments.record import record_gateway_payment
from app.timeline import Actor, Kind, add

_OF_FILES = ("field", "name", "content_type", "size", "sha256")
_SELDOM = timedelta(minutes=1)


def submit_evidence(dispute_id: str, actor: Actor, *, request_key: str | None = None) -> Dispute:
    """Send the evidence as it is saved; it goes once and is final. Raises NotFound, RuleBroken."""
    return _respond(dispute_id, Response.SUBMIT, actor, request_key)


def accept_dispute(dispute_id: str, actor: Actor, *, request_key: str | None = None) -> Dispute:
    """Give in: the money stays with the cardholder. Raises NotFound, RuleBroken."""
    return _respond(dispute_id, Response.ACCEPT, actor, request_key)


def _respond(dispute_id: str, response: Response, actor: Actor, request_key: str | None) -> Dispute:
    standing = _attempt_of_request(request_key)
    if standing is not None:
        return _carry_out_again(standing)
    with transaction() as session:
        dispute = lock_dispute(session, dispute_id)
        if dispute is None:
            raise NotFound(f"There is no dispute {dispute_id}.")
        rival = dispute.attempt_of(request_key)  # the same request, a moment earlier
        if rival is None:
            dispute.check_idle()
            dispute.check_allows(response)
            attempt = _open(session, dispute, response, actor, request_key)
    return carry_out(attempt) if rival is None else _carry_out_again(rival)


def _attempt_of_request(request_key: str | None) -> DisputeAttempt | None:
    if request_key is None:
        return None
    with reading() as session:
        wanted = select(DisputeAttempt).where(DisputeAttempt.request_key == request_key)
        whole = selectinload(DisputeAttempt.dispute).options(*WHOLE)
        return session.scalars(wanted.options(whole)).one_or_none()


def _open(
    session: Session, dispute: Dispute, response: Response, actor: Actor, request_key: str | None
) -> DisputeAttempt:
    now = wall_now()
    attempt = DisputeAttempt(
        id=new_id("att"),
        dispute_id=dispute.id,
        operation=response,
        idempotency_key=new_key(),
        request=_evidence_of(dispute) if response is Response.SUBMIT else {},
        request_key=request_key,
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_name=actor.name,
        opened_at=now,
    )
    dispute.attempts.append(attempt)
    session.flush()
    # Three calls at the most and a little: who has not come back by then has died.
    overdue = now + timedelta(seconds=3 * gateway().timeout_seconds + 1)
    jobs.enqueue(session, RESOLVE_JOB, attempt.job_key, {"attempt": attempt.id}, overdue)
    add(
        session,
        Kind.ATTEMPT_OPENED,
        attempt.id,
        f"{response.noun.capitalize()} asked for",
        actor,
        order_id=dispute.order_id,
        payment_id=dispute.payment_id,
        cause=request_key,
        data={"operation": response, "idempotency_key": attempt.idempotency_key},
    )
    return attempt


def _evidence_of(dispute: Dispute) -> dict[str, Any]:
    """What the gateway is to have before the submission: our texts and no others, and what files there are."""
    files = [{name: getattr(file, name) for name in _OF_FILES} for file in dispute.files]
    if not dispute.evidence and not dispute.sent and not files:
        return {}
    return {"fields": dict.fromkeys(FIELDS) | dispute.evidence, "files": files}


def _ask_gateway(attempt: DisputeAttempt, dispute: Dispute) -> tuple[GatewayDispute, GatewayPayment]:
    """The dispute after the response, and its payment, whose counters the dispute's answer does not carry."""
    client, key = gateway(), attempt.idempotency_key
    if attempt.operation == Response.ACCEPT:
        told = client.accept_dispute(dispute.id, key)
    else:
        if attempt.request:
            client.add_evidence(dispute.id, attempt.request, f"{key}-evidence")
        told = client.submit_dispute(dispute.id, key)
    return told, client.get_payment(told.payment)


def _refused(dispute: Dispute, status: int, code: str, detail: str) -> RuleBroken:
    return RuleBroken(
        code,
        detail,
        status=status if status in (409, 422) else 502,
        current_status=dispute.status,
        allowed_actions=dispute.allowed_actions(),
    )


def _carry_out_again(attempt: DisputeAttempt) -> Dispute:
    """What somebody gets who asks for the same act a second time: what came of the first, or is still to come."""
    if attempt.is_open:
        return carry_out(attempt)
    if attempt.refusal is not None:
        raise _refused(attempt.dispute, **attempt.refusal)
    return attempt.dispute


def carry_out(attempt: DisputeAttempt) -> Dispute:
    """Ask and record. Silence is no error here: the dispute comes back with its attempt open.

    Raises RuleBroken with the gateway's own code where it refused; what the dispute then is was asked for first.
    """
    with collecting() as calls:
        try:
            crash_point(f"dispute_{attempt.operation}.before_call")
            told, payment = _ask_gateway(attempt, attempt.dispute)
            crash_point(f"dispute_{attempt.operation}.after_answer")
        except GatewayUnavailable as silence:
            return record_silence(attempt, str(silence), calls)
        except GatewayRefused as refusal:
            try:
                told, payment = _as_it_is(attempt.dispute)
            except (GatewayUnavailable, GatewayRefused) as silence:
                return record_silence(attempt, f"{refusal}; then {silence}", calls)
            if not _was_done(attempt, told):
                record_refusal(attempt, refusal, calls)
                record_gateway_payment(payment)
                raise _refused(record_gateway_dispute(told), refusal.status, refusal.code, refusal.detail) from refusal
    record_gateway_payment(payment, actor=attempt.actor, cause=attempt.id)
    return record_gateway_dispute(told, attempt=attempt, calls=calls)


def _as_it_is(dispute: Dispute) -> tuple[GatewayDispute, GatewayPayment]:
    """A refusal most often tells of news that has not come in: a deadline that passed, a claim withdrawn."""
    return gateway().get_dispute(dispute.id), gateway().get_payment(dispute.payment.gateway_id or "")


def _was_done(attempt: DisputeAttempt, told: GatewayDispute) -> bool:
    """Whether the refusal only says that it was done already: the gateway forgets its keys after a day."""
    if attempt.operation == Response.ACCEPT:
        return told.status == DisputeStatus.ACCEPTED
    return attempt.unanswered_at is not None and told.submitted_at is not None


@jobs.handler(RESOLVE_JOB)
def resolve_attempt(payload: dict[str, Any]) -> None:
    """Ask again, with the same keys, what has no answer."""
    with reading() as session:
        wanted = selectinload(DisputeAttempt.dispute).options(*WHOLE)
        attempt = session.get(DisputeAttempt, payload["attempt"], options=[wanted])
    if attempt is None or not attempt.is_open:
        return
    try:
        dispute = carry_out(attempt)
    except RuleBroken:
        return  # refused: that is an answer, and it is recorded
    standing = next(one for one in dispute.attempts if one.id == attempt.id)
    if standing.is_open:
        age = wall_now() - standing.opened_at
        raise jobs.Retry(standing.last_error or "no answer", min(_SELDOM, max(ASK_AGAIN_AFTER, age / 10)))
