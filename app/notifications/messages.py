"""What callbacks and e-mails share: written once, due as jobs, each try kept, given up and sent again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import jobs
from app.clock import business_now, wall_now
from app.db import insert_if_absent
from app.errors import NotFound, RuleBroken
from app.ids import new_id
from app.notifications.models import Channel, Message, MessageStatus, MessageTry
from app.notifications.operators import NoticeKind, tell_operators

SEND_JOB = {Channel.CALLBACK: "send_callback", Channel.MAIL: "send_mail"}


def write(
    session: Session,
    channel: Channel,
    kind: str,
    occasion: str,
    recipient: str,
    *,
    status: MessageStatus = MessageStatus.WAITING,
    order_id: str | None = None,
    reference: str | None = None,
    customer_id: str | None = None,
    language: str | None = None,
    facts: dict[str, Any] | None = None,
    body: str | None = None,
) -> str | None:
    """Write a message in the caller's transaction, due at once; None where that occasion was told before."""
    message_id = new_id("msg")
    now = wall_now()
    waits = status is MessageStatus.WAITING
    values = {
        "id": message_id,
        "channel": channel,
        "kind": kind,
        "occasion": occasion[:160],
        "status": status,
        "order_id": order_id,
        "reference": reference,
        "customer_id": customer_id,
        "recipient": recipient,
        "recipient_key": recipient.lower()[:254],
        "language": language,
        "facts": facts or {},
        "body": body,
        "tries": 0,
        "created_at": business_now(session),
        "recorded_at": now,
        "next_try_at": now if waits else None,
        "ended_at": now if status is MessageStatus.KEPT else None,
    }
    if not insert_if_absent(session, Message.__table__, values):
        return None
    if waits:
        _make_due(session, message_id, channel)
    return message_id


def _make_due(session: Session, message_id: str, channel: Channel, at: datetime | None = None) -> None:
    jobs.enqueue(session, SEND_JOB[channel], f"message:{message_id}", {"message": message_id}, run_at=at)


def lock_message(session: Session, message_id: str) -> Message | None:
    """The message, nobody else's until the transaction ends."""
    return session.scalars(select(Message).where(Message.id == message_id).with_for_update()).one_or_none()


def note_try(session: Session, message: Message, attempt: MessageTry) -> None:
    """Keep a try, in the caller's transaction."""
    attempt.message_id = message.id
    session.add(attempt)
    message.tries += 1
    message.last_error = attempt.error


def end(message: Message, status: MessageStatus, error: str | None = None) -> None:
    """Nothing more is tried."""
    message.status = status
    message.next_try_at = None
    message.ended_at = wall_now()
    message.last_error = error and error[:500]


def try_again(message: Message, pause: timedelta) -> jobs.Retry:
    """It stays due; what the job's handler raises once the transaction is over."""
    message.status = MessageStatus.WAITING
    message.next_try_at = wall_now() + pause
    return jobs.Retry(message.last_error or "not taken", after=pause)


def give_up(session: Session, message: Message, error: str) -> None:
    """It failed for good: the operators are told."""
    end(message, MessageStatus.FAILED, error)
    what = "callback" if message.channel == Channel.CALLBACK else "e-mail"
    about = f" about order {message.reference}" if message.reference else ""
    tell_operators(
        session,
        NoticeKind.DELIVERY_FAILED,
        message.id,
        f"The {what} {message.kind.replace('_', ' ')}{about} could not be delivered",
        detail=error,
        occasion=str(message.tries),
        order_id=message.order_id,
    )


def resend(session: Session, message_id: str) -> Message:
    """Make it due now, whatever became of it; the receiver knows it again by its id. NotFound, RuleBroken."""
    message = lock_message(session, message_id)
    if message is None:
        raise NotFound(f"There is no message {message_id}.")
    if not message.may_be_resent:
        raise RuleBroken(
            "invalid_transition",
            f"The message is {message.status}: it is not sent again.",
            current_status=message.status,
            allowed_actions=[],
        )
    again(session, message)
    return message


def again(session: Session, message: Message) -> None:
    """Due now, and its pauses begin anew."""
    message.status = MessageStatus.WAITING
    message.tries = 0
    message.ended_at = None
    message.last_error = None
    message.next_try_at = wall_now()
    _make_due(session, message.id, Channel(message.channel))
    jobs.postpone(session, message.job_key, wall_now())  # where a later try was due already


def tries_of(session: Session, message_id: str) -> Sequence[MessageTry]:
    """Each try, the newest first."""
    return session.scalars(
        select(MessageTry).where(MessageTry.message_id == message_id).order_by(MessageTry.id.desc())
    ).all()
