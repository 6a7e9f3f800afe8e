"""Tell the order service: `order.{status}` with the order whole, signed (Standard Webhooks), until it is taken."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import jobs
from app.clock import business_now, wall_now
from app.db import at_the_end, transaction
from app.notifications import messages
from app.notifications.connected import Connected, connected
from app.notifications.models import Channel, Message, MessageStatus, MessageTry, OrderServiceState
from app.notifications.operators import NoticeKind, tell_operators
from app.notifications.post import Outcome, post
from app.notifications.schedule import CALLBACK, pause_after
from app.notifications.signing import read_secrets, signed_headers

GONE = 410
_USER_AGENT = "Counterfoil/1"


def announce(session: Session, order_id: str, event: str) -> None:
    """Tell of an order's change when the transaction is about to end; nobody where no order service is set.

    Several changes in one transaction are told once, by the last of their names.
    """
    here = connected()
    url = None if here is None else here.settings.order_service_url
    if here is not None and url is not None:
        at_the_end(session, ("callback", order_id), lambda: _write(session, here, url, order_id, event))


def _write(session: Session, here: Connected, url: str, order_id: str, event: str) -> None:
    order = here.describe_order(session, order_id)
    told = {"type": event, "timestamp": business_now(session).isoformat().replace("+00:00", "Z"), "data": order}
    messages.write(
        session,
        Channel.CALLBACK,
        event,
        f"callback:{order_id}:{order['version']}:{event}",
        url,
        status=MessageStatus.HELD if is_disabled(session, url) else MessageStatus.WAITING,
        order_id=order_id,
        reference=order["reference"],
        customer_id=order["customer"]["id"],
        body=json.dumps(told, ensure_ascii=False, separators=(",", ":")),
    )


def is_disabled(session: Session, url: str) -> bool:
    """Whether the order service at this URL has said that it wants no more."""
    state = session.get(OrderServiceState, 1)
    return state is not None and state.url == url


@jobs.handler("send_callback", jobs.Lane.CALLBACKS)
def send_callback(payload: dict[str, Any]) -> None:
    """One try; jobs.Retry while it is to be tried again."""
    here = connected()
    with transaction() as session:
        message = messages.lock_message(session, payload["message"])
        if message is None or message.status != MessageStatus.WAITING or message.body is None:
            return
        url = None if here is None else here.settings.order_service_url
        if here is None or url is None:
            messages.give_up(session, message, "COUNTERFOIL_ORDER_SERVICE_URL is not set any more")
            return
        if is_disabled(session, url):
            message.status, message.next_try_at = MessageStatus.HELD, None
            return
    body = message.body.encode()
    headers, outcome, started_at = _send(here, url, message.id, body)
    retry = None
    with transaction() as session:
        message = session.get_one(Message, message.id, with_for_update=True)
        if message.status != MessageStatus.WAITING:  # erased meanwhile
            return
        attempt = MessageTry(
            started_at=started_at,
            duration_ms=outcome.duration_ms,
            status=outcome.status,
            error=outcome.error or (None if outcome.is_taken else f"answered {outcome.status}"),
            request={"url": url, "headers": headers},
            response=None if outcome.status is None else {"headers": dict(outcome.headers), "body": outcome.body},
        )
        messages.note_try(session, message, attempt)
        message.recipient, message.recipient_key = url, url.lower()[:254]
        retry = _follow(session, message, outcome, url)
    if retry is not None:
        raise retry


def _send(here: Connected, url: str, message_id: str, body: bytes) -> tuple[dict[str, str], Outcome, Any]:
    started_at = wall_now()
    secrets = read_secrets(here.settings)
    if secrets is None:
        return {}, Outcome(error="there is no secret to sign with: run `counterfoil up` once"), started_at
    headers = {
        "Content-Type": "application/json",
        "User-Agent": _USER_AGENT,
        **signed_headers(secrets.signing, message_id, started_at, body),
    }
    return headers, post(url, body, headers, allow_private=here.settings.order_service_private), started_at


def _follow(session: Session, message: Message, outcome: Outcome, url: str) -> jobs.Retry | None:
    if outcome.is_taken:
        messages.end(message, MessageStatus.SENT)
        return None
    if outcome.status == GONE:
        message.status, message.next_try_at = MessageStatus.HELD, None
        _disable(session, url)
        return None
    pause = pause_after(message.tries, CALLBACK, outcome.retry_after)
    if pause is None:
        messages.give_up(session, message, f"given up after {message.tries} tries: {message.last_error}")
        return None
    return messages.try_again(message, pause)


def _disable(session: Session, url: str) -> None:
    state = session.get(OrderServiceState, 1)
    if state is None:
        state = OrderServiceState(id=1)
        session.add(state)
    state.url, state.disabled_at = url, wall_now()
    tell_operators(
        session,
        NoticeKind.DELIVERY_FAILED,
        "order_service",
        "The order service wants no more callbacks: it answered 410 Gone",
        detail=f"What happens to orders is kept until callbacks to {url} are enabled again.",
        occasion=state.disabled_at.isoformat(),
    )


def enable(session: Session) -> int:
    """Send again what was held; how many that were."""
    state = session.get(OrderServiceState, 1)
    if state is not None:
        session.delete(state)
        session.flush()
    held = session.scalars(select(Message).where(Message.status == MessageStatus.HELD).with_for_update()).all()
    for message in held:
        messages.again(session, message)
    return len(held)


def resend_failed(session: Session, channel: Channel) -> int:
    """Make everything due that was given up; how many that were."""
    wanted = select(Message).where(Message.status == MessageStatus.FAILED, Message.channel == channel)
    failed = [one for one in session.scalars(wanted.with_for_update()).all() if one.may_be_resent]
    for message in failed:
        messages.again(session, message)
    return len(failed)
